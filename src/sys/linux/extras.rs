//! What a child does before exec that Node cannot ask for: control groups entered, restrictions
//! taken on.
//!
//! `Extras` is laid out by the parent; `apply_first` and `apply_last` run in the child, under the
//! rules of `vfork`: system calls only, nothing that allocates, locks or panics.

use std::ffi::c_long;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::restrictions::{self, Restrictions};
use super::syscall::{errno, syscall3};
use super::vfork::{Failure, Step};

/// All empty: nothing beyond what Node does.
#[derive(Default)]
pub struct Extras<'a> {
    /// The control group (v2) that the child is born in, or enters where it cannot be born there.
    pub group: Option<Group<'a>>,
    /// `cgroup.procs` files, open for writing, of groups (v1) that the child enters.
    pub other_groups: Vec<BorrowedFd<'a>>,
    pub restrictions: Restrictions,
    /// By the launcher, so that its peak memory is its own.
    pub launched: bool,
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
    if syscall3(libc::SYS_write, procs.as_raw_fd().into(), text, 1) < 0 {
        return Err((Step::Cgroup, errno()));
    }
    Ok(())
}

/// After stdio and directory, before the ids change.
pub(super) fn apply_last(extras: &Extras<'_>) -> Result<(), Failure> {
    restrictions::apply(&extras.restrictions)
}
