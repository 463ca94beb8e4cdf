//! Descriptors: pipes, duplicates, and borrowing a number that JS named.
//!
//! # Safety
//! The only unsafe code here turns a raw number into a `BorrowedFd`; see [`borrow`].
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::pipe::PipeFlags;

/// A pipe(2), both ends blocking and close-on-exec: (read end, write end).
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?)
}

/// Sets or clears O_NONBLOCK, which belongs to the open file description: every duplicate of
/// `fd`, in whatever process, is affected.
pub fn set_nonblocking(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(fd, on)?)
}

/// How many bytes a pipe holds: 64 KiB, or less for a user whose pipes hold much already (pipe(7)).
pub fn pipe_size(fd: BorrowedFd<'_>) -> io::Result<usize> {
    Ok(rustix::pipe::fcntl_getpipe_size(fd)?)
}

/// Changes that, if the user may have so much: EPERM past the user's budget or the system's limit.
pub fn set_pipe_size(fd: BorrowedFd<'_>, bytes: usize) -> io::Result<()> {
    rustix::pipe::fcntl_setpipe_size(fd, bytes)?;
    Ok(())
}

/// How many bytes are there to be read from a pipe or a stream socket.
pub fn unread(fd: BorrowedFd<'_>) -> io::Result<usize> {
    Ok(usize::try_from(rustix::io::ioctl_fionread(fd)?).unwrap_or(usize::MAX))
}

pub fn duplicate(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, 0)?)
}

/// Makes `fd` close-on-exec.
pub fn set_cloexec(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?)
}

/// A second open file description of the same pipe end, with flags of its own, so that
/// O_NONBLOCK on ours is not seen by a child that is lent the end. Works by /proc, for pipes
/// (a socket cannot be reopened: ENXIO).
pub fn reopen_pipe(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let access = rustix::fs::fcntl_getfl(fd)? & OFlags::RWMODE;
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    Ok(rustix::fs::open(path, access | OFlags::CLOEXEC, Mode::empty())?)
}

/// Borrows a descriptor that the program named by number. EBADF if it is not open; EINVAL for a
/// number that never can be, as libuv has it.
///
/// The number stays the program's to close; it must not do so during the call that uses the
/// borrow. Calls from JS are synchronous on its thread, so only another thread of the same
/// process could, as with any descriptor that two threads share.
pub fn borrow(number: i32) -> io::Result<BorrowedFd<'static>> {
    if number < 0 {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: `number` is not -1, and fcntl below proves that it is open now; that it stays
    // open is the caller's contract above.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_getfd(fd)?;
    Ok(fd)
}

/// Takes over a descriptor by number, e.g. one that was inherited under an environment variable.
/// EBADF if it is not open.
///
/// From here on it is closed by the returned value: nobody else may own the number.
pub fn adopt(number: i32) -> io::Result<OwnedFd> {
    use std::os::fd::FromRawFd;
    borrow(number)?;
    // SAFETY: open by the check in `borrow`; sole ownership is the caller's contract above.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// A counter that makes a poller wake up: an eventfd, close-on-exec. Whoever reads one that is not up goes on.
pub fn wake_up_counter() -> io::Result<OwnedFd> {
    use rustix::event::EventfdFlags;
    Ok(rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

/// Adds to such a counter.
pub fn wake_up(counter: impl AsFd) -> io::Result<()> {
    write(counter, &1_u64.to_ne_bytes()).map(|_| ())
}

/// Reads once; a `WouldBlock` error is "nothing there".
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    retry(|| rustix::io::read(&fd, &mut *buffer))
}

/// Writes once, as much as fits.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    retry(|| rustix::io::write(&fd, bytes))
}

/// Retries a call for as long as a signal interrupts it.
pub fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_number_is_ebadf() {
        assert_eq!(borrow(-1).unwrap_err().raw_os_error(), Some(libc::EINVAL));
        assert_eq!(borrow(1 << 20).unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert!(borrow(0).is_ok() || borrow(2).is_ok());
    }

    #[test]
    fn a_reopened_pipe_end_has_flags_of_its_own() {
        let (reader, _writer) = pipe().unwrap();
        set_nonblocking(reader.as_fd(), true).unwrap();
        let lent = reopen_pipe(reader.as_fd()).unwrap();
        let flags = rustix::fs::fcntl_getfl(&lent).unwrap();
        assert!(!flags.contains(OFlags::NONBLOCK));
    }
}
