//! Starting a program: the request, the two ways to clone, and what went wrong if it did not
//! start. What the child does between clone and exec is in `vfork`.
//!
//! # Safety
//! Unsafe only to clone, to adopt the pidfd number that this returned, and to read the auxiliary vector.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

pub use super::cstrings::CStringArray;
pub use super::extras::{Enrolment, Extras, Group};
pub use super::flight::Flight;
use super::launcher::Launch;
use super::prepared::Prepared;
use super::settings::settings;
use super::signal::Blocked;
use super::stack::Stack;
pub use super::step::Step;
use super::syscall::LEAVES_ERRNO_ALONE;
use super::vfork::{self, Child, Cloned, Report, Way};
use super::{busy, exit, flight, known};

/// A program to start. Every option is applied in the child, in Node's order: session, stdio,
/// directory, groups, gid, uid, exec.
pub struct Request<'a> {
    /// Path, or bare name to look up in the PATH of `env`.
    pub file: &'a [u8],
    pub argv: &'a Rc<CStringArray>,
    pub env: &'a Rc<CStringArray>,
    pub cwd: Option<CString>,
    /// setsid: a new session and process group.
    pub detached: bool,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// What becomes descriptor 0, 1, 2, ... of the child; `None`, or no entry, is /dev/null below
    /// 3, and from 3 up nothing.
    pub stdio: &'a [Option<BorrowedFd<'a>>],
    /// What Node cannot ask for; `None` costs nothing.
    pub extras: Option<&'a Extras<'a>>,
}

/// A started child, not yet watched or reaped.
pub struct Spawned {
    pub pid: i32,
    pub pidfd: Option<OwnedFd>,
    /// Bytes: the peak of the memory that the child ran in before its exec, which counts as its own.
    pub peak_before: u64,
    /// Whether the launcher started it.
    pub launched: bool,
    /// Where this was not waited for: how its exec goes.
    pub flight: Option<Rc<Flight>>,
}

/// Why nothing was started: the step and its errno. Nothing is left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: Step,
    pub errno: i32,
}

impl Failure {
    pub(super) fn at_clone(error: &io::Error) -> Failure {
        Failure { step: Step::Clone, errno: error.raw_os_error().unwrap_or(libc::EIO) }
    }

    /// What a child reported; `None` if it had nothing to.
    pub(super) fn reported(report: Report) -> Option<Failure> {
        let Report { step, errno } = report;
        (errno != 0).then(|| Failure { step: Step::from_report(step), errno })
    }
}

/// Starts the program. Returns when it has been exec'ed, or is known to have failed.
pub fn spawn(request: &Request<'_>) -> Result<Spawned, Failure> {
    busy::retry(
        || spawn_by(request, sharing().is_shared),
        |started| matches!(started, Err(Failure { step: Step::Exec, errno: libc::ETXTBSY })),
    )
}

/// The same, but for a program that is known to start: then this returns at once, and `flight` tells how it
/// goes on.
pub fn spawn_ahead(request: &Request<'_>) -> Result<Spawned, Failure> {
    if request.extras.is_some() || !sharing().is_cleared || !settings().goes_ahead {
        return spawn(request);
    }
    let prepared = Prepared::new(request)?;
    let Some(program) = known::sight(&prepared.candidates) else { return spawn(request) };
    if !program.is_known() {
        let spawned = spawn(request)?;
        program.remember();
        return Ok(spawned);
    }
    if prepared.cannot_fail() && flight::has_room() {
        flight::take_off(prepared)
    } else {
        spawn(request)
    }
}

fn spawn_by(request: &Request<'_>, share_memory: bool) -> Result<Spawned, Failure> {
    let mut prepared = Prepared::new(request)?;
    let child = &mut prepared.child;
    child.extras = request.extras.map_or(ptr::null(), |extras| ptr::from_ref(extras).cast());
    if !request.extras.is_some_and(|extras| extras.launched) {
        return start(child, share_memory);
    }
    let launch = Launch::new(&prepared.candidates, request.argv, child.descriptor_count)?;
    let launcher = launch.launcher();
    child.launcher = &raw const launcher;
    launch.conclude(&start(child, share_memory)?)
}

fn start(child: &mut Child, share_memory: bool) -> Result<Spawned, Failure> {
    if share_memory {
        match start_sharing(child, &AtomicU32::new(1)) {
            // A sandbox that refuses these clone flags, or a kernel without them: copy instead.
            // Not so if a child has run: then it is its launcher that was refused.
            Err(Failure {
                step: Step::Clone,
                errno: libc::EINVAL | libc::ENOSYS | libc::EPERM,
            }) if child.report.errno == 0 => {}
            other => return other,
        }
    }
    start_copying(child)
}

