//! Signals to children: now, and at their time.

use std::time::Duration;

use napi_derive::napi;

use super::environment::Environment;
use super::handle::Handle;
use super::status;
use super::tree::Tree;
use crate::deadlines::{self, Strike};
use crate::process::{self, FORCED, TIMED_OUT};

#[napi]
impl Environment {
    /// Sends a signal to a child; 0 probes.
    #[napi(catch_unwind)]
    pub fn kill(&self, token: u32, signal: i32) -> i32 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Child(child)) => status(child.kill(signal)),
            _ => -libc::ESRCH,
        }
    }

    /// Has what `killLater` needs in place, so that it cannot fail: 0, or `-errno`.
    #[napi(catch_unwind)]
    pub fn get_ready_to_kill_later(&self) -> i32 {
        status(deadlines::get_ready())
    }

    /// Sends a child `signal` after `timeout` milliseconds, and SIGKILL `force_after` milliseconds
    /// later, if it has not ended by then; a negative time leaves that part out. Whatever this
    /// thread does meanwhile.
    #[napi(catch_unwind)]
    pub fn kill_later(&self, token: u32, signal: i32, timeout: f64, force_after: f64) -> i32 {
        let handle = self.inner.reactor.get(token);
        let Some(Handle::Child(child)) = handle.as_deref() else { return -libc::ESRCH };
        status(child.strike_at(strikes(signal, timeout, force_after)))
    }

    /// As `killLater`, with all of the child's tree. The timeout is over when the child has exited;
    /// SIGKILL goes to whoever is left of the tree, then too. A negative token: it has exited already.
    #[napi(catch_unwind)]
    pub fn kill_tree_later(
        &self,
        tree: &Tree,
        token: i32,
        signal: i32,
        timeout: f64,
        force_after: f64,
    ) -> i32 {
        let handle = u32::try_from(token).ok().and_then(|token| self.inner.reactor.get(token));
        let strikes = strikes(signal, timeout, force_after);
        status(match handle.as_deref() {
            Some(Handle::Child(child)) => child.strike_tree_at(&tree.tree, strikes),
            _ => process::strike_rest_at(&tree.tree, strikes),
        })
    }

    /// What `killLater` has done to a child by now: 1 the timeout's signal was sent, 2 SIGKILL. Of a
    /// child that has exited, during its `Exit` event.
    #[napi(catch_unwind)]
    pub fn late_kills(&self, token: u32) -> u32 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Child(child)) => child.struck(),
            _ => self.inner.struck.get(),
        }
    }
}

fn strikes(signal: i32, timeout: f64, force_after: f64) -> Vec<Strike> {
    let mut strikes = Vec::with_capacity(2);
    if timeout >= 0.0 {
        strikes.push(Strike { after: duration(timeout), signal, mark: TIMED_OUT });
    }
    if force_after >= 0.0 {
        let after = duration(force_after);
        strikes.push(Strike { after, signal: libc::SIGKILL, mark: FORCED });
    }
    strikes
}

/// A time too long for the type is one that never comes.
fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::MAX)
}
