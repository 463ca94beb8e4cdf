//! System calls that are not safe by themselves: dispositions of signals, and descriptors by number.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use crate::protocol::GUARD_DESCRIPTOR;

/// What the terminal, a shell, a service manager or a hasty user may send. SIGKILL and SIGSTOP cannot be
/// ignored; faults of our own must not be.
const IGNORED: [i32; 13] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGPIPE,
    libc::SIGALRM,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGVTALRM,
    libc::SIGPROF,
];

/// Ignores every signal that would end or stop this process and can be ignored.
pub fn ignore_signals() {
    let real_time = libc::SIGRTMIN()..=libc::SIGRTMAX();
    for signal in IGNORED.into_iter().chain(real_time) {
        // SAFETY: SIG_IGN is no function of ours; no handler is replaced that anyone needs.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Takes over the socket that this program was started with.
pub fn adopt_socket() -> io::Result<OwnedFd> {
    // SAFETY: touches no memory.
    if unsafe { libc::fcntl(GUARD_DESCRIPTOR, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: open, as fcntl has just said; given to this program, whose other code does not know it.
    Ok(unsafe { OwnedFd::from_raw_fd(GUARD_DESCRIPTOR) })
}

/// Closes everything above the socket: what the parent had open without close-on-exec.
pub fn close_inherited() {
    let first = GUARD_DESCRIPTOR.unsigned_abs() + 1;
    // SAFETY: this program has opened nothing yet, so no owner of a descriptor is betrayed.
    if unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) } == 0 {
        return;
    }
    // Before Linux 5.9, or where a sandbox refuses it. By name: the limit may be a million.
    let Ok(listing) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers: Vec<i32> = listing
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&number| number > GUARD_DESCRIPTOR)
        .collect();
    for number in numbers {
        // SAFETY: as above; the listing's own descriptor is closed already, and answers EBADF.
        unsafe { libc::close(number) };
    }
}
