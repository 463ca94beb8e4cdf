//! The guard program. The addon starts it in a session of its own, in /, with /dev/null as its standard
//! streams and the socket as descriptor 3; nobody else has a use for it.

#[path = "sys/glibc.rs"]
mod glibc;

use std::process::ExitCode;

use sprog_guard::link::Link;
use sprog_guard::{sys, watch};

fn main() -> ExitCode {
    sys::ignore_signals();
    let Ok(socket) = sys::adopt_socket() else {
        eprintln!("sprog-guard: started by sprog only");
        return ExitCode::FAILURE;
    };
    sys::close_inherited();
    // /proc/PID/comm would be the number of a descriptor: the last part of the path to a memfd.
    let _ = rustix::thread::set_name(c"sprog-guard");
    watch::watch(Link::new(socket));
    ExitCode::SUCCESS
}
