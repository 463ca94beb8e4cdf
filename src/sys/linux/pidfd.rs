//! Pidfds: a process named by a descriptor, immune to pid reuse.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags};

use super::settings::settings;

/// Opens a pidfd for a child of ours that has not been reaped. ENOSYS before Linux 5.3, ENOTSUP where the
/// program does not want any.
pub fn open(pid: Pid) -> io::Result<OwnedFd> {
    if !settings().uses_pidfds {
        return Err(io::Error::from_raw_os_error(libc::ENOTSUP));
    }
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// Whether children can be watched by pidfds: else the error of `open`.
pub fn probe() -> io::Result<()> {
    open(rustix::process::getpid()).map(drop)
}
