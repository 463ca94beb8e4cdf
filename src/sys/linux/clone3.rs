//! clone3 into a control group. libc has no wrapper, and its syscall() would return twice on one
//! stack; so the child's first steps are written here, for each machine: onto the stack of its own,
//! into the routine, and out by exit(2).
//!
//! Worth the trouble for what it spares: a process that moves itself to another group makes the
//! kernel wait for all CPUs (5 to 20 ms on a busy machine), and with CLONE_VFORK its parent too.
//!
//! # Safety
//! The kernel reads `Arguments` and writes the pidfd, the child its stack and all that the routine writes,
//! under the rules of `vfork`: so the assembly must never be declared not to touch memory or flags.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long, c_void};
use std::io;

/// struct clone_args of linux/sched.h, as of Linux 5.7.
#[repr(C, align(8))]
#[derive(Default)]
struct Arguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// A child of clone3 that is born in a control group.
pub(super) struct Birth {
    pub flags: c_int,
    pub pidfd: *mut c_int,
    /// The lowest address of its stack, and the size of it.
    pub stack: *mut c_void,
    pub stack_bytes: usize,
    /// The directory of the group.
    pub group: c_int,
}

/// Clones a child that runs `routine(argument)` and exits with its result. Its pid; ENOSYS where
/// the kernel or this machine has no clone3.
///
/// # Safety
/// The stack belongs to nobody else while the child runs on it. `argument` is valid for the routine
/// for as long; `pidfd` is valid for this call. With CLONE_VM, CLONE_VFORK is set too.
pub(super) unsafe fn clone_into_group(
    birth: &Birth,
    routine: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
) -> io::Result<i32> {
    let arguments = Arguments {
        flags: u64::from(birth.flags.cast_unsigned()) | CLONE_INTO_CGROUP,
        pidfd: birth.pidfd as u64,
        exit_signal: libc::SIGCHLD as u64,
        stack: birth.stack as u64,
        stack_size: birth.stack_bytes as u64,
        cgroup: birth.group as u64,
        ..Arguments::default()
    };
    // SAFETY: by contract.
    let result = unsafe { call(&arguments, routine, argument) };
    match i32::try_from(result) {
        Ok(pid) if pid > 0 => Ok(pid),
        _ => Err(io::Error::from_raw_os_error(i32::try_from(-result).unwrap_or(libc::EIO))),
    }
}

/// # Safety
/// As `clone_into_group`.
#[cfg(target_arch = "x86_64")]
unsafe fn call(
    arguments: &Arguments,
    routine: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
) -> c_long {
    let result: c_long;
    // SAFETY: in the parent an ordinary system call, which changes rax, rcx and r11. The child
    // starts behind it with the same registers but for rax, on the top of its stack, which is
    // aligned as a call wants it; it never leaves the block.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, rdx",
            "call r8",
            "mov edi, eax",
            "mov eax, {exit}",
            "syscall",
            "ud2",
            "2:",
            exit = const libc::SYS_exit,
            inlateout("rax") libc::SYS_clone3 => result,
            in("rdi") std::ptr::from_ref(arguments),
            in("rsi") size_of::<Arguments>(),
            in("rdx") argument,
            in("r8") routine,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// # Safety
/// As `clone_into_group`.
#[cfg(target_arch = "aarch64")]
unsafe fn call(
    arguments: &Arguments,
    routine: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
) -> c_long {
    let result: c_long;
    // SAFETY: in the parent an ordinary system call, which changes x0. The child starts behind it
    // with the same registers but for x0, on the top of its stack; it never leaves the block.
    unsafe {
        std::arch::asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x30, xzr",
            "mov x0, x9",
            "blr x10",
            "mov x8, {exit}",
            "svc #0",
            "brk #1",
            "2:",
            exit = const libc::SYS_exit,
            inlateout("x0") std::ptr::from_ref(arguments) => result,
            in("x1") size_of::<Arguments>(),
            in("x8") libc::SYS_clone3,
            in("x9") argument,
            in("x10") routine,
        );
    }
    result
}

/// # Safety
/// None is needed: there is no clone3 here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn call(_: &Arguments, _: extern "C" fn(*mut c_void) -> c_int, _: *mut c_void) -> c_long {
    -c_long::from(libc::ENOSYS)
}
