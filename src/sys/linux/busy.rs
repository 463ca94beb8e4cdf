//! Files that cannot be executed because somebody may still write to them (ETXTBSY, execve(2)): a child that
//! was started a moment ago has a copy of the descriptor by which the file was written. The kernel lets its
//! parent go before it closes that. Node waits a little longer at each start, and hardly ever meets such a file; we
//! wait when one is met.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a child was last started, by whatever thread.
static LAST_START: Mutex<Option<Instant>> = Mutex::new(None);

/// Longer ago, no child has copies any more, unless it found no processor all the while.
const COPIES_LAST: Duration = Duration::from_millis(100);
/// How long to wait before each further try: some 7 ms together.
const STEPS: [Duration; 5] = [
    Duration::from_micros(50),
    Duration::from_micros(200),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(4),
];

pub(super) fn note_start() {
    *last_start() = Some(Instant::now());
}

/// How long to wait before each further try at a file that is busy, whichever: a copy of its descriptor may be all
/// that keeps it so. They end when no child is left that could have one.
pub(super) fn steps() -> impl Iterator<Item = Duration> {
    let may_seem = || last_start().is_some_and(|at: Instant| at.elapsed() < COPIES_LAST);
    STEPS.into_iter().take_while(move |_| may_seem())
}

/// Tries again after each of these, as long as the file is busy.
pub(super) fn retry<T>(
    mut steps: impl Iterator<Item = Duration>,
    mut start: impl FnMut() -> T,
    is_busy: impl Fn(&T) -> bool,
) -> T {
    loop {
        let started = start();
        let step = if is_busy(&started) { steps.next() } else { None };
        match step {
            Some(step) => std::thread::sleep(step),
            None => return started,
        }
    }
}

fn last_start() -> MutexGuard<'static, Option<Instant>> {
    LAST_START.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_busy_is_tried_again_for_a_while() {
        note_start();
        let mut tries = 0;
        let mut count = || {
            tries += 1;
            tries
        };
        assert_eq!(retry(steps(), &mut count, |_| false), 1);
        assert_eq!(retry(steps(), &mut count, |tries| *tries < 4), 4);
        assert_eq!(retry(steps(), &mut count, |_| true), 5 + STEPS.len());
    }
}
