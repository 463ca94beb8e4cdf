//! Signals by number: rustix takes named ones only, and real-time signals have no name.
//!
//! # Safety
//! Both calls touch no memory of ours: the siginfo is null, for which the kernel fills in its own.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Sends `signal`, or probes with 0. ESRCH once the process has been reaped.
pub(crate) fn send_by_pidfd(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
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

/// The same by number, for kernels without pidfds. 0 and negative numbers mean groups to kill(2):
/// ESRCH here.
pub(crate) fn send_by_pid(pid: i32, signal: i32) -> io::Result<()> {
    if pid <= 0 {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: touches no memory.
    let result = unsafe { libc::kill(pid, signal) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
