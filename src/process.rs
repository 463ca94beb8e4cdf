//! A child: killed only while it is ours to kill, exited exactly once. Its streams and its
//! channel are sources of their own.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::deadlines::{self, Deadline, Strike, Victim};
use crate::sys::exit::{self, ExitStatus, ExitWatch};
use crate::sys::spawn::Spawned;

/// A child as all threads know it: the loop that reaps it, and whoever may have to signal it
/// while that loop stands still. Signals and the reaping exclude each other, so that none reaches
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
    fn new(watch: ExitWatch) -> Target {
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
    /// takes signals too.
    pub fn signal_if_running(&self, signal: i32) -> bool {
        match &*self.lock() {
            State { watch: Some(watch), reaped: false } => {
                !watch.has_ended() && watch.kill(signal).is_ok()
            }
            _ => false,
        }
    }

    /// The status if the child has ended, and then it is reaped.
    pub fn try_exit(&self) -> Option<ExitStatus> {
        let mut state = self.lock();
        if state.reaped {
            return None;
        }
        let status = match state.watch.as_ref()?.reap() {
            Ok(None) => return None,
            Ok(Some(status)) => status,
            // ECHILD: somebody else reaped it (SIGCHLD is ignored, or a foreign waitpid(-1)). It
            // is gone, and how it went cannot be known.
            Err(_) => ExitStatus::Code(0),
        };
        state.reaped = true;
        Some(status)
    }

    /// The descriptor that turns readable at the exit; `None` once forgotten.
    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        f(self.lock().watch.as_ref().map(ExitWatch::fd))
    }

    fn forget(&self) -> Option<ExitWatch> {
        self.lock().watch.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Victim for Target {
    fn strike(&self, signal: i32) -> bool {
        self.signal_if_running(signal)
    }
}

/// What has been done to a child at its deadlines; see [`Child::struck`].
pub const TIMED_OUT: u32 = 1;
pub const FORCED: u32 = 2;

pub struct Child {
    target: Arc<Target>,
    /// What is to happen to the child at its time, if it has not ended by then.
    deadlines: RefCell<Vec<Deadline>>,
    struck: Arc<AtomicU32>,
    referenced: Cell<bool>,
}

impl Child {
    /// Watches what was just started. If that cannot be (no descriptor, no thread), the child is
    /// ended again: a child that nobody can wait for must not run.
    pub fn new(spawned: Spawned) -> io::Result<Child> {
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd)
            .inspect_err(|_| exit::kill_and_reap(spawned.pid))?;
        Ok(Child {
            target: Arc::new(Target::new(watch)),
            deadlines: RefCell::default(),
            struck: Arc::default(),
            referenced: Cell::new(true),
        })
    }

    /// Sends a signal; 0 probes. ESRCH once the child has been reaped.
    pub fn kill(&self, signal: i32) -> io::Result<()> {
        self.target.signal(signal)
    }

    /// Has a thread of ours signal the child at its time, whatever the loop does then.
    pub fn strike_at(&self, strikes: Vec<Strike>) -> io::Result<()> {
        let victim: Arc<dyn Victim> = self.target.clone();
        let deadline = deadlines::arm(&victim, strikes, &self.struck)?;
        self.deadlines.borrow_mut().push(deadline);
        Ok(())
    }

    /// The marks of the strikes that hit the child while it ran: `TIMED_OUT`, `FORCED`.
    pub fn struck(&self) -> u32 {
        self.struck.load(Ordering::Acquire)
    }

    /// The exit, once: the status if the child has ended, and then it is reaped.
    pub fn try_exit(&self) -> Option<ExitStatus> {
        let status = self.target.try_exit();
        if status.is_some() {
            self.deadlines.take();
        }
        status
    }

    /// To be called after `try_exit` gave a status, when the descriptor is out of the reactor's
    /// set: from now on there is nothing to signal.
    pub fn forget(&self) {
        self.target.forget();
    }

    /// Gives the child away, to a reaper that outlives this environment. Its deadlines stand.
    pub fn into_orphan(&self) -> Orphan {
        let deadlines = self.deadlines.take();
        Orphan { target: Arc::clone(&self.target), _deadlines: deadlines }
    }

    /// Ends a child whose exit cannot be waited for; see `new`.
    pub fn abandon(&self) {
        if let Some(watch) = self.target.forget() {
            exit::kill_and_reap(watch.pid());
        }
    }

    pub fn set_ref(&self, on: bool) {
        self.referenced.set(on);
    }

    pub fn has_ref(&self) -> bool {
        self.referenced.get()
    }

    pub fn is_running(&self) -> bool {
        self.target.with_fd(|fd| fd.is_some())
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        self.target.with_fd(f)
    }
}

/// A child without an environment.
pub struct Orphan {
    target: Arc<Target>,
    /// Cancelled with the orphan.
    _deadlines: Vec<Deadline>,
}

impl Orphan {
    /// Whether it has ended, and then it is reaped.
    pub fn try_exit(&self) -> Option<ExitStatus> {
        self.target.try_exit()
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        self.target.with_fd(f)
    }
}
