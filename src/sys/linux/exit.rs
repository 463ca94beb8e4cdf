//! Watching one child for its end: a descriptor that turns readable when the child has exited,
//! and the reaping itself. A pidfd where the kernel has them (5.3); else a thread that waits
//! without reaping and then writes to an eventfd. Either way only `reap` reaps, and whoever shares a
//! watch between threads lets none of them signal meanwhile (`crate::process`): so no signal reaches a
//! reused pid.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use rustix::process::{Pid, WaitId, WaitIdOptions};
use sprog_tree::{is_refused, send_by_pid, send_by_pidfd};

use super::pidfd;
use super::wait::{self, Whose};

pub use super::wait::Usage;

/// How a child ended: a code, or the signal that killed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Code(i32),
    Signal(i32),
}

pub struct ExitWatch {
    pid: Pid,
    means: Means,
}

enum Means {
    Pidfd(OwnedFd),
    Waiter(Arc<OwnedFd>),
}

impl ExitWatch {
    /// Watches a child of this process that nobody else reaps. `pidfd` is what clone returned;
    /// without one a pidfd is opened, and without those a thread waits.
    pub fn new(pid: i32, pidfd: Option<OwnedFd>) -> io::Result<ExitWatch> {
        let pid = Pid::from_raw(pid).ok_or(io::Error::from_raw_os_error(libc::ESRCH))?;
        let means = match pidfd.or_else(|| pidfd::open(pid).ok()).filter(waitable) {
            Some(fd) => Means::Pidfd(fd),
            None => Means::Waiter(start_waiter(pid)?),
        };
        Ok(ExitWatch { pid, means })
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// The descriptor to poll for readability.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match &self.means {
            Means::Pidfd(fd) => fd.as_fd(),
            Means::Waiter(fd) => fd.as_fd(),
        }
    }

    /// Whether the child has ended. It may be reaped already.
    pub fn has_ended(&self) -> bool {
        super::poll::is_readable(self.fd())
    }

    /// The status if the child has ended, and then it is reaped: ask no more.
    pub fn reap(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.reap_with_usage()?.map(|(status, _)| status))
    }

    /// The same, with what it used.
    pub fn reap_with_usage(&self) -> io::Result<Option<(ExitStatus, Usage)>> {
        wait::reap(match &self.means {
            Means::Pidfd(fd) => Whose::Pidfd(fd.as_fd()),
            // Before Linux 5.4 waitid knows no pidfds; the pid is ours until reaped.
            Means::Waiter(_) => Whose::Pid(self.pid()),
        })
    }

    /// Sends a signal to the child, which is not reaped while this value is in use.
    pub fn kill(&self, number: i32) -> io::Result<()> {
        match &self.means {
            Means::Pidfd(fd) => match send_by_pidfd(fd.as_fd(), number) {
                // A sandbox older than the call (Linux 5.1) refuses what it does not know, while the
                // clone that made the pidfd went through. Where it is the child that may not be
                // signalled, kill says so too.
                Err(error) if is_refused(&error) => send_by_pid(self.pid(), number),
                sent => sent,
            },
            Means::Waiter(_) => send_by_pid(self.pid(), number),
        }
    }
}

/// Ends a child that cannot be watched, so that neither it nor a zombie is left.
pub fn kill_and_reap(pid: i32) {
    let _ = send_by_pid(pid, libc::SIGKILL);
    reap_ended(pid);
}

/// Reaps a child that has ended or is about to.
pub(super) fn reap_ended(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let wait = || rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED);
        let _ = super::fd::retry(wait);
    }
}

/// Whether waitid takes pidfds: clone has them from Linux 5.2, pidfd_open from 5.3, but P_PIDFD
/// came in 5.4. A kernel without answers EINVAL; only that is remembered as a no.
fn waitable(fd: &OwnedFd) -> bool {
    static WAITABLE: OnceLock<bool> = OnceLock::new();
    *WAITABLE.get_or_init(|| {
        let probe = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let answer = rustix::process::waitid(WaitId::PidFd(fd.as_fd()), probe);
        answer.err() != Some(rustix::io::Errno::INVAL)
    })
}

fn start_waiter(pid: Pid) -> io::Result<Arc<OwnedFd>> {
    let done = Arc::new(super::fd::wake_up_counter()?);
    let signal_end = Arc::clone(&done);
    std::thread::Builder::new().name("sprog-wait".into()).stack_size(64 * 1024).spawn(
        move || {
            super::signal::block_for_helper_thread();
            // NOWAIT leaves the zombie for `reap`, so that the pid cannot be reused before.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = super::fd::retry(|| rustix::process::waitid(WaitId::Pid(pid), options));
            let _ = super::fd::wake_up(&signal_end);
        },
    )?;
    Ok(done)
}
