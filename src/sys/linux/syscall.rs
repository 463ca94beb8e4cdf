//! Raw system calls for the child's side of a spawn, where no wrapper of libc may be used: see `vfork`.
//!
//! # Safety
//! What a call reads or writes is given to it as an address, and the callers, all of them in this folder,
//! pass addresses of live values of the size that the call is told.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::io;

/// What the call answers, or its errno. That lives in thread-local memory, which with CLONE_VM is the
/// suspended parent thread's: no one else looks at it meanwhile.
pub(super) fn syscall<const N: usize>(
    number: c_long,
    arguments: [c_long; N],
) -> Result<c_long, c_int> {
    const { assert!(N <= 6, "a system call has six arguments at most") };
    let mut all: [c_long; 6] = [0; 6];
    for (slot, argument) in all.iter_mut().zip(arguments) {
        *slot = argument;
    }
    let [a, b, c, d, e, f] = all;
    // SAFETY: the callers pass calls that touch no memory of ours, or valid pointers.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => Err(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL)),
        answer => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_answers_or_tells_its_errno() {
        assert_eq!(syscall(libc::SYS_getpid, []), Ok(std::process::id().into()));
        assert_eq!(syscall(libc::SYS_close, [-1]), Err(libc::EBADF));
    }
}