/// clone with CLONE_VM and CLONE_VFORK: the cost does not grow with this process's memory.
fn start_sharing(child: &mut Child, word: &AtomicU32) -> Result<Spawned, Failure> {
    let changes_ids = child.uid >= 0 || child.gid >= 0;
    // A child that changes its ids takes that flag from the memory that we all share, until its exec. Two at
    // a time would each restore what the other one had made of it.
    static CHANGING_IDS: Mutex<()> = Mutex::new(());
    let _alone = changes_ids.then(|| CHANGING_IDS.lock().unwrap_or_else(PoisonError::into_inner));
    let dumpable = if changes_ids { vfork::dumpable() } else { -1 };
    let cloned = clone(child, Way::Waiting(word))?;
    if changes_ids {
        vfork::restore_dumpable(dumpable);
    }
    conclude(&cloned, child.report, child.peak_before)
}

fn clone(child: &mut Child, way: Way<'_>) -> Result<vfork::Cloned, Failure> {
    let stack = Stack::take().map_err(|error| Failure::at_clone(&error))?;
    let _blocked = Blocked::all();
    // SAFETY: nobody else has any of it, and the child is out of our memory when this returns.
    unsafe { vfork::clone_child(child, &stack, way) }.map_err(|error| Failure::at_clone(&error))
}

/// clone without sharing: this process's page tables are copied, and the report comes by a pipe.
fn start_copying(child: &mut Child) -> Result<Spawned, Failure> {
    let (reader, writer) = super::fd::pipe().map_err(|error| Failure::at_clone(&error))?;
    // Above every target, or placing stdio would overwrite it.
    let lifted = rustix::io::fcntl_dupfd_cloexec(&writer, child.descriptor_count.max(3))
        .map_err(|error| Failure::at_clone(&error.into()))?;
    // The only writer left must be the child, or its exec would not end the pipe.
    drop(writer);
    child.report_pipe = lifted.as_raw_fd();
    let cloned = clone(child, Way::Copying)?;
    drop(lifted);
    let mut bytes = [0_u8; size_of::<Report>()];
    // Less than a whole report is EOF: the exec closed the pipe, or the child was killed.
    let report = match super::fd::read(&reader, &mut bytes) {
        Ok(count) if count == bytes.len() => Report {
            step: i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            errno: i32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        },
        _ => Report::default(),
    };
    // The copy begins with what is resident now, which is no more than our peak.
    conclude(&cloned, report, super::proc::own_peak().unwrap_or(u64::MAX))
}

/// A child that reported a failure is exiting: it is reaped here, so that no zombie is left.
fn conclude(cloned: &Cloned, report: Report, peak_before: u64) -> Result<Spawned, Failure> {
    let pidfd = pidfd_of(cloned);
    let Some(failure) = Failure::reported(report) else {
        busy::note_start();
        return Ok(Spawned { pid: cloned.pid, pidfd, peak_before, launched: false, flight: None });
    };
    exit::reap_ended(cloned.pid);
    Err(failure)
}

/// The pidfd that clone made. To be asked once.
pub(super) fn pidfd_of(cloned: &Cloned) -> Option<OwnedFd> {
    // SAFETY: clone stored a new descriptor there, which nobody else knows.
    let pidfd = (cloned.pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(cloned.pidfd) });
    pidfd.filter(|_| settings().uses_pidfds)
}

/// What clone(CLONE_VM) does here.
#[derive(Clone, Copy)]
struct Sharing {
    /// Whether memory really is shared.
    is_shared: bool,
    /// Whether the kernel tells when a child has left it.
    is_cleared: bool,
}

/// qemu-user and valgrind succeed without sharing, and then a report through memory would be lost: the
/// first spawn sends a probe child that does nothing but report. `SPROG_SPAWN=fork` in the environment
/// chooses the copying way.
///
/// Only a definite answer is remembered. A probe that could not be started for want of
/// descriptors or processes says nothing: the spawn that asked will meet the same want.
fn sharing() -> Sharing {
    static SHARING: OnceLock<Sharing> = OnceLock::new();
    if let Some(sharing) = SHARING.get() {
        return *sharing;
    }
    let copies = Sharing { is_shared: false, is_cleared: false };
    let answer = if settings().copies_memory { Some(copies) } else { probe_sharing() };
    match answer {
        Some(sharing) => *SHARING.get_or_init(|| sharing),
        None => Sharing { is_shared: true, is_cleared: false },
    }
}

/// Whether a child runs in our memory until its exec.
pub fn memory_is_shared() -> bool {
    sharing().is_shared
}

fn probe_sharing() -> Option<Sharing> {
    let nothing = Rc::new(CStringArray::from_terminated(Vec::new()));
    let request = Request {
        file: b"/",
        argv: &nothing,
        env: &nothing,
        cwd: None,
        detached: false,
        uid: None,
        gid: None,
        stdio: &[],
        extras: None,
    };
    let mut probe = Prepared::new(&request).ok()?;
    // It needs nothing that there might be too little of.
    probe.child.descriptor_count = 0;
    let word = AtomicU32::new(1);
    let is_cleared = || LEAVES_ERRNO_ALONE && word.load(Ordering::Acquire) == 0;
    match start_sharing(&mut probe.child, &word) {
        // The report of a probe that shares our memory is that nobody executes a directory.
        Err(Failure { step: Step::Exec, .. }) => {
            Some(Sharing { is_shared: true, is_cleared: is_cleared() })
        }
        Err(Failure { errno: libc::EINVAL | libc::ENOSYS | libc::EPERM, .. }) => {
            Some(Sharing { is_shared: false, is_cleared: false })
        }
        Err(_) => None,
        // It ended without a word in our memory.
        Ok(unshared) => {
            exit::kill_and_reap(unshared.pid);
            Some(Sharing { is_shared: false, is_cleared: false })
        }
    }
}

