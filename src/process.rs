//! A child: killed only while it is ours to kill, exited exactly once, and billed then. Its streams and
//! its channel are sources of their own.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::BorrowedFd;

use crate::bill::{Bill, Evidence};
use crate::limits::Groups;
use crate::sys::exit::{self, ExitStatus, ExitWatch};
use crate::sys::proc::{self, Vitals};
use crate::sys::spawn::Spawned;

pub struct Child {
    /// `None` once reaped: from then on the pid may be anybody's.
    watch: RefCell<Option<ExitWatch>>,
    referenced: Cell<bool>,
    evidence: Cell<Evidence>,
    /// Let go of with the child, and removed when the last process in them has ended.
    groups: RefCell<Groups>,
}

impl Child {
    /// Watches what was just started. If that cannot be (no descriptor, no thread), the child is
    /// ended again: a child that nobody can wait for must not run.
    pub fn new(spawned: Spawned, groups: Groups) -> io::Result<Child> {
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd)
            .inspect_err(|_| exit::kill_and_reap(spawned.pid))?;
        Ok(Child {
            watch: RefCell::new(Some(watch)),
            referenced: Cell::new(true),
            evidence: Cell::new(Evidence {
                before: spawned.peak_before,
                launched: spawned.launched,
                ..Evidence::default()
            }),
            groups: RefCell::new(groups),
        })
    }

    /// Sends a signal; 0 probes. ESRCH once the child has been reaped.
    pub fn kill(&self, signal: i32) -> io::Result<()> {
        match &*self.watch.borrow() {
            Some(watch) => watch.kill(signal),
            None => Err(io::Error::from_raw_os_error(libc::ESRCH)),
        }
    }

    /// The exit, once: the status if the child has ended, and then it is reaped; and its bill.
    pub fn try_exit(&self) -> Option<(ExitStatus, Option<Bill>)> {
        match self.watch.borrow().as_ref()?.reap_with_usage() {
            Ok(ended) => {
                let (status, usage) = ended?;
                let groups = self.groups.take().figures();
                let evidence = Evidence { groups, ..self.evidence.get() };
                Some((status, Some(Bill::new(usage, &evidence))))
            }
            // ECHILD: somebody else reaped it (SIGCHLD is ignored, or a foreign waitpid(-1)). It
            // is gone, and how it went cannot be known.
            Err(_) => Some((ExitStatus::Code(0), None)),
        }
    }

    /// Its figures at this moment; `None` once it has been reaped. A look counts for its peak.
    pub fn vitals(&self) -> Option<Vitals> {
        // Not reaped, so that the pid is its own.
        let pid = self.watch.borrow().as_ref()?.pid();
        let vitals = proc::vitals(pid)?;
        let Some(memory) = proc::memory(pid) else { return Some(vitals) };
        let evidence = self.evidence.get();
        let sampled = evidence.sampled.max(memory.peak);
        self.evidence.set(Evidence { sampled, ..evidence });
        Some(Vitals { rss: memory.rss, ..vitals })
    }

    /// To be called after `try_exit` gave a status, when the descriptor is out of the reactor's
    /// set: from now on there is nothing to signal.
    pub fn forget(&self) {
        self.watch.replace(None);
    }

    /// Gives the watch away, for a reaper that outlives this environment.
    pub fn into_orphan(&self) -> Option<ExitWatch> {
        self.watch.take()
    }

    /// Ends a child whose exit cannot be waited for; see `new`.
    pub fn abandon(&self) {
        if let Some(watch) = self.watch.take() {
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
        self.watch.borrow().is_some()
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        let watch = self.watch.borrow();
        f(watch.as_ref().map(ExitWatch::fd))
    }
}
