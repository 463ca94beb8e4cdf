//! How programs are started and watched on this machine, for whoever wants to know (`npx sprog doctor`).

use napi_derive::napi;

use super::status;
use crate::sys::{memory_file, pidfd, spawn};

/// What this process uses of the kernel. Errors are `-errno`.
#[napi(object)]
pub struct Facts {
    /// Whether a child shares our memory until exec; else it is started on a copy.
    pub shares_memory: bool,
    /// 0 where children are watched by pidfds; else threads wait for them.
    pub pidfd: i32,
    /// 0 where files can be made that exist in memory alone.
    pub memfd: i32,
}

/// Finds out by trying.
#[napi(catch_unwind)]
pub fn facts() -> Facts {
    Facts {
        shares_memory: spawn::memory_is_shared(),
        pidfd: status(pidfd::probe()),
        memfd: status(memory_file::probe()),
    }
}
