//! The last of an exec. When a child has left our memory, the kernel has yet to close the child's copies of our
//! descriptors (those that are close-on-exec). Whoever looks at the process waits for it.
//!
//! # Safety
//! process_vm_readv(2) writes only where it is told, and as much.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, WaitId, WaitIdOptions};

/// From where a child leaves our memory to where it has its own are some instructions.
const MOST_LOOKS: u32 = 100;

/// Waits for a child that has left our memory. The kernel lets nobody look into the memory of a process while
/// its exec changes that and closes descriptors, but makes them wait (`exec_update_lock`; before Linux 5.11
/// `cred_guard_mutex`). A sandbox that refuses to look waits for nothing.
pub fn settle(pid: i32) {
    for _ in 0..MOST_LOOKS {
        if !is_in_our_memory(pid) {
            break;
        }
    }
}

fn is_in_our_memory(pid: i32) -> bool {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let mark = (LOOKS.fetch_add(1, Ordering::Relaxed) << 32) | u64::from(pid.cast_unsigned());
    let mut found = !mark;
    let length = size_of::<u64>();
    let local = libc::iovec { iov_base: ptr::from_mut(&mut found).cast(), iov_len: length };
    let remote = libc::iovec { iov_base: (&raw const mark).cast_mut().cast(), iov_len: length };
    // SAFETY: `found` is as long as it says; the kernel checks the address in the other process.
    unsafe { libc::process_vm_readv(pid, &local, 1, &remote, 1, 0) };
    found == mark
}

/// Whether a child is gone, or a zombie that waits to be reaped.
pub(super) fn has_ended(pid: i32) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let Some(pid) = Pid::from_raw(pid) else { return true };
    !matches!(rustix::process::waitid(WaitId::Pid(pid), options), Ok(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_memory_is_told_from_that_of_others() {
        assert!(is_in_our_memory(std::process::id().cast_signed()));
        assert!(!is_in_our_memory(1));
        assert!(!is_in_our_memory(i32::MAX));
        assert!(has_ended(i32::MAX));
    }

    #[test]
    fn nobody_is_waited_for_for_ever() {
        settle(std::process::id().cast_signed());
    }
}
