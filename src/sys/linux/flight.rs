//! Starts that are under way while this process goes on: for the exec of a program that is known to start
//! nobody has to wait. The child is in our memory until then, so what it needs there is kept.
//!
//! # Safety
//! The child writes into what is kept, and runs on a stack in it, until it has left our memory. Then the kernel
//! clears `aloft` (CLONE_CHILD_CLEARTID, clone(2)), and not before. Until that is seen, or the child has ended,
//! nothing of it is read, freed or used again.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ffi::c_long;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::busy;
use super::prepared::Prepared;
use super::settling::has_ended;
use super::signal::Blocked;
use super::spawn::{Failure, Spawned, pidfd_of};
use super::stack::Stack;
use super::syscall::syscall;
use super::vfork::{self, Way};

/// More than so many at a time are not let go: then there is more to start than processors to start it.
const MAX_ALOFT: usize = 16;
/// How long to wait before it is asked whether the child has ended: old kernels leave `aloft` as it is where
/// the child dumps core.
static PATIENCE: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 10_000_000 };

thread_local! {
    static ALOFT: RefCell<Vec<Rc<Flight>>> = const { RefCell::new(Vec::new()) };
}

/// One such start.
pub struct Flight {
    pid: i32,
    cargo: RefCell<Option<Box<Cargo>>>,
    landing: Cell<Landing>,
}

/// How it came out.
#[derive(Clone, Copy)]
pub struct Landing {
    /// Why the program does not run, against all odds. Then the child ends.
    pub failure: Option<Failure>,
    /// As [`Spawned::peak_before`].
    pub peak_before: u64,
}

struct Cargo {
    aloft: AtomicU32,
    prepared: UnsafeCell<Prepared>,
    stack: Stack,
}

/// Whether one more may be let go.
pub(super) fn has_room() -> bool {
    ALOFT.with_borrow_mut(|flights| {
        flights.retain(|flight| flight.look().is_none());
        flights.len() < MAX_ALOFT
    })
}

/// Waits for all that this thread has let go.
pub(super) fn land_all() {
    for flight in ALOFT.take() {
        flight.land();
    }
}

/// Starts it, and does not wait.
pub(super) fn take_off(prepared: Prepared) -> Result<Spawned, Failure> {
    let stack = Stack::take().map_err(|error| Failure::at_clone(&error))?;
    let aloft = AtomicU32::new(1);
    let cargo = Box::new(Cargo { aloft, prepared: UnsafeCell::new(prepared), stack });
    // SAFETY: the place alone, of what is in the cargo.
    let child = unsafe { &raw mut (*cargo.prepared.get()).child };
    let way = Way::Ahead(&cargo.aloft);
    let cloned = {
        let _blocked = Blocked::all();
        // SAFETY: the cargo is kept until the child has left it: see `Flight`.
        unsafe { vfork::clone_child(child, &cargo.stack, way) }
    };
    let cloned = cloned.map_err(|error| Failure::at_clone(&error))?;
    busy::note_start();
    let flight = Rc::new(Flight {
        pid: cloned.pid,
        cargo: RefCell::new(Some(cargo)),
        landing: Cell::new(Landing { failure: None, peak_before: u64::MAX }),
    });
    ALOFT.with_borrow_mut(|flights| flights.push(Rc::clone(&flight)));
    Ok(Spawned {
        pid: cloned.pid,
        pidfd: pidfd_of(&cloned),
        peak_before: u64::MAX,
        launched: false,
        flight: Some(flight),
    })
}

impl Flight {
    /// How it came out, if the child is not in our memory any more.
    fn look(&self) -> Option<Landing> {
        let is_aloft = |cargo: &Cargo| cargo.aloft.load(Ordering::Acquire) != 0;
        if self.cargo.borrow().as_ref().is_some_and(|cargo| is_aloft(cargo)) {
            return None;
        }
        Some(self.unload())
    }

    /// Waits until the program takes over, or is known not to.
    pub fn land(&self) -> Landing {
        loop {
            if let Some(landing) = self.look() {
                return landing;
            }
            if let Some(cargo) = &*self.cargo.borrow() {
                wait_while_aloft(&cargo.aloft);
            }
            if self.look().is_none() && has_ended(self.pid) {
                return self.unload();
            }
        }
    }

    /// To be asked when the child has ended.
    pub fn ended(&self) -> Landing {
        self.unload()
    }

