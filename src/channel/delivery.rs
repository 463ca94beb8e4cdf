//! Handing over what a read completed: runs of messages of one kind, and who the other end is.

use super::dialect::{self, Peer};
use super::frame::{Arrival, Kind};
use super::{Channel, Sink};

impl Channel {
    /// Hands over what is whole. No exclusive borrow is held while the sink runs, so that it may
    /// call `texts`, `take_descriptor` and `close`.
    pub(super) fn deliver<S: Sink>(&self, sink: &S) {
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
    }

    /// The next run of messages, and whether there are more.
    fn next_arrival(&self) -> Option<(Arrival, bool)> {
        let mut inbox = self.inbox.try_borrow_mut().ok()?;
        let arrival = inbox.next_arrival(self.peer.get() == Peer::Own)?;
        Some((arrival, inbox.has_more()))
    }

    /// Where an end of ours was announced, the first frame decides. A greeting is no message.
    fn await_greeting<S: Sink>(&self, sink: &S) {
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
