//! Work for the very end of the process: exit(3), which Node calls after its own 'exit' event and
//! in process.reallyExit.
//!
//! # Safety
//! atexit keeps the address of a function of this library, which is never unloaded
//! (-z nodelete).
#![allow(unsafe_code)]

use std::sync::Mutex;

use crate::sys::unwind::contain;

static ACTIONS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Runs `action` at exit(3), on whatever thread calls it. It must not block.
pub fn at_exit(action: fn()) {
    let Ok(mut actions) = ACTIONS.lock() else { return };
    actions.push(action);
    if actions.len() == 1 {
        // SAFETY: a function of ours without arguments, alive for good.
        unsafe { libc::atexit(run) };
    }
}

extern "C" fn run() {
    contain((), || {
        let actions = ACTIONS.lock().map(|actions| actions.clone()).unwrap_or_default();
        for action in actions {
            action();
        }
    });
}
