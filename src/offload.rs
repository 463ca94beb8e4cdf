//! What must go on without the JS thread, on a thread of ours: collected messages leave in a moment, even if
//! the tick that sent them never ends, and short actions come at their time. The thread is started at the
//! first use, shared by all JS environments of the process, and never torn down with one of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use crate::channel::outbox::Outbox;
use crate::sys::{exit_hook, signal, unwind};

/// How long collected messages wait for the end of the sender's tick before they are written
/// without it.
const FLUSH_AFTER: Duration = Duration::from_millis(1);

enum Task {
    /// What the outbox holds at exit() is written then: where process.reallyExit is called, or another
    /// addon exits, no JS of ours runs any more.
    Flush(Arc<Outbox>),
    Act(Box<dyn FnOnce() + Send>),
}

/// What is to be done, by the time when it is due, and in the order in which it came.
struct Agenda {
    tasks: BTreeMap<(Instant, u64), Task>,
    added: u64,
}

static AGENDA: Mutex<Agenda> = Mutex::new(Agenda { tasks: BTreeMap::new(), added: 0 });

/// Another task is the first now.
static CHANGED: Condvar = Condvar::new();

fn agenda() -> MutexGuard<'static, Agenda> {
    AGENDA.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the outbox in a moment, even if the JS thread never comes back to it.
pub fn flush_soon(outbox: &Arc<Outbox>) {
    if !outbox.arm_flusher() {
        return;
    }
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| exit_hook::at_exit(flush_at_exit));
    if !add(FLUSH_AFTER, Task::Flush(Arc::clone(outbox))) {
        // No thread can be had: written at once, uncollected.
        outbox.flush_late();
    }
}

/// Runs `action` in a while, off the JS thread; it must be short. False where no thread can be had.
pub fn after(delay: Duration, action: impl FnOnce() + Send + 'static) -> bool {
    add(delay, Task::Act(Box::new(action)))
}

fn add(delay: Duration, task: Task) -> bool {
    if !has_thread() {
        return false;
    }
    let mut agenda = agenda();
    let key = (Instant::now() + delay, agenda.added);
    agenda.added += 1;
    agenda.tasks.insert(key, task);
    let is_first = agenda.tasks.first_key_value().is_some_and(|(first, _)| *first == key);
    drop(agenda);
    // The thread wakes for the one before it anyway.
    if is_first {
        CHANGED.notify_one();
    }
    true
}

fn flush_at_exit() {
    let tasks = std::mem::take(&mut agenda().tasks);
    for task in tasks.into_values() {
        if let Task::Flush(outbox) = task {
            outbox.flush_late();
        }
    }
}

/// Whether the thread is there; where none can be had, the next task tries again.
fn has_thread() -> bool {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*started {
        let thread = std::thread::Builder::new().name("sprog-offload".into());
        *started = thread.stack_size(128 * 1024).spawn(work_for_ever).is_ok();
    }
    *started
}

fn work_for_ever() {
    signal::block_for_helper_thread();
    loop {
        let task = next_due();
        unwind::contain((), || match task {
            Task::Flush(outbox) if outbox.try_flush_late() => {}
            Task::Flush(outbox) => {
                add(FLUSH_AFTER, Task::Flush(outbox));
            }
            Task::Act(action) => action(),
        });
    }
}

/// Waits until the first task is due, and takes it off the list.
fn next_due() -> Task {
    let mut agenda = agenda();
    loop {
        let Some(first) = agenda.tasks.first_entry() else {
            agenda = CHANGED.wait(agenda).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let left = first.key().0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return first.remove();
        }
        agenda = CHANGED.wait_timeout(agenda, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}
