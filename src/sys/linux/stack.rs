//! The stack that a child runs on between clone and exec.
//!
//! # Safety
//! Unsafe to map, guard and unmap memory of our own.
#![allow(unsafe_code)]

use std::cell::OnceCell;
use std::ffi::c_void;
use std::io;
use std::ptr;

/// Bytes of the child's stack. What runs there needs under 4 KiB; what lies below is a guard.
pub(super) const STACK_BYTES: usize = 64 * 1024;
const GUARD_BYTES: usize = 64 * 1024;

/// A guarded stack for the child. One per thread: CLONE_VFORK suspends only the calling thread,
/// so two threads may be spawning at once.
struct Stack {
    base: *mut c_void,
}

impl Stack {
    fn new() -> io::Result<Stack> {
        // SAFETY: a fresh anonymous mapping; nothing existing is touched.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                GUARD_BYTES + STACK_BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let stack = Stack { base };
        // SAFETY: the low part of the mapping just made. 64 KiB is a multiple of every page size.
        if unsafe { libc::mprotect(base, GUARD_BYTES, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(stack)
    }

    fn top(&self) -> *mut c_void {
        self.base.wrapping_byte_add(GUARD_BYTES + STACK_BYTES)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: our own mapping; no child runs on it: clone has returned.
        unsafe { libc::munmap(self.base, GUARD_BYTES + STACK_BYTES) };
    }
}

thread_local! {
    static STACK: OnceCell<Stack> = const { OnceCell::new() };
}

/// The end of this thread's stack for children.
pub(super) fn top() -> io::Result<*mut c_void> {
    STACK.with(|cell| match cell.get() {
        Some(stack) => Ok(stack.top()),
        None => Stack::new().map(|stack| cell.get_or_init(|| stack).top()),
    })
}
