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
use crate::sys::socket;
use dialect::Peer;
use frame::{Inbox, Wire};
use large::Large;
use outbox::Outbox;
pub use sink::Sink;

const WAKE_UP_BYTES: usize = 1024 * 1024;
const WAKE_UP_READS: usize = 32;

/// The longest message that is taken in. A JSON line becomes a JS string, which V8 ends at 512
/// MiB; a longer one could never be delivered, only fill memory.
const MAX_JSON_BYTES: usize = 512 * 1024 * 1024;
const MAX_LENGTH_BYTES: usize = 2 * 1024 * 1024 * 1024;

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

    /// What is known of the other end, before anything of it is read.
    pub fn set_peer(&self, peer: Peer) {
        self.peer.set(peer);
    }

    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
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
        let mut served = Served::Idle;
        for _ in 0..WAKE_UP_READS {
            if !self.reading.get() || share == 0 {
                return Served::Fully;
            }
            match self.receive() {
                Ok((0, _)) => return self.finish(sink, None),
                Ok((count, room)) => {
                    share = share.saturating_sub(count);
                    self.deliver(sink);
                    if self.is_too_long() {
                        let error = io::Error::from_raw_os_error(libc::EMSGSIZE);
                        return self.finish(sink, Some(error));
                    }
                    served = Served::Lightly;
                    if may_stop_short && count < room {
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
        let fd = self.fd.borrow();
        let fd = fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        // In use: an addon turns the loop inside of a delivery. What is there can wait.
        let Ok(mut inbox) = self.inbox.try_borrow_mut() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let mut descriptors = Vec::new();
        let mut large = self.large.borrow_mut();
        let space = large.as_mut().map_or_else(|| inbox.space(), |large| large.space());
        let room = space.len();
        let count = socket::receive_with_descriptors(fd, space, &mut descriptors)?;
        match &mut *large {
            Some(large) => large.advance(count),
            None => inbox.advance(count),
        }
        let mut held = self.descriptors.borrow_mut();
        let free = MAX_WAITING_DESCRIPTORS.saturating_sub(held.len());
        held.extend(descriptors.into_iter().take(free));
        Ok((count, room))
    }

    fn is_too_long(&self) -> bool {
        let inbox = self.inbox.borrow();
        match self.wire {
            Wire::Json => inbox.pending_bytes() > MAX_JSON_BYTES,
            Wire::Length => inbox.claimed_bytes() > MAX_LENGTH_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes what is delivered, and takes `claims` descriptors during each delivery.
    #[derive(Default)]
    struct Log<'a> {
        entries: RefCell<Vec<String>>,
        claims: Option<(&'a Channel<Vec<u8>>, usize)>,
        taken: RefCell<Vec<OwnedFd>>,
    }

    impl Log<'_> {
        fn add(&self, entry: String) {
            self.entries.borrow_mut().push(entry);
            let Some((channel, claims)) = self.claims else { return };
            for _ in 0..claims {
                self.taken.borrow_mut().extend(channel.take_descriptor());
            }
        }
    }

    impl Sink for Log<'_> {
        type Buffer = Vec<u8>;
        fn allocate(&self, size: usize) -> Option<Vec<u8>> {
            Some(vec![0; size])
        }
        fn large(&self, body: Vec<u8>) {
            self.add(format!("large {}", body.len()));
        }
        fn descriptors(&self, count: usize) {
            self.entries.borrow_mut().push(format!("{count} held"));
        }
        fn array(&self, text: &[u8], count: usize) {
            self.add(format!("{count} {}", String::from_utf8_lossy(text)));
        }
        fn lengths(&self, bytes: &[u8], count: usize) {
            self.add(format!("{count} in {}", bytes.len()));
        }
        fn more_follows(&self) {
            self.add("more".to_string());
        }
        fn greeted(&self) {
            self.add("greeted".to_string());
        }
        fn ended(&self, error: Option<io::Error>) {
            self.add(format!("end {:?}", error.and_then(|error| error.raw_os_error())));
        }
    }

    fn channel(wire: Wire) -> (Channel<Vec<u8>>, OwnedFd) {
        let (ours, theirs) = socket::pair().unwrap();
        let channel = Channel::new(wire, ours);
        channel.set_reading(true);
        (channel, theirs)
    }

    #[test]
    fn plain_messages_come_as_one_array_and_then_the_end() {
        let (channel, peer) = channel(Wire::Json);
        socket::send(&peer, b"1\n2\n3").unwrap();
        let log = Log::default();
        channel.drain(&log, false);
        assert!(channel.is_mid_message());
        drop(peer);
        channel.drain(&log, false);
        assert_eq!(*log.entries.borrow(), ["2 [1,2]", "end None"]);
    }

    /// A descriptor, and what reads EOF once every copy of it is closed.
    fn rider() -> (OwnedFd, OwnedFd) {
        socket::pair().unwrap()
    }

    fn is_closed(other: &OwnedFd) -> bool {
        matches!(socket::receive(other, &mut [0]), Ok(0))
    }

    #[test]
    fn a_descriptor_is_held_while_its_messages_are_delivered() {
        for (wire, plain, message) in [
            (Wire::Json, &b"1\n"[..], &b"{\"cmd\":\"NODE_HANDLE\"}\n"[..]),
            (Wire::Length, b"\0\0\0\x01p", b"\0\0\0\x04hand"),
        ] {
            let (channel, peer) = channel(wire);
            let (descriptor, other) = rider();
            socket::send(&peer, plain).unwrap();
            socket::send_with_descriptor(&peer, message, descriptor.as_fd()).unwrap();
            socket::send(&peer, plain).unwrap();
            drop(descriptor);
            let log = Log { claims: Some((&channel, 1)), ..Log::default() };
            channel.drain(&log, false);
            assert_eq!(log.entries.borrow()[0], "1 held");
            assert_eq!(log.entries.borrow().len(), 3);
            assert_eq!(log.taken.borrow().len(), 1);
            assert!(!is_closed(&other));
            drop(log);
            assert!(is_closed(&other));
        }
    }

    #[test]
    fn a_descriptor_waits_for_the_rest_of_its_message() {
        for (wire, start, rest) in
            [(Wire::Json, &b"1\n{"[..], &b"}\n"[..]), (Wire::Length, b"\0\0", b"\0\x01x")]
        {
            let (channel, peer) = channel(wire);
            let (descriptor, other) = rider();
            socket::send_with_descriptor(&peer, start, descriptor.as_fd()).unwrap();
            drop(descriptor);
            let log = Log::default();
            channel.drain(&log, false);
            assert!(!is_closed(&other));
            socket::send(&peer, rest).unwrap();
            let log = Log { claims: Some((&channel, 1)), ..Log::default() };
            channel.drain(&log, false);
            assert_eq!(log.taken.borrow().len(), 1);
        }
    }

    #[test]
    fn descriptors_that_nobody_takes_are_closed() {
        for (wire, message) in [(Wire::Json, &b"1\n"[..]), (Wire::Length, b"\0\0\0\x01x")] {
            let (channel, peer) = channel(wire);
            let (descriptor, other) = rider();
            socket::send_with_descriptor(&peer, message, descriptor.as_fd()).unwrap();
            drop(descriptor);
            channel.drain(&Log::default(), false);
            assert!(is_closed(&other));
            assert!(channel.take_descriptor().is_none());
        }
    }

    #[test]
    fn descriptors_end_with_the_channel() {
        let (channel, peer) = channel(Wire::Json);
        let (descriptor, other) = rider();
        socket::send_with_descriptor(&peer, b"{", descriptor.as_fd()).unwrap();
        drop(descriptor);
        channel.drain(&Log::default(), false);
        assert!(!is_closed(&other));
        channel.close();
        assert!(is_closed(&other));
    }

    #[test]
    fn no_more_descriptors_are_held_than_can_be_meant() {
        let (channel, peer) = channel(Wire::Json);
        let riders: Vec<_> = (0..2 * MAX_WAITING_DESCRIPTORS).map(|_| rider()).collect();
        for (descriptor, _) in &riders {
            socket::send_with_descriptor(&peer, b"1", descriptor.as_fd()).unwrap();
        }
        let others: Vec<_> = riders.into_iter().map(|(_, other)| other).collect();
        channel.drain(&Log::default(), false);
        let open = others.iter().filter(|other| !is_closed(other)).count();
        assert_eq!(open, MAX_WAITING_DESCRIPTORS);
    }

    #[test]
    fn a_length_that_cannot_be_meant_ends_the_channel() {
        let (channel, peer) = channel(Wire::Length);
        socket::send(&peer, &u32::MAX.to_be_bytes()).unwrap();
        let log = Log::default();
        channel.drain(&log, false);
        assert_eq!(*log.entries.borrow(), [format!("end {:?}", Some(libc::EMSGSIZE))]);
        assert!(!channel.is_reading());
    }
}
