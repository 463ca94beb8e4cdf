//! The IPC channel: one end of a socketpair, messages in by [`frame`], messages out by
//! [`outbox`]. What a message means is decided in JS; here only its edges are known, and which
//! descriptor belongs to it.

pub mod frame;
pub mod outbox;

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use crate::sys::socket;
use frame::{Arrival, Inbox, Wire};
use outbox::Outbox;

const WAKE_UP_BYTES: usize = 1024 * 1024;
const WAKE_UP_READS: usize = 32;

/// The longest message that is taken in. A JSON line becomes a JS string, which V8 ends at 512
/// MiB; a longer one could never be delivered, only fill memory.
const MAX_JSON_BYTES: usize = 512 * 1024 * 1024;
const MAX_LENGTH_BYTES: usize = 2 * 1024 * 1024 * 1024;

/// Where messages go. A call may close the channel.
pub trait Sink {
    /// `count` lines as the text of one JSON array. [`Channel::lines`] has them one by one
    /// during the call.
    fn array(&self, text: &[u8], count: usize);
    /// One line of a read in which there may be control messages.
    fn line(&self, line: &[u8], descriptor: Option<OwnedFd>);
    /// `count` messages, each with its 4-byte length before it.
    fn lengths(&self, bytes: &[u8], count: usize);
    /// End of file, or the error that ended reading (EMSGSIZE: a message too long). The last call.
    fn ended(&self, error: Option<io::Error>);
}

pub struct Channel {
    wire: Wire,
    fd: RefCell<Option<Arc<OwnedFd>>>,
    inbox: RefCell<Inbox>,
    outbox: Arc<Outbox>,
    reading: Cell<bool>,
    waiting_to_write: Cell<bool>,
    referenced: Cell<bool>,
}

impl Channel {
    pub fn new(wire: Wire, fd: OwnedFd) -> Channel {
        let fd = Arc::new(fd);
        Channel {
            wire,
            outbox: Arc::new(Outbox::new(Arc::clone(&fd))),
            fd: RefCell::new(Some(fd)),
            inbox: RefCell::new(Inbox::new(wire)),
            reading: Cell::new(false),
            waiting_to_write: Cell::new(false),
            referenced: Cell::new(true),
        }
    }

    pub fn wire(&self) -> Wire {
        self.wire
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
    }

    /// Whether part of a message has arrived.
    pub fn is_mid_message(&self) -> bool {
        self.inbox.borrow().pending_bytes() > 0
    }

