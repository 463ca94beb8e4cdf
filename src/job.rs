//! Work that another thread does for JS: a source of the reactor that turns ready when the outcome
//! is there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use crate::sys::fd;

struct Shared {
    counter: OwnedFd,
    outcome: Mutex<Option<String>>,
}

/// The end that waits.
pub struct Job(Arc<Shared>);

/// The end that works. Dropped without an outcome it gives an empty one, so that nobody waits in
/// vain.
pub struct Worker(Arc<Shared>);

impl Job {
    pub fn new() -> io::Result<(Job, Worker)> {
        let counter = fd::wake_up_counter()?;
        let shared = Arc::new(Shared { counter, outcome: Mutex::default() });
        Ok((Job(Arc::clone(&shared)), Worker(shared)))
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.counter.as_fd()
    }

    /// The outcome, once.
    pub fn take(&self) -> Option<String> {
        self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Worker {
    pub fn finish(self, outcome: String) {
        self.give(outcome);
    }

    fn give(&self, outcome: String) {
        let mut slot = self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(outcome);
            let _ = fd::wake_up(&self.0.counter);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.give(String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll;

    #[test]
    fn the_outcome_wakes_who_waits_and_is_had_once() {
        let (job, worker) = Job::new().unwrap();
        assert_eq!(job.take(), None);
        std::thread::spawn(move || worker.finish("done".into()));
        poll::wait(&[(job.fd(), false)], None).unwrap();
        assert_eq!(job.take().as_deref(), Some("done"));
    }

    #[test]
    fn a_worker_that_is_lost_leaves_nobody_waiting() {
        let (job, worker) = Job::new().unwrap();
        drop(worker);
        poll::wait(&[(job.fd(), false)], None).unwrap();
        assert_eq!(job.take().as_deref(), Some(""));
    }
}
