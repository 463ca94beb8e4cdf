//! What must go on without the JS thread, on a tokio runtime of our own: started at the first
//! use, shared by all JS environments of the process, never torn down with one of them.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::channel::outbox::Outbox;
use crate::sys::{exit_hook, signal};

/// How long collected messages wait for the end of the sender's tick before they are written
/// without it.
const FLUSH_AFTER: Duration = Duration::from_millis(1);

/// Started with the first thing to do; where no thread can be had, the next one tries again. tokio
/// would make its own worker, and panic without one: so the one thread is ours, and drives the
/// runtime for ever.
fn runtime() -> Option<&'static Arc<Runtime>> {
    static RUNTIME: OnceLock<Arc<Runtime>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if RUNTIME.get().is_none() {
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if RUNTIME.get().is_none() {
            let _ = RUNTIME.set(start().ok()?);
        }
    }
    RUNTIME.get()
}

fn start() -> io::Result<Arc<Runtime>> {
    let runtime = Arc::new(Builder::new_current_thread().enable_time().build()?);
    let driven = Arc::clone(&runtime);
    std::thread::Builder::new().name("sprog".into()).spawn(move || {
        signal::block_for_helper_thread();
        driven.block_on(std::future::pending::<()>());
    })?;
    Ok(runtime)
}

/// Outboxes that a flusher is under way for. What they hold at exit() is written then: where
/// process.reallyExit is called, or another addon exits, no JS of ours runs any more.
static COLLECTING: Mutex<Vec<Arc<Outbox>>> = Mutex::new(Vec::new());

fn collecting() -> MutexGuard<'static, Vec<Arc<Outbox>>> {
    COLLECTING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn flush_at_exit() {
    for outbox in collecting().drain(..) {
        outbox.flush_late();
    }
}

/// Writes the outbox in a moment, even if the JS thread never comes back to it.
pub fn flush_soon(outbox: &Arc<Outbox>) {
    if !outbox.arm_flusher() {
        return;
    }
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| exit_hook::at_exit(flush_at_exit));
    let outbox = Arc::clone(outbox);
    match runtime() {
        Some(runtime) => {
            collecting().push(Arc::clone(&outbox));
            runtime.spawn(async move {
                tokio::time::sleep(FLUSH_AFTER).await;
                collecting().retain(|other| !Arc::ptr_eq(other, &outbox));
                outbox.flush_late();
            });
        }
        // No thread can be had: written at once, uncollected.
        None => outbox.flush_late(),
    }
}

/// Runs `action` in a while, off the JS thread; it must be short. False where no thread can be had.
pub fn after(delay: Duration, action: impl FnOnce() + Send + 'static) -> bool {
    let Some(runtime) = runtime() else { return false };
    runtime.spawn(async move {
        tokio::time::sleep(delay).await;
        action();
    });
    true
}
