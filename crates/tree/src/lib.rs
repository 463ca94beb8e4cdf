//! Ends a process and everything that it started: by its control group where it has one, else by a
//! walk over /proc. Used by the addon and by the guard program; knows neither Node nor threads.
//!
//! | module    | what lives there                                             |
//! |-----------|--------------------------------------------------------------|
//! | `sys`     | system calls that rustix lacks                               |
//! | `proc`    | what /proc says about processes                              |
//! | `process` | one process, held by a pidfd                                 |
//! | `walk`    | the members of a tree, by descent, marker, session and group |
//! | `cgroup`  | the members of a tree, by control group                      |
//! | `mounts`  | where hierarchies of control groups are mounted              |
//! | `vacancy` | control groups that are removed when empty                   |
//! | `end`     | signals to all, and the end of all                           |

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub mod cgroup;
mod end;
pub mod mounts;
pub mod proc;
mod process;
mod sys;
pub mod vacancy;
mod walk;

pub use end::{Hunt, Sent};
pub use process::do_without_pidfds;
pub use sys::{is_refused, leave_descriptors, send_by_pid, send_by_pidfd, session_of};

/// Name of the environment variable that marks every process of a tree. Its value is the markers
/// of all trees that a process is in, outermost first, separated by colons.
pub const MARKER_VARIABLE: &str = "SPROG_TREE";

/// A tree, by all that is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The process that was started. `None`: not started yet, or not known.
    pub root: Option<Identity>,
    /// The marker in the environment of its processes: no colon, no NUL, unique on this machine.
    pub marker: String,
    /// The session that the root was started in, to which others belong too; 0 if it was opened
    /// outside of our pid namespace. Any other that a process of the tree is in was opened within
    /// the tree. `None`: not known; then only sessions whose leader lives are followed.
    pub session: Option<i32>,
    /// Directory of its control group. `None`: the tree is walked.
    pub cgroup: Option<PathBuf>,
}

/// A process that cannot be taken for another one that gets its pid later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    pub pid: i32,
    /// Field 22 of /proc/PID/stat: clock ticks after boot.
    pub start_time: u64,
}

/// How a tree is to end.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What is sent first.
    pub signal: i32,
    /// How long the tree may take to end by that signal, before it gets SIGKILL.
    pub grace: Duration,
}

/// What has been ended.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every process that was seen alive and has ended, by pid.
    pub ended: Vec<Member>,
    /// Whether SIGKILL was needed after the first signal.
    pub escalated: bool,
    /// Processes that this one may not signal (another user's): they live on.
    pub remaining: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub pid: i32,
    /// The name of the program, at most 15 bytes of it (/proc/PID/comm); empty where it was gone.
    pub command: String,
}

/// The identity of a process that has not been reaped. `None`: there is none of that number.
pub fn identify(pid: i32) -> io::Result<Option<Identity>> {
    Ok(proc::Proc::open()?.stat(pid)?.map(|stat| stat.identity))
}

/// A marker that no other tree on this machine has.
pub fn unique_marker() -> io::Result<String> {
    let mut bytes = [0_u8; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

/// Ends the tree and returns when its last process is gone, but for those that may not be
/// signalled. The calling thread waits as long as the grace, and as long as the kernel takes.
pub fn end(tree: &Tree, options: &Options) -> io::Result<Report> {
    Hunt::new(tree)?.end(options)
}
