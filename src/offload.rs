//! What must go on without the JS thread, on a tokio runtime of our own: started at the first
//! use, shared by all JS environments of the process, never torn down with one of them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::channel::outbox::Outbox;
use crate::sys::signal;

/// How long collected messages wait for the end of the sender's tick before they are written
/// without it.
const FLUSH_AFTER: Duration = Duration::from_millis(1);

fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("sprog")
                .on_thread_start(signal::block_for_helper_thread)
                .enable_time()
                .build()
                .ok()
        })
        .as_ref()
}

/// Writes the outbox in a moment, even if the JS thread never comes back to it.
pub fn flush_soon(outbox: &Arc<Outbox>) {
    if !outbox.arm_flusher() {
        return;
    }
    let outbox = Arc::clone(outbox);
    match runtime() {
        Some(runtime) => {
            runtime.spawn(async move {
                tokio::time::sleep(FLUSH_AFTER).await;
                outbox.flush_late();
            });
        }
        // No thread can be had: written at once, uncollected.
        None => outbox.flush_late(),
    }
}
