//! Signal masks by raw system calls. glibc's wrappers refuse to touch its two internal signals
//! (32 and 33), which leaves a window in which their handlers could run in a child that shares
//! our memory.
//!
//! # Safety
//! rt_sigprocmask reads and writes only the two words whose addresses it is given.
#![allow(unsafe_code)]

/// Size of the kernel's signal set, which the raw calls demand (64 signals).
pub(super) const KERNEL_SET_BYTES: usize = 8;

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
    // SAFETY: both pointers are to live u64s, the size the kernel is told.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const mask,
            &raw mut previous,
            KERNEL_SET_BYTES,
        );
    }
    previous
}
