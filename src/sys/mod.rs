//! The platform switch. Everything that talks to the kernel or to libuv lives below here, and
//! nothing below here knows Node-API. A second platform is a new folder beside `linux`
//! and one line in this file; what the layers above may use is what this file re-exports.

#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod imp;

#[cfg(not(target_os = "linux"))]
compile_error!("sprog is native on Linux only; elsewhere the package runs on Node's own module");

pub mod loan;
pub mod unwind;

pub use imp::{
    append, environ, epoll, exit, exit_hook, fd, launcher, memory, memory_file, pidfd, poll, proc,
    restrictions, settings, shared, signal, socket, spawn, uv,
};
