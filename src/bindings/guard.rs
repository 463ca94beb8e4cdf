//! The guard for JS: a tree is enrolled before its first process is started.

use std::io;

use napi_derive::napi;

use super::environment::Environment;
use crate::guard;

/// What became of an enrolment. Without a `ward` there is no guard, and the rest says why.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Enrolled {
    /// The number of the ward, for `SpawnExtras`; 0: none.
    pub ward: f64,
    /// What its first process is to bear in SPROG_TREE, after what is there.
    pub marker: String,
    /// What failed: `'image'`, `'socket'`, `'exec'`, `'ready'`, `'thread'` or `'enrol'`.
    pub step: String,
    /// A negative errno.
    pub errno: i32,
}

#[napi]
impl Environment {
    /// Has the guard watch a tree that is about to be started, in this control group if it has one.
    #[napi(catch_unwind)]
    pub fn enrol(&self, cgroup: Option<String>) -> Enrolled {
        match guard::watch(cgroup.unwrap_or_default().into_bytes()) {
            Ok(guard::Enrolled { ward, marker }) => {
                Enrolled { ward: ward as f64, marker, ..Enrolled::default() }
            }
            Err(guard::Error { step, cause }) => {
                let (step, errno) = (step.to_string(), errno_of(&cause));
                Enrolled { step, errno, ..Enrolled::default() }
            }
        }
    }

    /// Of that ward nothing was started.
    #[napi(catch_unwind)]
    pub fn withdraw(&self, ward: f64) {
        guard::forget(ward as u64);
    }
}

fn errno_of(error: &io::Error) -> i32 {
    let by_kind = match error.kind() {
        io::ErrorKind::TimedOut => libc::ETIMEDOUT,
        io::ErrorKind::UnexpectedEof => libc::EPIPE,
        _ => libc::EIO,
    };
    -error.raw_os_error().unwrap_or(by_kind)
}
