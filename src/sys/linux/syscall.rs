//! Raw system calls for the child's side of a spawn, where no wrapper of libc may be used: see `vfork`.
//!
//! # Safety
//! What a call reads or writes is given to it as an address, and the callers, all of them in this folder,
//! pass addresses of live values of the size that the call is told.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::io;

pub(super) fn syscall0(number: c_long) -> c_long {
    // SAFETY: the callers pass calls that touch no memory of ours, or valid pointers.
    unsafe { libc::syscall(number) }
}

pub(super) fn syscall1(number: c_long, a: c_long) -> c_long {
    // SAFETY: as syscall0.
    unsafe { libc::syscall(number, a) }
}

pub(super) fn syscall2(number: c_long, a: c_long, b: c_long) -> c_long {
    // SAFETY: as syscall0.
    unsafe { libc::syscall(number, a, b) }
}

pub(super) fn syscall3(number: c_long, a: c_long, b: c_long, c: c_long) -> c_long {
    // SAFETY: as syscall0.
    unsafe { libc::syscall(number, a, b, c) }
}

pub(super) fn syscall4(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long) -> c_long {
    // SAFETY: as syscall0.
    unsafe { libc::syscall(number, a, b, c, d) }
}

pub(super) fn syscall5(number: c_long, args: [c_long; 5]) -> c_long {
    let [a, b, c, d, e] = args;
    // SAFETY: as syscall0.
    unsafe { libc::syscall(number, a, b, c, d, e) }
}

/// errno lives in thread-local memory, which with CLONE_VM is the suspended parent thread's: no
/// one else looks at it meanwhile.
pub(super) fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL)
}
