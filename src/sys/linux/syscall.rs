//! Raw system calls for the child's side of a spawn, where no wrapper of libc may be used: see `vfork`.
//!
//! On the processors that we know the instruction itself, and not syscall(2) of libc: that leaves its error in
//! errno, which is memory of the thread that this child shares, and which may be running.
//!
//! # Safety
//! What a call reads or writes is given to it as an address, and the callers, all of them in this folder,
//! pass addresses of live values of the size that the call is told.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};

/// Whether a call leaves all memory alone but what it is told to write.
pub(super) const LEAVES_ERRNO_ALONE: bool =
    cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// What the call answers, or its errno. At most six arguments.
pub(super) fn syscall<const N: usize>(
    number: c_long,
    arguments: [c_long; N],
) -> Result<c_long, c_int> {
    let mut all: [c_long; 6] = [0; 6];
    for (slot, argument) in all.iter_mut().zip(arguments) {
        *slot = argument;
    }
    // SAFETY: the callers pass calls that touch no memory of ours, or valid pointers.
    let answer = unsafe { call(number, all) };
    // The kernel's rule: no answer but an error is among the last page of numbers.
    if (-4095..0).contains(&answer) { Err(answer.wrapping_neg() as c_int) } else { Ok(answer) }
}

/// # Safety
/// As the system call.
#[cfg(target_arch = "x86_64")]
unsafe fn call(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    let answer: c_long;
    // SAFETY: by contract; the instruction changes rax, rcx and r11, and no stack.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number => answer,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer
}

/// # Safety
/// As the system call.
#[cfg(target_arch = "aarch64")]
unsafe fn call(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    let answer: c_long;
    // SAFETY: by contract; the instruction changes x0, and no stack.
    unsafe {
        std::arch::asm!(
            "svc #0",
            inlateout("x0") a => answer,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            in("x4") e,
            in("x5") f,
            in("x8") number,
            options(nostack),
        );
    }
    answer
}

/// # Safety
/// As the system call.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn call(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    // SAFETY: by contract.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => -c_long::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL)),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_answers_or_tells_its_errno() {
        let ourselves = std::process::id();
        assert_eq!(syscall(libc::SYS_getpid, []), Ok(ourselves.into()));
        assert_eq!(syscall(libc::SYS_close, [-1]), Err(libc::EBADF));
    }

    #[test]
    fn errno_stays_as_it_was() {
        if LEAVES_ERRNO_ALONE {
            let _ = std::fs::read("/nonexistent");
            let _ = syscall(libc::SYS_close, [-1]);
            assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(libc::ENOENT));
        }
    }
}
