//! Linux: rustix behind the few names that the layers above need, and raw calls, libc's and libuv's,
//! where it has none. A file with such calls allows unsafe code for itself.

pub mod append;
mod busy;
mod clone3;
mod cstrings;
pub mod environ;
pub mod epoll;
pub mod exit;
pub mod exit_hook;
mod extras;
pub mod fd;
mod glibc;
pub mod launcher;
mod lookup;
pub mod memory;
pub mod memory_file;
pub mod pidfd;
pub mod poll;
pub mod proc;
pub mod restrictions;
pub mod settings;
pub mod shared;
pub mod signal;
pub mod socket;
pub mod spawn;
mod stack;
mod step;
mod syscall;
pub mod uv;
mod vfork;
mod wait;