/// Whether this process was started with more rights than its user has (set-id, file
/// capabilities): its libc and Node then ignore parts of the environment, NODE_OPTIONS too, and so
/// will a child of the same executable.
pub fn ignores_environment() -> bool {
    // SAFETY: reads a value that the kernel left at start-up.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::exit::{ExitStatus, ExitWatch};
    use std::os::fd::AsFd;

    fn list(entries: &[&str]) -> Rc<CStringArray> {
        let mut block = Vec::new();
        for entry in entries {
            block.extend_from_slice(entry.as_bytes());
            block.push(0);
        }
        Rc::new(CStringArray::from_terminated(block))
    }

    fn wait(spawned: Spawned) -> ExitStatus {
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd).unwrap();
        loop {
            let mut polled =
                [rustix::event::PollFd::from_borrowed_fd(watch.fd(), rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut polled, None).unwrap();
            if let Some(status) = watch.reap().unwrap() {
                return status;
            }
        }
    }

    fn request<'a>(
        file: &'a str,
        argv: &'a Rc<CStringArray>,
        env: &'a Rc<CStringArray>,
        stdio: &'a [Option<BorrowedFd<'a>>],
    ) -> Request<'a> {
        let file = file.as_bytes();
        Request {
            file,
            argv,
            env,
            cwd: None,
            detached: false,
            uid: None,
            gid: None,
            stdio,
            extras: None,
        }
    }

    #[test]
    fn a_program_runs_with_its_output_in_our_pipe() {
        let (reader, writer) = crate::sys::fd::pipe().unwrap();
        let argv = list(&["sh", "-c", "echo $0 $X; exit 3", "name"]);
        let env = list(&["X=value", "PATH=/bin:/usr/bin"]);
        let stdio = [None, Some(writer.as_fd()), None];
        let spawned = spawn(&request("sh", &argv, &env, &stdio)).ok().unwrap();
        assert_eq!(wait(spawned), ExitStatus::Code(3));
        let mut buffer = [0; 64];
        let count = crate::sys::fd::read(&reader, &mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"name value\n");
    }

    #[test]
    fn both_ways_report_the_failing_step_and_leave_no_child() {
        let argv = list(&["x"]);
        let env = list(&["PATH=/nonexistent"]);
        for share_memory in [memory_is_shared(), false] {
            let missing = request("x", &argv, &env, &[]);
            let expected = Failure { step: Step::Exec, errno: libc::ENOENT };
            assert_eq!(spawn_by(&missing, share_memory).err(), Some(expected));
            let bad_cwd = Request {
                cwd: Some(c"/nonexistent".into()),
                ..request("/bin/true", &argv, &env, &[])
            };
            let expected = Failure { step: Step::Chdir, errno: libc::ENOENT };
            assert_eq!(spawn_by(&bad_cwd, share_memory).err(), Some(expected));
        }
    }

    #[test]
    fn swapped_descriptors_do_not_overwrite_each_other() {
        let (one_reader, one) = crate::sys::fd::pipe().unwrap();
        let (two_reader, two) = crate::sys::fd::pipe().unwrap();
        let argv = list(&["sh", "-c", "echo out; echo err >&2"]);
        let env = list(&["PATH=/bin:/usr/bin"]);
        let stdio = [None, Some(two.as_fd()), Some(one.as_fd())];
        for share_memory in [memory_is_shared(), false] {
            let request = request("sh", &argv, &env, &stdio);
            let spawned = spawn_by(&request, share_memory).ok().unwrap();
            assert_eq!(wait(spawned), ExitStatus::Code(0));
            let mut buffer = [0; 8];
            assert_eq!(crate::sys::fd::read(&two_reader, &mut buffer).unwrap(), 4);
            assert_eq!(&buffer[..4], b"out\n");
            assert_eq!(crate::sys::fd::read(&one_reader, &mut buffer).unwrap(), 4);
            assert_eq!(&buffer[..4], b"err\n");
        }
    }

    #[test]
    fn a_killed_child_reports_its_signal() {
        let argv = list(&["sleep", "60"]);
        let env = list(&["PATH=/bin:/usr/bin"]);
        let spawned = spawn(&request("sleep", &argv, &env, &[])).ok().unwrap();
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd).unwrap();
        assert_eq!(watch.reap().unwrap(), None);
        watch.kill(libc::SIGKILL).unwrap();
        let mut polled =
            [rustix::event::PollFd::from_borrowed_fd(watch.fd(), rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut polled, None).unwrap();
        assert_eq!(watch.reap().unwrap(), Some(ExitStatus::Signal(libc::SIGKILL)));
    }
}
