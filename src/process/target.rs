//! A child as all threads know it: what may be signalled while the loop that reaps it stands still.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::deadlines::Victim;
use crate::sys::exit::{ExitStatus, ExitWatch, Usage};

/// One child. Signals and the reaping exclude each other, so that none reaches
/// a pid that is somebody else's by now.
pub struct Target {
    state: Mutex<State>,
}

struct State {
    /// `None` once the child is forgotten.
    watch: Option<ExitWatch>,
    reaped: bool,
}

impl Target {
    pub fn new(watch: ExitWatch) -> Target {
        Target { state: Mutex::new(State { watch: Some(watch), reaped: false }) }
    }

    /// Sends a signal; 0 probes. ESRCH once the child has been reaped. The one way by which a
    /// child is signalled, from any thread.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        match &*self.lock() {
            State { watch: Some(watch), reaped: false } => watch.kill(signal),
            _ => Err(io::Error::from_raw_os_error(libc::ESRCH)),
        }
    }

    /// As `signal`, and tells whether it was sent to a child that had not ended yet: a zombie
    /// takes signals too. If so, `note` is called before the child can be reaped.
    pub fn signal_if_running(&self, signal: i32, note: &dyn Fn()) -> bool {
        let hit = self.while_running(|watch| {
            let hit = watch.kill(signal).is_ok();
            if hit {
                note();
            }
            hit
        });
        hit.unwrap_or(false)
    }

    /// What `f` gives, if the child has not ended yet; it is not reaped meanwhile.
    pub fn while_running<R>(&self, f: impl FnOnce(&ExitWatch) -> R) -> Option<R> {
        match &*self.lock() {
            State { watch: Some(watch), reaped: false } if !watch.has_ended() => Some(f(watch)),
            _ => None,
        }
    }

    /// The status if the child has ended, and then it is reaped; and what it used, if that is told.
    pub fn try_exit(&self) -> Option<(ExitStatus, Option<Usage>)> {
        let mut state = self.lock();
        if state.reaped {
            return None;
        }
        let exit = match state.watch.as_ref()?.reap_with_usage() {
            Ok(None) => return None,
            Ok(Some((status, usage))) => (status, Some(usage)),
            // ECHILD: somebody else reaped it (SIGCHLD is ignored, or a foreign waitpid(-1)). It
            // is gone, and how it went cannot be known.
            Err(_) => (ExitStatus::Code(0), None),
        };
        state.reaped = true;
        Some(exit)
    }

    /// `None` once it has been reaped: the pid may be another's.
    pub fn pid(&self) -> Option<i32> {
        match &*self.lock() {
            State { watch: Some(watch), reaped: false } => Some(watch.pid()),
            _ => None,
        }
    }

    /// The descriptor that turns readable at the exit; `None` once forgotten.
    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        f(self.lock().watch.as_ref().map(ExitWatch::fd))
    }

    /// From now on there is nothing to signal, or to watch.
    pub fn forget(&self) -> Option<ExitWatch> {
        self.lock().watch.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Victim for Target {
    fn strike(&self, signal: i32, note: &dyn Fn()) -> bool {
        self.signal_if_running(signal, note)
    }
}
