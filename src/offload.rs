//! What must go on without the JS thread: collected messages leave in a moment, on a thread of ours, even
//! if the tick that sent them never ends. The thread is started at the first use, shared by all JS
//! environments of the process, and never torn down with one of them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::channel::outbox::Outbox;
use crate::sys::{exit_hook, signal, unwind};

/// How long collected messages wait for the end of the sender's tick before they are written
/// without it.
const FLUSH_AFTER: Duration = Duration::from_millis(1);

struct Collecting {
    outbox: Arc<Outbox>,
    due: Instant,
}

/// Outboxes that a flush is under way for, the next one first. What they hold at exit() is written
/// then: where process.reallyExit is called, or another addon exits, no JS of ours runs any more.
static COLLECTING: Mutex<VecDeque<Collecting>> = Mutex::new(VecDeque::new());

/// There is one where there was none.
static ARRIVED: Condvar = Condvar::new();

fn collecting() -> MutexGuard<'static, VecDeque<Collecting>> {
    COLLECTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the outbox in a moment, even if the JS thread never comes back to it.
pub fn flush_soon(outbox: &Arc<Outbox>) {
    if !outbox.arm_flusher() {
        return;
    }
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| exit_hook::at_exit(flush_at_exit));
    if !has_thread() {
        // None can be had: written at once, uncollected.
        outbox.flush_late();
        return;
    }
    let mut waiting = collecting();
    let is_first = waiting.is_empty();
    let due = Instant::now() + FLUSH_AFTER;
    waiting.push_back(Collecting { outbox: Arc::clone(outbox), due });
    drop(waiting);
    // A later one is due later: the thread wakes for the first anyway.
    if is_first {
        ARRIVED.notify_one();
    }
}

fn flush_at_exit() {
    for Collecting { outbox, .. } in collecting().drain(..) {
        outbox.flush_late();
    }
}

fn has_thread() -> bool {
    static STARTED: OnceLock<bool> = OnceLock::new();
    *STARTED.get_or_init(|| {
        let thread = std::thread::Builder::new().name("sprog-flush".into());
        thread.stack_size(64 * 1024).spawn(flush_for_ever).is_ok()
    })
}

fn flush_for_ever() {
    signal::block_for_helper_thread();
    loop {
        let outbox = next_due();
        unwind::contain((), || outbox.flush_late());
    }
}

/// Waits until the first outbox is due, and takes it off the list.
fn next_due() -> Arc<Outbox> {
    let mut waiting = collecting();
    loop {
        let left = waiting.front().map(|first| first.due.saturating_duration_since(Instant::now()));
        waiting = match left {
            None => ARRIVED.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => match waiting.pop_front() {
                Some(first) => return first.outbox,
                None => waiting,
            },
            Some(left) => {
                ARRIVED.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}
