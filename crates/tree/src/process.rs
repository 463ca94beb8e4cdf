//! One process, held so that no other can be taken for it: by a pidfd that is opened first and
//! compared with what was meant afterwards.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};

use crate::Identity;
use crate::proc::Proc;
use crate::sys::{self, is_refused};

pub struct Process {
    identity: Identity,
    /// `None` before Linux 5.3.
    pidfd: Option<OwnedFd>,
}

impl Process {
    /// `None` where the process is gone: whoever has its number now started at another time.
    pub fn open(proc: &mut Proc, identity: Identity) -> io::Result<Option<Process>> {
        let Some(pid) = Pid::from_raw(identity.pid) else { return Ok(None) };
        let pidfd = if DOES_WITHOUT_PIDFDS.load(Ordering::Relaxed) {
            None
        } else {
            match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
                Ok(fd) => Some(fd),
                Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => None,
                Err(rustix::io::Errno::SRCH | rustix::io::Errno::INVAL) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        };
        let process = Process { identity, pidfd };
        Ok(process.is_there(proc)?.then_some(process))
    }

    /// Whether it is there still, alive or not yet reaped.
    fn is_there(&self, proc: &mut Proc) -> io::Result<bool> {
        let stat = proc.stat(self.identity.pid)?;
        Ok(stat.is_some_and(|stat| stat.identity == self.identity))
    }

    fn has_ended(&self, proc: &mut Proc) -> io::Result<bool> {
        let stat = proc.stat(self.identity.pid)?;
        Ok(stat.is_none_or(|stat| stat.identity != self.identity || stat.is_dead()))
    }

    /// Sends a signal. `Ok(false)`: it was gone. Without pidfds the number is looked at again just
    /// before; between the two it could change hands, which takes a whole round of all pids.
    pub fn send(&self, proc: &mut Proc, signal: i32) -> io::Result<bool> {
        let by_pidfd = self.pidfd.as_ref().map(|fd| sys::send_by_pidfd(fd.as_fd(), signal));
        self.conclude(proc, signal, by_pidfd)
    }

    /// What came of a signal by the pidfd; `None`: there is none. A sandbox older than the call (Linux 5.1)
    /// answers what it does not know with ENOSYS or EPERM, though it knew the one that opened the pidfd.
    /// Then it is sent by number, and where it is the process that may not be signalled, that says
    /// EPERM, too.
    fn conclude(
        &self,
        proc: &mut Proc,
        signal: i32,
        by_pidfd: Option<io::Result<()>>,
    ) -> io::Result<bool> {
        let sent = match by_pidfd {
            Some(sent) if !sent.as_ref().is_err_and(is_refused) => sent,
            _ if !self.is_there(proc)? => return Ok(false),
            _ => sys::send_by_pid(self.identity.pid, signal),
        };
        match sent {
            Ok(()) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// How often processes without pidfds are looked at while they are waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until all of them have ended, at most until the deadline (`None`: for ever). A process
/// that nobody has reaped yet has ended.
pub fn wait_for_all(
    mut processes: Vec<Process>,
    proc: &mut Proc,
    deadline: Option<Instant>,
) -> io::Result<()> {
    while !processes.is_empty() {
        let ended = wait_for_some(&processes, deadline)?;
        let mut left = Vec::with_capacity(processes.len());
        for (process, ended) in processes.into_iter().zip(ended) {
            let by_pidfd = process.pidfd.is_some();
            if !ended && (by_pidfd || !process.has_ended(proc)?) {
                left.push(process);
            }
        }
        processes = left;
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
    }
    Ok(())
}

/// Which ones have ended, as far as pidfds tell, once some have or it is time to look.
fn wait_for_some(processes: &[Process], deadline: Option<Instant>) -> io::Result<Vec<bool>> {
    let mut left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    if processes.iter().any(|process| process.pidfd.is_none()) {
        left = Some(left.map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY)));
    }
    // A time too long for the kernel is no limit.
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    let mut polled: Vec<PollFd<'_>> = processes
        .iter()
        .filter_map(|process| process.pidfd.as_ref())
        .map(|fd| PollFd::new(fd, PollFlags::IN))
        .collect();
    match rustix::event::poll(&mut polled, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let mut polled = polled.iter();
    let ended = |process: &Process| {
        process.pidfd.is_some() && polled.next().is_some_and(|fd| !fd.revents().is_empty())
    };
    Ok(processes.iter().map(ended).collect())
}

static DOES_WITHOUT_PIDFDS: AtomicBool = AtomicBool::new(false);

/// Has this program do without pidfds, as on an old kernel.
pub fn do_without_pidfds() {
    DOES_WITHOUT_PIDFDS.store(true, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errno: i32) -> Option<io::Result<()>> {
        Some(Err(io::Error::from_raw_os_error(errno)))
    }

    #[test]
    fn a_refused_call_is_made_up_for_by_number() {
        let mut proc = Proc::open().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id().cast_signed();
        let identity = proc.stat(pid).unwrap().unwrap().identity;
        let process = Process::open(&mut proc, identity).unwrap().unwrap();
        for errno in [libc::EPERM, libc::ENOSYS] {
            assert!(process.conclude(&mut proc, 0, refused(errno)).unwrap());
        }
        assert!(!process.conclude(&mut proc, 0, refused(libc::ESRCH)).unwrap());
        assert!(process.conclude(&mut proc, 0, refused(libc::EINVAL)).is_err());
        // Not to whoever has the number now.
        let another = Identity { start_time: identity.start_time + 1, ..identity };
        let another = Process { identity: another, pidfd: None };
        assert!(!another.conclude(&mut proc, libc::SIGKILL, refused(libc::EPERM)).unwrap());
        assert!(child.try_wait().unwrap().is_none());
        assert!(process.conclude(&mut proc, libc::SIGKILL, refused(libc::EPERM)).unwrap());
        child.wait().unwrap();
        assert!(!process.conclude(&mut proc, 0, refused(libc::EPERM)).unwrap());
    }
}
