//! Figures of a running process for JS, by its pid, or of a child.

use napi_derive::napi;

use super::environment::Environment;
use super::handle::Handle;
use crate::sys::proc::{self, Vitals};

/// A process at one moment.
#[napi(object, object_from_js = false)]
pub struct ProcessVitals {
    /// The letter that ps shows: 'R', 'S', 'D', 'T' (stopped), 't' (traced), 'Z', ...
    pub state: String,
    /// CPU time in microseconds, in steps of 10 ms.
    pub user: f64,
    pub system: f64,
    /// The same of its children that have ended and were waited for.
    pub waited_user: f64,
    pub waited_system: f64,
    pub threads: u32,
    /// Bytes.
    pub rss: f64,
}

#[napi]
impl Environment {
    /// What /proc tells of a process, or null where there is no such process.
    #[napi(catch_unwind)]
    pub fn process_vitals(&self, pid: i32) -> Option<ProcessVitals> {
        proc::vitals(pid).map(ProcessVitals::from)
    }

    /// The same of a child, by its token; null once it has been reaped.
    #[napi(catch_unwind)]
    pub fn child_vitals(&self, token: u32) -> Option<ProcessVitals> {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Child(child)) => child.vitals().map(ProcessVitals::from),
            _ => None,
        }
    }
}

impl From<Vitals> for ProcessVitals {
    fn from(vitals: Vitals) -> ProcessVitals {
        ProcessVitals {
            state: char::from(vitals.state).to_string(),
            user: vitals.user as f64,
            system: vitals.system as f64,
            waited_user: vitals.waited_user as f64,
            waited_system: vitals.waited_system as f64,
            threads: vitals.threads,
            rss: vitals.rss as f64,
        }
    }
}
