//! Signals by number (rustix takes named ones only, and real-time signals have no name), sessions,
//! whose number may be 0 (rustix has no pid for that), and a thread's own table of descriptors.
//!
//! # Safety
//! No call touches memory of ours: the siginfo is null, for which the kernel fills in its own.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Sends `signal`, or probes with 0. ESRCH once the process has been reaped.
pub fn send_by_pidfd(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
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

/// Whether it may be the system call that was refused, and not what it was to do: what filters answer to
/// one that they do not know.
pub fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM))
}

/// The same by number, to a process that has not been reaped, for kernels without pidfds. 0 and negative
/// numbers mean groups to kill(2): ESRCH here.
pub fn send_by_pid(pid: i32, signal: i32) -> io::Result<()> {
    if pid <= 0 {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: touches no memory.
    let result = unsafe { libc::kill(pid, signal) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The session of a process, by the pid of who opened it; of the calling process for 0. It is 0 where
/// that happened outside of our pid namespace, as in a container that was entered without a setsid(2)
/// (pid_namespaces(7)). `None`: there is no such process.
pub fn session_of(pid: i32) -> Option<i32> {
    // SAFETY: touches no memory.
    let session = unsafe { libc::getsid(pid) };
    (session >= 0).then_some(session)
}

/// The standard streams stay open.
const FIRST_TO_CLOSE: i32 = 3;
/// So many are closed one by one where the kernel cannot close all (before Linux 5.9): more than are used.
const ENOUGH: i32 = 16;

/// Gives the calling thread a table of descriptors of its own, with room in it: unshare(2), which sandboxes may
/// refuse. The thread must hold no descriptor, and be used for nothing else from here on; the table goes with it.
pub fn leave_descriptors() -> io::Result<()> {
    // SAFETY: touches no memory. Other threads keep their table.
    if unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: closes copies, whose numbers nobody in this thread knows by the contract above.
    if unsafe { libc::syscall(libc::SYS_close_range, FIRST_TO_CLOSE, u32::MAX, 0) } != 0 {
        for number in FIRST_TO_CLOSE..FIRST_TO_CLOSE + ENOUGH {
            // SAFETY: the same.
            unsafe { libc::close(number) };
        }
    }
    Ok(())
}
