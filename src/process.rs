//! A child: killed only while it is ours to kill, exited exactly once, and billed then. Its streams and
//! its channel are sources of their own.

mod target;
mod whole_tree;

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::bill::{Bill, Evidence};
use crate::deadlines::{self, Deadline, Strike, Victim};
use crate::guard::Ward;
use crate::limits::Groups;
use crate::sys::exit::{self, ExitStatus, ExitWatch};
use crate::sys::proc::{self, Vitals};
use crate::sys::spawn::Spawned;
use crate::tree::Tree;
use target::Target;
use whole_tree::WholeTree;

/// What has been done to a child at its deadlines; see [`Child::struck`].
pub const TIMED_OUT: u32 = 1;
pub const FORCED: u32 = 2;

pub struct Child {
    target: Arc<Target>,
    /// What is to happen to the child at its time, if it has not ended by then.
    deadlines: RefCell<Vec<Deadline>>,
    struck: Arc<AtomicU32>,
    /// The same of its tree, where that is what is struck.
    tree_struck: OnceCell<Arc<AtomicU32>>,
    referenced: Cell<bool>,
    evidence: Cell<Evidence>,
    /// Let go of with the child, and removed when the last process in them has ended.
    groups: RefCell<Groups>,
    /// Where it is to die with this process.
    ward: RefCell<Option<Ward>>,
}

impl Child {
    /// Watches what was just started. If that cannot be (no descriptor, no thread), the child is
    /// ended again: a child that nobody can wait for must not run.
    pub fn new(spawned: Spawned, groups: Groups) -> io::Result<Child> {
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd)
            .inspect_err(|_| exit::kill_and_reap(spawned.pid))?;
        Ok(Child {
            target: Arc::new(Target::new(watch)),
            deadlines: RefCell::default(),
            struck: Arc::default(),
            tree_struck: OnceCell::new(),
            referenced: Cell::new(true),
            evidence: Cell::new(Evidence {
                before: spawned.peak_before,
                launched: spawned.launched,
                ..Evidence::default()
            }),
            groups: RefCell::new(groups),
            ward: RefCell::default(),
        })
    }

    /// Keeps what tells the guard of the child's end.
    pub fn keep(&self, ward: Ward) {
        self.ward.replace(Some(ward));
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

    /// As `strike_at`, with all descendants. A timeout is over when the child exits; what follows a
    /// signal that was sent by then reaches those that live on.
    pub fn strike_tree_at(&self, tree: &Arc<Tree>, strikes: Vec<Strike>) -> io::Result<()> {
        self.tree_struck.get_or_init(|| Arc::clone(tree.struck()));
        let root = Arc::clone(&self.target);
        if strikes.first().is_none_or(|strike| strike.mark != TIMED_OUT) {
            return strike_ending(WholeTree::ending(Arc::clone(tree), Some(root)), tree, strikes);
        }
        let victim: Arc<dyn Victim> = Arc::new(WholeTree::running(Arc::clone(tree), root));
        let deadline = deadlines::arm(&victim, strikes, tree.struck())?;
        self.deadlines.borrow_mut().push(deadline.kept_once_begun());
        Ok(())
    }

    /// The marks of the strikes that hit the child while it ran: `TIMED_OUT`, `FORCED`.
    pub fn struck(&self) -> u32 {
        let of_tree = self.tree_struck.get().map_or(0, |struck| struck.load(Ordering::Acquire));
        self.struck.load(Ordering::Acquire) | of_tree
    }

    /// The exit, once: the status if the child has ended, and then it is reaped; and its bill.
    pub fn try_exit(&self) -> Option<(ExitStatus, Option<Bill>)> {
        let (status, usage) = self.target.try_exit()?;
        self.deadlines.take();
        let bill = usage.map(|usage| {
            let groups = self.groups.take().figures();
            Bill::new(usage, &Evidence { groups, ..self.evidence.get() })
        });
        Some((status, bill))
    }

    /// Its figures at this moment; `None` once it has been reaped. A look counts for its peak.
    pub fn vitals(&self) -> Option<Vitals> {
        // Not reaped, so that the pid is its own.
        let pid = self.target.pid()?;
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
        self.target.forget();
        self.ward.replace(None);
    }

    /// Gives the child away, to a reaper that outlives this environment. Its deadlines stand.
    pub fn into_orphan(&self) -> Orphan {
        let deadlines = self.deadlines.take();
        let ward = self.ward.take();
        Orphan { target: Arc::clone(&self.target), _deadlines: deadlines, _ward: ward }
    }

    /// Ends a child whose exit cannot be waited for; see `new`.
    pub fn abandon(&self) {
        if let Some(watch) = self.target.forget() {
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
        self.target.with_fd(|fd| fd.is_some())
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        self.target.with_fd(f)
    }
}

/// As [`Child::strike_tree_at`], for a tree whose child has exited, and which was sent a signal.
pub fn strike_rest_at(tree: &Arc<Tree>, strikes: Vec<Strike>) -> io::Result<()> {
    strike_ending(WholeTree::ending(Arc::clone(tree), None), tree, strikes)
}

/// Nobody has to cancel it: it finds nobody, where all have ended.
fn strike_ending(ending: WholeTree, tree: &Tree, strikes: Vec<Strike>) -> io::Result<()> {
    let victim: Arc<dyn Victim> = Arc::new(ending);
    deadlines::arm(&victim, strikes, tree.struck())?.detach();
    Ok(())
}

/// A child without an environment.
pub struct Orphan {
    target: Arc<Target>,
    /// Cancelled with the orphan.
    _deadlines: Vec<Deadline>,
    /// To be dropped when the child has been reaped.
    _ward: Option<Ward>,
}

impl Orphan {
    /// Whether it has ended, and then it is reaped.
    pub fn try_exit(&self) -> Option<ExitStatus> {
        self.target.try_exit().map(|(status, _)| status)
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        self.target.with_fd(f)
    }
}
