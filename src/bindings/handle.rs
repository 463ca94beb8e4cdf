//! What a token can stand for, as one kind of source for the reactor.

use std::os::fd::BorrowedFd;

use super::raw::KeptBuffer;
use crate::channel;
use crate::job::Job;
use crate::process::Child;
use crate::reactor::Source;
use crate::stream;
use crate::sys::epoll::Interest;

/// A channel, whose big messages are read into Buffers.
pub type Channel = channel::Channel<KeptBuffer>;

/// A stream, whose fast reads go into Buffers.
pub type Stream = stream::Stream<KeptBuffer>;

pub enum Handle {
    Child(Child),
    Stream(Stream),
    Channel(Channel),
    Job(Job),
}

impl Source for Handle {
    fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        match self {
            Handle::Child(child) => child.with_fd(f),
            Handle::Stream(stream) => stream.with_fd(f),
            Handle::Channel(channel) => channel.with_fd(f),
            Handle::Job(job) => f(Some(job.fd())),
        }
    }

    fn interest(&self) -> Interest {
        match self {
            Handle::Child(child) => Interest { read: child.is_running(), write: false },
            Handle::Stream(stream) => {
                Interest { read: stream.is_reading(), write: stream.is_waiting_to_write() }
            }
            Handle::Channel(channel) => {
                Interest { read: channel.is_reading(), write: channel.is_waiting_to_write() }
            }
            Handle::Job(_) => Interest { read: true, write: false },
        }
    }

    /// As libuv: a handle counts while it is active and referenced, a write under way always.
    fn holds_loop(&self) -> bool {
        match self {
            Handle::Child(child) => child.has_ref() && child.is_running(),
            Handle::Stream(stream) => {
                (stream.has_ref() && stream.is_reading()) || stream.is_waiting_to_write()
            }
            Handle::Channel(channel) => {
                (channel.has_ref() && channel.is_reading()) || channel.is_waiting_to_write()
            }
            Handle::Job(_) => true,
        }
    }

    fn is_served_last(&self) -> bool {
        matches!(self, Handle::Child(_))
    }
}
