//! Pidfds: a process named by a descriptor, immune to pid reuse.
//!
//! # Safety
//! pidfd_send_signal is called with a null siginfo, for which the kernel fills in its own.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::process::{Pid, PidfdFlags};

/// Opens a pidfd for a child of ours that has not been reaped. ENOSYS before Linux 5.3.
pub fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or(io::Error::from_raw_os_error(libc::ESRCH))?;
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// Whether children can be watched by pidfds: an error of the kernel, or ENOTSUP where the program does
/// not want it.
pub fn probe() -> io::Result<()> {
    if !super::settings::settings().uses_pidfds {
        return Err(io::Error::from_raw_os_error(libc::ENOTSUP));
    }
    rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty())?;
    Ok(())
}

/// Sends any signal number; 0 probes. EINVAL for a number the kernel does not know, ESRCH once
/// the process has been reaped.
pub fn send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: the descriptor is open for the duration of the borrow; siginfo is null.
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
