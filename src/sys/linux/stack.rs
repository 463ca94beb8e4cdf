//! The stacks that children run on between clone and exec.
//!
//! # Safety
//! Unsafe to map, guard and unmap memory of our own.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::c_void;
use std::io;
use std::ptr;

/// Bytes of a stack. What runs there needs under 4 KiB; what lies below is a guard.
pub(super) const STACK_BYTES: usize = 64 * 1024;
const GUARD_BYTES: usize = 64 * 1024;

/// So many are kept for the next children of this thread.
const MAX_SPARE: usize = 16;

thread_local! {
    static SPARE: RefCell<Vec<Mapping>> = const { RefCell::new(Vec::new()) };
}

/// A guarded stack for one child at a time. It must live until the child has left it.
pub(super) struct Stack(Option<Mapping>);

impl Stack {
    pub(super) fn take() -> io::Result<Stack> {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        spare.map_or_else(Mapping::new, Ok).map(|mapping| Stack(Some(mapping)))
    }

    /// The lowest address of it.
    pub(super) fn base(&self) -> *mut c_void {
        self.0.as_ref().map_or(ptr::null_mut(), |it| it.base.wrapping_byte_add(GUARD_BYTES))
    }

    /// Where a child begins.
    pub(super) fn top(&self) -> *mut c_void {
        self.base().wrapping_byte_add(STACK_BYTES)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let mapping = self.0.take();
        // A thread that ends has none left to keep.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MAX_SPARE {
                spare.extend(mapping);
            }
        });
    }
}

struct Mapping {
    base: *mut c_void,
}

impl Mapping {
    fn new() -> io::Result<Mapping> {
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
        let mapping = Mapping { base };
        // SAFETY: the low part of the mapping just made. 64 KiB is a multiple of every page size.
        if unsafe { libc::mprotect(base, GUARD_BYTES, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(mapping)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: our own mapping; no child runs on it, by the contract of `Stack`.
        unsafe { libc::munmap(self.base, GUARD_BYTES + STACK_BYTES) };
    }
}
