//! A child: killed only while it is ours to kill, exited exactly once. Its streams and its
//! channel are sources of their own.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::BorrowedFd;

use crate::guard::Ward;
use crate::sys::exit::{self, ExitStatus, ExitWatch};
use crate::sys::spawn::Spawned;

pub struct Child {
    /// `None` once reaped: from then on the pid may be anybody's.
    watch: RefCell<Option<ExitWatch>>,
    referenced: Cell<bool>,
    /// Where it is to die with this process.
    ward: RefCell<Option<Ward>>,
}

/// A child without a JS environment.
pub struct Orphan {
    pub watch: ExitWatch,
    /// To be dropped when the child has been reaped.
    pub ward: Option<Ward>,
}

impl Child {
    /// Watches what was just started. If that cannot be (no descriptor, no thread), the child is
    /// ended again: a child that nobody can wait for must not run.
    pub fn new(spawned: Spawned) -> io::Result<Child> {
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd)
            .inspect_err(|_| exit::kill_and_reap(spawned.pid))?;
        Ok(Child {
            watch: RefCell::new(Some(watch)),
            referenced: Cell::new(true),
            ward: RefCell::default(),
        })
    }

    /// Keeps what tells the guard of the child's end.
    pub fn keep(&self, ward: Ward) {
        self.ward.replace(Some(ward));
    }

    /// Sends a signal; 0 probes. ESRCH once the child has been reaped.
    pub fn kill(&self, signal: i32) -> io::Result<()> {
        match &*self.watch.borrow() {
            Some(watch) => watch.kill(signal),
            None => Err(io::Error::from_raw_os_error(libc::ESRCH)),
        }
    }

    /// The exit, once: the status if the child has ended, and then it is reaped.
    pub fn try_exit(&self) -> Option<ExitStatus> {
        match self.watch.borrow().as_ref()?.reap() {
            Ok(status) => status,
            // ECHILD: somebody else reaped it (SIGCHLD is ignored, or a foreign waitpid(-1)). It
            // is gone, and how it went cannot be known.
            Err(_) => Some(ExitStatus::Code(0)),
        }
    }

    /// To be called after `try_exit` gave a status, when the descriptor is out of the reactor's
    /// set: from now on there is nothing to signal.
    pub fn forget(&self) {
        self.watch.replace(None);
        self.ward.replace(None);
    }

    /// Gives the watch away, for a reaper that outlives this environment.
    pub fn into_orphan(&self) -> Option<Orphan> {
        Some(Orphan { watch: self.watch.take()?, ward: self.ward.take() })
    }

    /// Ends a child whose exit cannot be waited for; see `new`.
    pub fn abandon(&self) {
        if let Some(watch) = self.watch.take() {
            exit::kill_and_reap(watch.pid());
        }
        self.ward.replace(None);
    }

    pub fn set_ref(&self, on: bool) {
        self.referenced.set(on);
    }

    pub fn has_ref(&self) -> bool {
        self.referenced.get()
    }

    pub fn is_running(&self) -> bool {
        self.watch.borrow().is_some()
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        let watch = self.watch.borrow();
        f(watch.as_ref().map(ExitWatch::fd))
    }
}
