//! The session that this process is in.

/// Its number: the pid of the process that opened it. `None`: opened outside of our pid namespace.
pub fn own() -> Option<i32> {
    rustix::process::getsid(None).ok().map(|session| session.as_raw_nonzero().get())
}