    /// The lines of the array that is being delivered; empty outside of that.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        self.inbox.borrow().lines().map(<[u8]>::to_vec).collect()
    }

    /// Reads until nothing is left, the sink stops it, or this wake-up's share is used up.
    pub fn drain<S: Sink>(&self, sink: &S) {
        let mut share = WAKE_UP_BYTES;
        for _ in 0..WAKE_UP_READS {
            if !self.reading.get() || share == 0 {
                return;
            }
            match self.receive() {
                Ok(0) => return self.finish(sink, None),
                Ok(count) => {
                    share = share.saturating_sub(count);
                    self.deliver(sink);
                    if self.is_too_long() {
                        let error = io::Error::from_raw_os_error(libc::EMSGSIZE);
                        return self.finish(sink, Some(error));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.finish(sink, Some(error)),
            }
        }
    }

    fn finish<S: Sink>(&self, sink: &S, error: Option<io::Error>) {
        self.reading.set(false);
        sink.ended(error);
    }

    fn receive(&self) -> io::Result<usize> {
        let fd = self.fd.borrow();
        let fd = fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        let mut inbox = self.inbox.borrow_mut();
        let mut descriptors = Vec::new();
        let count = socket::receive_with_descriptors(fd, inbox.space(), &mut descriptors)?;
        inbox.hold_descriptors(descriptors);
        inbox.advance(count);
        Ok(count)
    }

    fn is_too_long(&self) -> bool {
        let inbox = self.inbox.borrow();
        match self.wire {
            Wire::Json => inbox.pending_bytes() > MAX_JSON_BYTES,
            Wire::Length => inbox.claimed_bytes() > MAX_LENGTH_BYTES,
        }
    }

    /// Hands over what is whole. No exclusive borrow is held while the sink runs, so that it may
    /// call `lines` and `close`.
    fn deliver<S: Sink>(&self, sink: &S) {
        let prepared = match self.inbox.borrow_mut().arrival() {
            None => return,
            Some(Arrival::Array { text, count }) => {
                if frame::may_hold_control(text) {
                    None
                } else {
                    Some((text.len(), count))
                }
            }
            Some(Arrival::Lengths { bytes, count }) => Some((bytes.len(), count)),
        };
        match (self.wire, prepared) {
            (_, None) => self.deliver_lines(sink),
            (Wire::Json, Some((length, count))) => {
                sink.array(self.inbox.borrow().whole(length), count);
            }
            (Wire::Length, Some((length, count))) => {
                sink.lengths(self.inbox.borrow().whole(length), count);
            }
        }
        if let Ok(mut inbox) = self.inbox.try_borrow_mut() {
            inbox.consume();
        }
    }

    fn deliver_lines<S: Sink>(&self, sink: &S) {
        for line in self.lines() {
            let descriptor = if frame::carries_descriptor(&line) {
                self.inbox.borrow_mut().take_descriptor()
            } else {
                None
            };
            sink.line(&line, descriptor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(RefCell<Vec<String>>);

    impl Log {
        fn add(&self, entry: String) {
            self.0.borrow_mut().push(entry);
        }
    }

    impl Sink for Log {
        fn array(&self, text: &[u8], count: usize) {
            self.add(format!("{count} {}", String::from_utf8_lossy(text)));
        }
        fn line(&self, line: &[u8], descriptor: Option<OwnedFd>) {
            let with = if descriptor.is_some() { "fd" } else { "-" };
            self.add(format!("{with} {}", String::from_utf8_lossy(line)));
        }
        fn lengths(&self, bytes: &[u8], count: usize) {
            self.add(format!("{count} in {}", bytes.len()));
        }
        fn ended(&self, error: Option<io::Error>) {
            self.add(format!("end {:?}", error.and_then(|error| error.raw_os_error())));
        }
    }

    fn channel(wire: Wire) -> (Channel, OwnedFd) {
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
        channel.drain(&log);
        assert!(channel.is_mid_message());
        drop(peer);
        channel.drain(&log);
        assert_eq!(*log.0.borrow(), ["2 [1,2]", "end None"]);
    }

    #[test]
    fn a_descriptor_goes_to_its_handle_message() {
        let (channel, peer) = channel(Wire::Json);
        let (rider, _keep) = socket::pair().unwrap();
        socket::send(&peer, b"{\"a\":1}\n{\"cmd\":\"NODE_X\"}\n").unwrap();
        let handle = b"{\"cmd\":\"NODE_HANDLE\"}\n";
        socket::send_with_descriptor(&peer, handle, rider.as_fd()).unwrap();
        socket::send(&peer, handle).unwrap();
        let log = Log::default();
        channel.drain(&log);
        assert_eq!(
            *log.0.borrow(),
            [
                "- {\"a\":1}",
                "- {\"cmd\":\"NODE_X\"}",
                "fd {\"cmd\":\"NODE_HANDLE\"}",
                "- {\"cmd\":\"NODE_HANDLE\"}",
            ]
        );
    }

    #[test]
    fn a_length_that_cannot_be_meant_ends_the_channel() {
        let (channel, peer) = channel(Wire::Length);
        socket::send(&peer, &u32::MAX.to_be_bytes()).unwrap();
        let log = Log::default();
        channel.drain(&log);
        assert_eq!(*log.0.borrow(), [format!("end {:?}", Some(libc::EMSGSIZE))]);
        assert!(!channel.is_reading());
    }
}
