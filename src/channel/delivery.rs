//! Handing over what a read completed: runs of messages of one kind, and who the other end is.

use super::dialect::{self, Peer};
use super::frame::{Arrival, Kind};
use super::large::{self, Large};
use super::{Channel, Sink};

impl<B: AsMut<[u8]>> Channel<B> {
    /// Hands over what is whole. No exclusive borrow is held while the sink runs, so that it may
    /// call `texts`, `take_descriptor` and `close`.
    pub(super) fn deliver<S: Sink<Buffer = B>>(&self, sink: &S) {
        if self.deliver_large(sink) {
            return;
        }
        self.await_greeting(sink);
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
        }
        if let Ok(mut inbox) = self.inbox.try_borrow_mut() {
            inbox.consume();
            if inbox.pending_bytes() == 0 {
                // Whatever rode on complete messages and was not taken belongs to nobody.
                self.descriptors.take();
            }
        }
        self.make_room(sink);
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
        if self.is_too_long() || matches!(self.peer.get(), Peer::Announced(_)) {
            return;
        }
        let Ok(mut inbox) = self.inbox.try_borrow_mut() else { return };
        let length = inbox.claimed_bytes();
        if !large::is_due(length, inbox.pending_bytes()) {
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
