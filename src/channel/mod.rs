//! The IPC channel: one end of a socketpair, messages in by [`frame`], messages out by
//! [`outbox`]. What a message means is decided in JS, which also says whether a descriptor belongs
//! to it; here only the edges of messages are known, and which descriptors came with them.

mod delivery;
pub mod dialect;
pub mod frame;
mod large;
pub mod literals;
pub mod outbox;
mod sink;
pub mod spare;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use crate::reactor::Served;
use crate::sys::{fd, socket};
use dialect::Peer;
use frame::{Inbox, Wire};
use large::Large;
use outbox::Outbox;
pub use sink::Sink;

const WAKE_UP_BYTES: usize = 1024 * 1024;
const WAKE_UP_READS: usize = 32;
/// Messages cost by their number too, those that do not parse most of all.
const WAKE_UP_MESSAGES: usize = 16 * 1024;

/// Descriptors that may wait for the rest of their message. Node's own sender has at most one on
/// the way; what is beyond is closed.
const MAX_WAITING_DESCRIPTORS: usize = 16;

pub struct Channel<B> {
    wire: Wire,
    peer: Cell<Peer>,
    fd: RefCell<Option<Arc<OwnedFd>>>,
    inbox: RefCell<Inbox>,
    /// The message under way, if it is a big one; then the inbox is empty.
    large: RefCell<Option<Box<Large<B>>>>,
    /// What came with the messages that are being delivered, or with the one that is not whole.
    descriptors: RefCell<VecDeque<OwnedFd>>,
    outbox: Arc<Outbox>,
    reading: Cell<bool>,
    waiting_to_write: Cell<bool>,
    referenced: Cell<bool>,
}

impl<B: AsMut<[u8]>> Channel<B> {
    pub fn new(wire: Wire, fd: OwnedFd) -> Channel<B> {
        let fd = Arc::new(fd);
        Channel {
            wire,
            peer: Cell::new(Peer::Foreign),
            outbox: Arc::new(Outbox::new(Arc::clone(&fd))),
            fd: RefCell::new(Some(fd)),
            inbox: RefCell::new(Inbox::new(wire)),
            large: RefCell::new(None),
            descriptors: RefCell::default(),
            reading: Cell::new(false),
            waiting_to_write: Cell::new(false),
            referenced: Cell::new(true),
        }
    }

    pub fn wire(&self) -> Wire {
        self.wire
    }

    /// What is known of the other end, before anything of it is read. Lines have no dialect: there it is
    /// of no account.
    pub fn set_peer(&self, peer: Peer) {
        if self.wire == Wire::Length {
            self.peer.set(peer);
        }
    }

    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Ends the channel at a message of more bytes. Not during a delivery.
    pub fn limit_messages(&self, bytes: usize) {
        if let Ok(mut inbox) = self.inbox.try_borrow_mut() {
            inbox.set_limit(bytes);
        }
    }

    /// Bytes of the longest message that is taken.
    pub fn message_limit(&self) -> usize {
        self.inbox.borrow().limit()
    }

    pub fn set_reading(&self, on: bool) {
        self.reading.set(on);
    }

    pub fn is_reading(&self) -> bool {
        self.reading.get()
    }

    pub fn set_waiting_to_write(&self, on: bool) {
        self.waiting_to_write.set(on);
    }

    pub fn is_waiting_to_write(&self) -> bool {
        self.waiting_to_write.get()
    }

    pub fn set_ref(&self, on: bool) {
        self.referenced.set(on);
    }

    pub fn has_ref(&self) -> bool {
        self.referenced.get()
    }

    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        let fd = self.fd.borrow();
        f(fd.as_ref().map(|fd| fd.as_fd()))
    }

    /// The number of the descriptor, for JS; -1 once closed.
    pub fn raw_fd(&self) -> i32 {
        self.fd.borrow().as_ref().map_or(-1, |fd| fd.as_raw_fd())
    }

    /// Closes the descriptor. The channel must be out of the reactor's set by then.
    pub fn close(&self) {
        self.reading.set(false);
        self.waiting_to_write.set(false);
        self.outbox.close();
        self.fd.replace(None);
        self.descriptors.take();
        self.large.take();
    }

    /// The next of the descriptors that came with the messages being delivered. The first goes to
    /// the first message that claims one: the kernel ends a read behind the bytes that a
    /// descriptor rides on, so no later message can have been meant.
    pub fn take_descriptor(&self) -> Option<OwnedFd> {
        self.descriptors.borrow_mut().pop_front()
    }

    /// Whether part of a message has arrived.
    pub fn is_mid_message(&self) -> bool {
        self.large.borrow().is_some() || self.inbox.borrow().pending_bytes() > 0
    }

    /// The texts of the array that is being delivered; empty outside of that.
    pub fn texts(&self) -> Vec<Vec<u8>> {
        self.inbox.borrow().texts().map(<[u8]>::to_vec).collect()
    }

    /// Reads until nothing is left (as far as a short read tells, if `may_stop_short`), the sink
    /// stops it, or this wake-up's share is used up.
    pub fn drain<S: Sink<Buffer = B>>(&self, sink: &S, may_stop_short: bool) -> Served {
        let mut share = WAKE_UP_BYTES;
        let mut messages = WAKE_UP_MESSAGES;
        let mut served = Served::Idle;
        for _ in 0..WAKE_UP_READS {
            if !self.reading.get() || share == 0 || messages == 0 {
                return Served::Fully;
            }
            match self.receive() {
                Ok((0, _)) => return self.finish(sink, None),
                Ok((count, room)) => {
                    share = share.saturating_sub(count);
                    messages = messages.saturating_sub(self.deliver(sink));
                    if self.inbox.borrow().is_overlong() {
                        let error = io::Error::from_raw_os_error(libc::EMSGSIZE);
                        return self.finish(sink, Some(error));
                    }
                    served = Served::Lightly;
                    // The rest of a big message is on its way: worth a look.
                    if may_stop_short && count < room && self.large.borrow().is_none() {
                        return served;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Ok(mut inbox) = self.inbox.try_borrow_mut() {
                        inbox.let_go();
                    }
                    return served;
                }
                Err(error) => return self.finish(sink, Some(error)),
            }
        }
        Served::Fully
    }

    fn finish<S: Sink<Buffer = B>>(&self, sink: &S, error: Option<io::Error>) -> Served {
        self.reading.set(false);
        sink.ended(error);
        Served::Fully
    }

    /// One read: how much came, and how much could have.
    fn receive(&self) -> io::Result<(usize, usize)> {
        let descriptor = self.fd.borrow();
        let descriptor = descriptor.as_ref().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        // In use: an addon turns the loop inside of a delivery. What is there can wait.
        let Ok(mut inbox) = self.inbox.try_borrow_mut() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let mut descriptors = Vec::new();
        let mut large = self.large.borrow_mut();
        let unread = || fd::unread(descriptor.as_fd()).unwrap_or(0);
        let space = large.as_mut().map_or_else(|| inbox.space(), |large| large.space(unread));
        let room = space.len();
        let count = socket::receive_with_descriptors(descriptor, space, &mut descriptors)?;
        match &mut *large {
            Some(large) => large.advance(count),
            None => inbox.advance(count),
        }
        let mut held = self.descriptors.borrow_mut();
        let free = MAX_WAITING_DESCRIPTORS.saturating_sub(held.len());
        held.extend(descriptors.into_iter().take(free));
        Ok((count, room))
    }
}

#[cfg(test)]
mod tests;
