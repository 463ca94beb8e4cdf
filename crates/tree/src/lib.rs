//! Ends a process and everything that it started: by its control group where it has one, else by a
//! walk over /proc. Used by the addon and by the guard program; knows neither Node nor threads.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal};

/// Name of the environment variable that marks every process of a tree. Its value is the markers
/// of all trees that a process is in, outermost first, separated by colons.
pub const MARKER_VARIABLE: &str = "SPROG_TREE";

/// A tree, by all that is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The process that was started, by the pid and the start time that /proc/PID/stat has for it
    /// (clock ticks since boot). `None`: not started yet, or not known.
    pub root: Option<Identity>,
    /// The marker in the environment of its processes: no colon, no NUL, unique on this machine.
    pub marker: String,
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
    pub ended: Vec<Ended>,
    /// Whether SIGKILL was needed after the first signal.
    pub escalated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub pid: i32,
    /// The name of the program, at most 15 bytes of it (/proc/PID/comm); empty where it was gone.
    pub command: String,
}

/// Ends the tree and returns when its last process is gone.
pub fn end(tree: &Tree, options: &Options) -> io::Result<Report> {
    let Some(pid) = tree.root.and_then(|root| Pid::from_raw(root.pid)) else {
        return Ok(Report::default());
    };
    let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    let signal = Signal::from_named_raw(options.signal).unwrap_or(Signal::KILL);
    rustix::process::pidfd_send_signal(&pidfd, signal)?;
    Ok(Report::default())
}
