//! Handing over what a read completed: runs of messages of one kind, and who the other end is.

use super::dialect::{self, Peer};
use super::frame::{Arrival, Kind};
use super::large::{self, Large};
use super::{Channel, Sink};

impl<B: AsMut<[u8]>> Channel<B> {
    /// Hands over what is whole, and tells how many messages that were. No exclusive borrow is held
    /// while the sink runs, so that it may call `texts`, `take_descriptor` and `close`.
    pub(super) fn deliver<S: Sink<Buffer = B>>(&self, sink: &S) -> usize {
        if self.deliver_large(sink) {
            return 1;
        }
        self.await_greeting(sink);
        let mut delivered = 0;
        while let Some((Arrival { kind, range, count }, more)) = self.next_arrival() {
            let held = self.descriptors.borrow().len();
            if held > 0 {
                sink.descriptors(held);
            }
            if more {
                sink.more_follows();
            }
            let inbox = self.inbox.borrow();
            match kind {
                Kind::Array => sink.array(inbox.bytes(range), count),
                Kind::Lengths => sink.lengths(inbox.bytes(range), count),
            }
            delivered += count;
        }
        if let Ok(mut inbox) = self.inbox.try_borrow_mut() {
            inbox.consume();
            if inbox.pending_bytes() == 0 {
                // Whatever rode on complete messages and was not taken belongs to nobody.
                self.descriptors.take();
            }
        }
        self.make_room(sink);
        delivered
    }

    /// Whether a big message is under way; hands it over if it is whole.
    fn deliver_large<S: Sink<Buffer = B>>(&self, sink: &S) -> bool {
        let whole = {
            let mut under_way = self.large.borrow_mut();
            let Some(large) = &mut *under_way else { return false };
            if !large.is_whole() {
                return true;
            }
            under_way.take()
        };
        let held = self.descriptors.borrow().len();
        if held > 0 {
            sink.descriptors(held);
        }
        // Read by nobody else meanwhile, as in any delivery.
        let _in_use = self.inbox.borrow();
        if let Some(large) = whole {
            sink.large(large.into_buffer());
        }
        self.descriptors.take();
        true
    }

    /// The message under way gets a buffer of its own if it is a big one.
    fn make_room<S: Sink<Buffer = B>>(&self, sink: &S) {
        // The first frame of an announced peer is looked at where it stands.
        if matches!(self.peer.get(), Peer::Announced(_)) {
            return;
        }
        let Ok(mut inbox) = self.inbox.try_borrow_mut() else { return };
        let length = inbox.claimed_bytes();
        if inbox.is_overlong() || !large::is_due(length, inbox.pending_bytes()) {
            return;
        }
        // Without the memory it grows in the inbox, as far as it can.
        let Some(buffer) = sink.allocate(length) else { return };
        self.large.replace(Some(Box::new(Large::new(buffer, inbox.take_body()))));
    }

    /// The next run of messages, and whether there are more.
    fn next_arrival(&self) -> Option<(Arrival, bool)> {
        let mut inbox = self.inbox.try_borrow_mut().ok()?;
        let arrival = inbox.next_arrival(self.peer.get() == Peer::Own)?;
        Some((arrival, inbox.has_more()))
    }

    /// Where an end of ours was announced, the first frame decides. A greeting is no message.
    fn await_greeting<S: Sink<Buffer = B>>(&self, sink: &S) {
        let Peer::Announced(version) = self.peer.get() else { return };
        let greeted = {
            let Ok(mut inbox) = self.inbox.try_borrow_mut() else { return };
            let Some(body) = inbox.first_body() else { return };
            let greeted = dialect::greeted_version(body);
            if greeted.is_some() {
                inbox.drop_first();
            }
            greeted
        };
        if greeted == Some(version) {
            self.peer.set(Peer::Own);
            sink.greeted();
        } else {
            self.peer.set(Peer::Foreign);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};

    use super::*;
    use crate::channel::frame::Wire;
    use crate::sys::socket;

    /// Notes what is delivered, and how many descriptors could be taken meanwhile.
    struct Log<'a> {
        channel: &'a Channel<Vec<u8>>,
        entries: RefCell<Vec<String>>,
    }

