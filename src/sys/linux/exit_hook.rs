//! Work for the very end of the process: exit(3), which Node calls after its own 'exit' event and
//! in process.reallyExit.
//!
//! # Safety
//! atexit keeps the address of a function of this library, which is never unloaded
//! (-z nodelete).
#![allow(unsafe_code)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sys::unwind::contain;

static ACTIONS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());
/// The process whose actions they are. A copy of it that was forked, and calls exit(3), has only copies of
/// what they work on, with locks that nobody may be there to release.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Runs `action` at exit(3), on whatever thread calls it. It must not block.
pub fn at_exit(action: fn()) {
    let Ok(mut actions) = ACTIONS.lock() else { return };
    OWNER.store(std::process::id(), Ordering::Relaxed);
    actions.push(action);
    if actions.len() == 1 {
        // SAFETY: a function of ours without arguments, alive for good.
        unsafe { libc::atexit(run) };
    }
}

extern "C" fn run() {
    if std::process::id() != OWNER.load(Ordering::Relaxed) {
        return;
    }
    contain((), || {
        let actions = ACTIONS.lock().map(|actions| actions.clone()).unwrap_or_default();
        for action in actions {
            action();
        }
    });
}
