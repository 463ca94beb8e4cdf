//! Node-API. One class, `Environment`, holds everything that belongs to a JS environment (the
//! main thread's, or a worker's); its methods are split by concern over the files here. Failures
//! of system calls are answered as a negative errno: JS makes the error and decides whether to
//! throw it or to emit it.

mod ahead;
mod capture;
mod channel;
mod environment;
mod extras;
// In the unit tests nothing is registered with Node, and this is used by nobody.
#[cfg(not(test))]
mod facts;
mod guard;
mod half_close;
mod handle;
mod kill;
mod limits;
mod raw;
mod shared;
mod spawn;
mod stream;
mod sync;
mod tree;
mod uncaught;
mod vitals;

use std::io;

/// As the addon is loaded, before any thread of ours is there.
#[cfg(not(test))]
#[napi_derive::module_init]
fn init() {
    crate::sys::unwind::contain((), || {
        if !crate::sys::settings::settings().uses_pidfds {
            sprog_tree::do_without_pidfds();
        }
    });
}

/// `-errno`, as Node's own handles answer.
fn negative_errno(error: &io::Error) -> i32 {
    -error.raw_os_error().unwrap_or(libc::EIO)
}

/// 0, or `-errno`.
fn status(result: io::Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => negative_errno(&error),
    }
}