    impl Log<'_> {
        fn add(&self, what: &str, bytes: &[u8]) {
            let text = match bytes.len() {
                0..100 => String::from_utf8_lossy(bytes).replace(' ', ""),
                length => format!("{length} of {}", bytes[length / 2]),
            };
            let taken = std::iter::from_fn(|| self.channel.take_descriptor()).count();
            self.entries.borrow_mut().push(format!("{what} {text} {taken}"));
        }
    }

    impl Sink for Log<'_> {
        type Buffer = Vec<u8>;
        fn allocate(&self, size: usize) -> Option<Vec<u8>> {
            Some(vec![0; size])
        }
        fn large(&self, body: Vec<u8>) {
            self.add("large", &body);
        }
        fn descriptors(&self, _count: usize) {}
        fn array(&self, text: &[u8], _count: usize) {
            self.add("array", text);
        }
        fn lengths(&self, bytes: &[u8], _count: usize) {
            self.add("lengths", bytes);
        }
        fn more_follows(&self) {
            self.entries.borrow_mut().push("more".into());
        }
        fn greeted(&self) {
            self.entries.borrow_mut().push("greeted".into());
        }
        fn ended(&self, error: Option<io::Error>) {
            self.entries.borrow_mut().push(format!("end {}", error.is_some()));
        }
    }

    fn frame(body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_be_bytes()[..], body].concat()
    }

    /// Sends it all, as fast as it is read; `rider` goes with the first byte.
    fn deliveries(peer_is: Peer, bytes: &[u8], rider: Option<OwnedFd>) -> Vec<String> {
        let (ours, theirs) = socket::pair().unwrap();
        let channel = Channel::new(Wire::Length, ours);
        channel.set_peer(peer_is);
        channel.set_reading(true);
        let log = Log { channel: &channel, entries: RefCell::default() };
        let mut rest = bytes;
        if let Some(rider) = rider {
            let sent = socket::send_with_descriptor(&theirs, rest, rider.as_fd()).unwrap();
            rest = &rest[sent..];
        }
        while !rest.is_empty() {
            channel.drain(&log, false);
            rest = &rest[socket::send(&theirs, rest).unwrap_or(0)..];
        }
        channel.drain(&log, false);
        assert!(!channel.is_mid_message());
        log.entries.into_inner()
    }

    #[test]
    fn after_a_greeting_frames_may_hold_texts() {
        let stream =
            [dialect::greeting(1), frame(b"{}"), frame(b"1"), frame(b"\xffv8"), frame(b"[2]")]
                .concat();
        assert_eq!(
            deliveries(Peer::Announced(1), &stream, None),
            [
                "greeted",
                "more",
                "array [{},1] 0",
                "more",
                "lengths \0\0\0\u{3}\u{fffd}v8 0",
                "array [[2]] 0"
            ]
        );
    }

    #[test]
    fn another_version_is_no_message_and_changes_nothing() {
        let stream = [dialect::greeting(2), frame(b"1"), frame(b"2")].concat();
        assert_eq!(
            deliveries(Peer::Announced(1), &stream, None),
            ["lengths \0\0\0\u{1}1\0\0\0\u{1}2 0"]
        );
    }

    #[test]
    fn only_a_first_frame_greets_and_only_one_that_was_announced() {
        let greeting = dialect::greeting(1);
        let late = [frame(b"0"), greeting.clone()].concat();
        assert_eq!(deliveries(Peer::Announced(1), &late, None).len(), 1);
        assert!(deliveries(Peer::Announced(1), &late, None)[0].contains("sprog"));
        assert!(deliveries(Peer::Foreign, &greeting, None)[0].contains("sprog"));
    }

    #[test]
    fn a_big_message_comes_whole_and_in_its_place() {
        let big = frame(&[7; 3_000_000]);
        let stream = [frame(b"a"), big, frame(b"b"), frame(&[8; 128 * 1024]), frame(b"c")].concat();
        let got = deliveries(Peer::Foreign, &stream, None);
        let got: Vec<_> = got.iter().filter(|entry| *entry != "more").collect();
        assert!(got[0].ends_with("a 0"));
        assert_eq!(got[1], "large 3000000 of 7 0");
        assert!(got.iter().any(|entry| entry.contains(" of 8 ")));
        assert!(got.last().unwrap().ends_with("c 0"));
    }

    #[test]
    fn a_descriptor_waits_for_the_end_of_a_big_message() {
        let (rider, _other) = socket::pair().unwrap();
        let stream = frame(&[7; 1_000_000]);
        assert_eq!(deliveries(Peer::Own, &stream, Some(rider)), ["large 1000000 of 7 1"]);
    }
}
