//! Trees for JS: an object for each, and the end of one as a job.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use napi::Error;
use napi_derive::napi;
use sprog_tree::{Member, Options, Report};

use super::environment::Environment;
use super::handle::Handle;
use super::{negative_errno, status};
use crate::job::Job;
use crate::tree;

/// A child and all its descendants. Opened before the child is started.
#[napi]
pub struct Tree {
    pub(super) tree: Arc<tree::Tree>,
}

#[napi]
impl Tree {
    /// What the processes carry in the environment variable SPROG_TREE.
    #[napi(getter, catch_unwind)]
    pub fn marker(&self) -> String {
        self.tree.marker().to_string()
    }

    /// Its control group; null where it is walked.
    #[napi(getter, catch_unwind)]
    pub fn group(&self) -> Option<String> {
        Some(self.tree.group()?.to_string_lossy().into_owned())
    }

    /// The child runs. 0, or `-errno`.
    #[napi(catch_unwind)]
    pub fn started(&self, pid: i32) -> i32 {
        status(self.tree.started(pid))
    }

    /// Sends a signal to all; 0 probes. How many got it; or `-errno`, EPERM where nobody may be
    /// signalled.
    #[napi(catch_unwind)]
    pub fn signal(&self, signal: i32) -> i32 {
        match self.tree.signal(signal) {
            Ok(sent) if sent.count == 0 && sent.denied > 0 => -libc::EPERM,
            Ok(sent) => i32::try_from(sent.count).unwrap_or(i32::MAX),
            Err(error) => negative_errno(&error),
        }
    }

    /// The pids of all that have not ended; null where that cannot be found out.
    #[napi(catch_unwind)]
    pub fn members(&self) -> Option<Vec<i32>> {
        self.tree.members().ok()
    }

    /// What `killTreeLater` has done to it by now: 1 the timeout's signal was sent, 2 SIGKILL.
    #[napi(catch_unwind)]
    pub fn late_kills(&self) -> u32 {
        self.tree.struck().load(Ordering::Acquire)
    }

    /// The child has exited, or was not started: nothing is to stay of the tree once it is empty.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.tree.release();
    }
}

#[napi]
impl Environment {
    /// `mode` is `cgroup` or `walk`; anything else leaves the choice to us. Throws an error whose
    /// code is an errno, as text, where there can be no tree.
    #[napi(catch_unwind)]
    pub fn open_tree(&self, mode: Option<String>) -> Result<Tree, Error<String>> {
        let opened = tree::Tree::open(tree::Mode::named(mode.as_deref().unwrap_or_default()));
        let tree = opened.map_err(|error| {
            Error::new((-negative_errno(&error)).to_string(), error.to_string())
        })?;
        Ok(Tree { tree: Arc::new(tree) })
    }

    /// Ends a tree off this thread: `signal`, then `grace` milliseconds later SIGKILL. The token of
    /// a job, or `-errno`. Its outcome is a list, each element ended by a NUL: an errno, or 0;
    /// `escalated` or nothing; how many have ended; pid and command of each; pid and command of each
    /// that lives on, as it may not be signalled.
    #[napi(catch_unwind)]
    pub fn end_tree(&self, tree: &Tree, signal: i32, grace: f64) -> i32 {
        match self.start_end(tree, options(signal, grace)) {
            Ok(token) => token,
            Err(error) => negative_errno(&error),
        }
    }

    fn start_end(&self, tree: &Tree, options: Options) -> io::Result<i32> {
        let (job, worker) = Job::new()?;
        let token = self.inner.reactor.insert(Rc::new(Handle::Job(job)));
        self.inner
            .reactor
            .update(token)
            .and_then(|()| tree.tree.end(options, move |ended| worker.finish(to_text(ended))))
            .inspect_err(|_| drop(self.inner.reactor.remove(token)))?;
        Ok(token.cast_signed())
    }
}

fn options(signal: i32, grace: f64) -> Options {
    // Not a number, or longer than can be said: for ever.
    let grace = Duration::try_from_secs_f64(grace / 1000.0).unwrap_or(Duration::MAX);
    Options { signal, grace }
}

fn to_text(ended: io::Result<Report>) -> String {
    let report = match ended {
        Ok(report) => report,
        Err(error) => return format!("{}\0", -negative_errno(&error)),
    };
    let escalated = if report.escalated { "escalated" } else { "" };
    let mut text = format!("0\0{escalated}\0{}\0", report.ended.len());
    for Member { pid, command } in report.ended.iter().chain(&report.remaining) {
        text.push_str(&format!("{pid}\0{command}\0"));
    }
    text
}