    /// The child has left our memory.
    fn unload(&self) -> Landing {
        if let Some(cargo) = self.cargo.take() {
            let child = cargo.prepared.into_inner().child;
            self.landing.set(Landing {
                failure: Failure::reported(child.report),
                peak_before: child.peak_before,
            });
        }
        self.landing.get()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        // Only where a thread ends this moment. What its child still uses is nobody's then.
        if self.look().is_none() {
            std::mem::forget(self.cargo.take());
        }
    }
}

fn wait_while_aloft(aloft: &AtomicU32) {
    // The kernel wakes as for a futex that other processes know of.
    let (at, time) = (ptr::from_ref(aloft) as c_long, &raw const PATIENCE as c_long);
    let _ = syscall(libc::SYS_futex, [at, libc::FUTEX_WAIT.into(), 1, time]);
}

#[cfg(test)]
mod tests {
    use super::super::cstrings::CStringArray;
    use super::super::exit;
    use super::super::spawn::{Request, Step, spawn_ahead};
    use super::*;
    use std::os::fd::AsFd;

    fn list(block: &[u8]) -> Rc<CStringArray> {
        Rc::new(CStringArray::from_terminated(block.to_vec()))
    }

    fn request<'a>(file: &'a str, strings: &'a [Rc<CStringArray>; 2]) -> Request<'a> {
        Request {
            file: file.as_bytes(),
            argv: &strings[0],
            env: &strings[1],
            cwd: None,
            detached: false,
            uid: None,
            gid: None,
            stdio: &[],
            extras: None,
        }
    }

    /// Starts it twice, and tells whether the second start was not waited for.
    fn goes_ahead(request: &Request<'_>) -> bool {
        let is_ahead = || {
            let spawned = spawn_ahead(request).ok().unwrap();
            let landing = spawned.flight.map(|flight| flight.land());
            exit::reap_ended(spawned.pid);
            let is_sound = |landing: &Landing| {
                let is_told = landing.peak_before > 1 << 20 && landing.peak_before < u64::MAX;
                landing.failure.is_none() && is_told
            };
            assert!(landing.as_ref().is_none_or(is_sound));
            landing.is_some()
        };
        is_ahead();
        is_ahead()
    }

    #[test]
    fn a_program_that_was_started_before_is_not_waited_for() {
        let strings = [list(b"name\0"), list(b"PATH=/nonexistent:/bin:/usr/bin\0")];
        assert!(goes_ahead(&request("/bin/true", &strings)));
        let plain = request("true", &strings);
        assert!(goes_ahead(&plain));
        assert!(goes_ahead(&Request { cwd: Some(c"/".into()), detached: true, ..plain }));
    }

    #[test]
    fn one_that_might_fail_is() {
        let large = [&[b'x'; 100_000][..], b"\0"].concat();
        let strings = [list(b"name\0"), list(b"PATH=bin:/bin\0")];
        let plain = || request("/bin/true", &strings);
        let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        // 2 has to make way for what comes before it.
        let stderr = std::io::stderr();
        let stdio = [None, None, None, Some(stderr.as_fd())];
        assert!(!goes_ahead(&Request { uid: Some(uid), ..plain() }));
        assert!(!goes_ahead(&Request { gid: Some(gid), ..plain() }));
        assert!(!goes_ahead(&Request { argv: &list(&large), ..plain() }));
        assert!(!goes_ahead(&Request { stdio: &stdio, ..plain() }));
        // Where that leads depends on the directory.
        assert!(!goes_ahead(&Request { file: b"true", cwd: Some(c"/".into()), ..plain() }));
    }

    #[test]
    fn what_fails_is_told_and_what_lies_in_wait_is_let_go() {
        let strings = [list(b"name\0"), list(b"A=1\0")];
        let missing = request("/nonexistent", &strings);
        for _ in 0..2 * MAX_ALOFT {
            assert!(has_room() || !ALOFT.with_borrow(Vec::is_empty));
            let spawned = take_off(Prepared::new(&missing).ok().unwrap()).ok().unwrap();
            let failure = spawned.flight.unwrap().land().failure;
            assert_eq!(failure, Some(Failure { step: Step::Exec, errno: libc::ENOENT }));
            exit::reap_ended(spawned.pid);
        }
        land_all();
        assert!(has_room());
    }

    #[test]
    fn a_child_that_was_killed_on_its_way_has_landed() {
        let strings = [list(b"name\0"), list(b"A=1\0")];
        let missing = request("/bin/true", &strings);
        for _ in 0..20 {
            let spawned = take_off(Prepared::new(&missing).ok().unwrap()).ok().unwrap();
            exit::kill_and_reap(spawned.pid);
            assert!(spawned.flight.unwrap().land().failure.is_none());
        }
    }
}
