//! Signal masks by raw system calls. glibc's wrappers refuse to touch its two internal signals
//! (32 and 33), which leaves a window in which their handlers could run in a child that shares
//! our memory.

use std::ffi::c_long;

use super::syscall::syscall;

/// Size of the kernel's signal set, which the raw calls demand (64 signals).
pub(super) const KERNEL_SET_BYTES: usize = 8;

/// From here on the kernel's signals are real-time ones (signal(7)); the first two are glibc's.
pub(super) const FIRST_REAL_TIME: i32 = 32;

/// The highest signal number of the kernel.
pub(super) const MAX_SIGNAL: i32 = 64;

/// Blocks every signal on this thread until dropped, then restores the mask it found.
pub struct Blocked {
    previous: u64,
}

impl Blocked {
    pub fn all() -> Blocked {
        Blocked { previous: set_mask(u64::MAX) }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        set_mask(self.previous);
    }
}

/// Keeps the process's signals away from a long-lived thread of ours: Node's handlers belong on
/// Node's threads. glibc's own two stay open, or setuid() in any thread would wait for ever for
/// this one (nptl(7)).
pub fn block_for_helper_thread() {
    const INTERNAL: u64 = (1 << (32 - 1)) | (1 << (33 - 1));
    set_mask(!INTERNAL);
}

/// Replaces this thread's mask and returns the one it had.
pub(super) fn set_mask(mask: u64) -> u64 {
    let mut previous = 0_u64;
    // Two live u64s, the size that the kernel is told.
    let (new, old) = (&raw const mask as c_long, &raw mut previous as c_long);
    let arguments = [libc::SIG_SETMASK.into(), new, old, KERNEL_SET_BYTES as c_long];
    let _ = syscall(libc::SYS_rt_sigprocmask, arguments);
    previous
}
