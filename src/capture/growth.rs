//! Room in the pipes that bring much: a writer that has filled 64 KiB waits for us, and two
//! processes take turns. What a pipe may hold is booked on the user, for all programs together
//! (`pipe-user-pages-soft`, 64 MiB by default; past it every new pipe of that user holds 8 KiB or
//! less), so only a few pipes at a time are given more.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sys::fd;

const GROWN_BYTES: usize = 1024 * 1024;
const MAX_GROWN: usize = 8;

static GROWN: AtomicUsize = AtomicUsize::new(0);

/// A pipe that was given more room, for as long as this lives.
pub(super) struct Growth(());

impl Growth {
    /// `None` where there are enough of them already, or the kernel refuses.
    pub fn of(pipe: BorrowedFd<'_>) -> Option<Growth> {
        if GROWN.fetch_add(1, Ordering::Relaxed) >= MAX_GROWN {
            GROWN.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let growth = Growth(());
        fd::set_pipe_size(pipe, GROWN_BYTES).ok()?;
        Some(growth)
    }
}

impl Drop for Growth {
    fn drop(&mut self) {
        GROWN.fetch_sub(1, Ordering::Relaxed);
    }
}
