//! What a child does before exec that Node cannot ask for: its enrolment with the guard, control
//! groups entered, restrictions taken on.
//!
//! `Extras` is laid out by the parent; `apply_first` and `apply_last` run in the child, under the
//! rules of `vfork`: system calls only, nothing that allocates, locks or panics.

use std::ffi::c_long;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::restrictions::{self, Restrictions};
use super::step::Step;
use super::syscall::syscall;
use super::vfork::{Failure, attempt};

/// All empty: nothing beyond what Node does.
#[derive(Default)]
pub struct Extras<'a> {
    /// Whom the child reports itself to, first of all.
    pub enrolment: Option<Enrolment<'a>>,
    /// The control group (v2) that the child is born in, or enters where it cannot be born there.
    pub group: Option<Group<'a>>,
    /// `cgroup.procs` files, open for writing, of groups (v1) that the child enters.
    pub other_groups: Vec<BorrowedFd<'a>>,
    pub restrictions: Restrictions,
    /// By the launcher, so that its peak memory is its own.
    pub launched: bool,
}

/// A packet that the child sends of itself: `head`, its pid (4 bytes), and when that was (8 bytes,
/// CLOCK_BOOTTIME in nanoseconds).
pub struct Enrolment<'a> {
    pub socket: BorrowedFd<'a>,
    pub head: [u8; 9],
}

/// A control group, to be entered.
pub struct Group<'a> {
    pub directory: BorrowedFd<'a>,
    /// Its `cgroup.procs`, open for writing.
    pub procs: BorrowedFd<'a>,
}

/// Before anything else, while every descriptor is still where the parent has it and the child may
/// do what the parent may.
pub(super) fn apply_first(extras: &Extras<'_>, enters_group: bool) -> Result<(), Failure> {
    if let Some(enrolment) = &extras.enrolment {
        send_enrolment(enrolment);
    }
    if let Some(group) = extras.group.as_ref().filter(|_| enters_group) {
        enter(group.procs)?;
    }
    for procs in &extras.other_groups {
        enter(*procs)?;
    }
    Ok(())
}

fn enter(procs: BorrowedFd<'_>) -> Result<(), Failure> {
    // "0" is whoever writes it: the pid that the child has in its own namespace is not needed.
    let text = c"0".as_ptr() as c_long;
    attempt(Step::Cgroup, libc::SYS_write, [procs.as_raw_fd().into(), text, 1])
}

/// Best effort: what this packet says the parent says too, if it lives to.
fn send_enrolment(enrolment: &Enrolment<'_>) {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let clock = libc::CLOCK_BOOTTIME.into();
    let _ = syscall(libc::SYS_clock_gettime, [clock, &raw mut now as c_long]);
    let now = (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64);
    let packet = Packet {
        head: enrolment.head,
        pid: (syscall(libc::SYS_getpid, []).unwrap_or(0) as i32).to_ne_bytes(),
        now: now.to_ne_bytes(),
    };
    let flags = (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL).into();
    let (at, length) = (&raw const packet as c_long, size_of::<Packet>() as c_long);
    let socket = enrolment.socket.as_raw_fd().into();
    let _ = syscall(libc::SYS_sendto, [socket, at, length, flags, 0, 0]);
}

/// Bytes only, so that nothing stands between them.
#[repr(C)]
struct Packet {
    head: [u8; 9],
    pid: [u8; 4],
    now: [u8; 8],
}

/// After stdio and directory, before the ids change.
pub(super) fn apply_last(extras: &Extras<'_>) -> Result<(), Failure> {
    restrictions::apply(&extras.restrictions)
}
