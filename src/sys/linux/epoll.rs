//! One epoll set: register, change, delete, wait. Level-triggered only.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

/// What a source wants to hear of, and what it heard. HUP and ERR are always reported by the
/// kernel, whatever was asked for: a source that wants nothing must be deleted, not masked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    pub read: bool,
    pub write: bool,
}

impl Interest {
    pub fn is_empty(self) -> bool {
        !self.read && !self.write
    }

    fn flags(self) -> EventFlags {
        let mut flags = EventFlags::empty();
        flags.set(EventFlags::IN, self.read);
        flags.set(EventFlags::OUT, self.write);
        flags
    }
}

/// One ready source: the key it was registered under, and what it is ready for. A hang-up or an
/// error counts as ready for both: the next system call tells which it was.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    pub key: u64,
    pub read: bool,
    pub write: bool,
    /// A hang-up or an error.
    pub broken: bool,
    /// A hang-up: nobody writes to it any more.
    pub hung_up: bool,
}

pub struct Epoll {
    fd: OwnedFd,
}

impl Epoll {
    pub fn new() -> io::Result<Epoll> {
        Ok(Epoll { fd: epoll::create(CreateFlags::CLOEXEC)? })
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    pub fn add(&self, source: BorrowedFd<'_>, key: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.fd, source, EventData::new_u64(key), interest.flags())?)
    }

    pub fn modify(&self, source: BorrowedFd<'_>, key: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.fd, source, EventData::new_u64(key), interest.flags())?)
    }

    pub fn delete(&self, source: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.fd, source)?)
    }

    /// What is ready now, at most 256 sources; never blocks. The kernel moves a level-triggered
    /// entry that it reported to the tail, so nobody starves.
    pub fn poll(&self, out: &mut Vec<Ready>) -> io::Result<()> {
        self.collect(out, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    /// The same, but blocks this thread until something is ready.
    pub fn wait(&self, out: &mut Vec<Ready>) -> io::Result<()> {
        self.collect(out, None)
    }

    fn collect(&self, out: &mut Vec<Ready>, timeout: Option<&Timespec>) -> io::Result<()> {
        let mut events =
            [epoll::Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; MAX_EVENTS];
        let count = super::fd::retry(|| epoll::wait(&self.fd, &mut events, timeout))?;
        out.clear();
        for event in events.iter().take(count) {
            let flags = event.flags;
            let broken = flags.intersects(EventFlags::HUP | EventFlags::ERR);
            out.push(Ready {
                key: event.data.u64(),
                read: broken || flags.contains(EventFlags::IN),
                write: broken || flags.contains(EventFlags::OUT),
                broken,
                hung_up: flags.contains(EventFlags::HUP),
            });
        }
        Ok(())
    }
}

const MAX_EVENTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn reports_readiness_until_deleted() {
        let set = Epoll::new().unwrap();
        let (a, b) = crate::sys::socket::pair().unwrap();
        set.add(a.as_fd(), 42, Interest { read: true, write: false }).unwrap();
        let mut out = Vec::new();
        set.poll(&mut out).unwrap();
        assert!(out.is_empty());
        rustix::io::write(&b, b"x").unwrap();
        set.poll(&mut out).unwrap();
        assert_eq!((out[0].key, out[0].read, out[0].write), (42, true, false));
        set.delete(a.as_fd()).unwrap();
        set.poll(&mut out).unwrap();
        assert!(out.is_empty());
    }
}
