//! Framing: from bytes as they arrive to whole messages, without looking at a byte twice. Pure.
//!
//! Two wires, both Node's: one JSON text a line, or a 4-byte big-endian length before each
//! message ('advanced'). Between ends of ours the latter carries JSON texts too: [`dialect`].

use std::ops::Range;

use super::dialect::{self, Body};
use super::spare;

/// What stands before each message of [`Wire::Length`].
pub const LENGTH_BYTES: usize = 4;
/// Room for one read; doubled while a message does not fit.
const READ_BYTES: usize = 64 * 1024;
const MAX_READ_BYTES: usize = 4 * 1024 * 1024;

/// The longest messages there can be. All lines of a read become one JS string, which V8 ends a
/// little below 512 MiB; of a longer one nothing could ever be delivered.
const MAX_JSON_BYTES: usize = 500 * 1024 * 1024;
const MAX_LENGTH_BYTES: usize = 2 * 1024 * 1024 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// One JSON text and a newline per message.
    Json,
    /// A 4-byte big-endian length, then that many bytes.
    Length,
}

impl Wire {
    fn longest_message(self) -> usize {
        match self {
            Wire::Json => MAX_JSON_BYTES,
            Wire::Length => MAX_LENGTH_BYTES,
        }
    }
}

/// Messages of one kind that arrived whole, one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    pub kind: Kind,
    /// Where they stand, for [`Inbox::bytes`].
    pub range: Range<usize>,
    pub count: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The text of one JSON array, to be parsed at once. `count` tells messages from elements:
    /// `1,2` is one bad line, not two messages.
    Array,
    /// Messages each with its length before it.
    Lengths,
}

/// Writes the length of what follows it into the start of a frame. Whoever makes one keeps it small.
pub fn set_length(frame: &mut [u8]) {
    let length = u32::try_from(frame.len() - LENGTH_BYTES).unwrap_or(u32::MAX);
    frame[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
}

pub struct Inbox {
    wire: Wire,
    /// For JSON the first byte is a `[` that no read touches: with the newlines turned into
    /// commas and the last one into `]`, the lines are an array where they stand.
    buffer: Vec<u8>,
    filled: usize,
    scanned: usize,
    /// Ends (newline positions, or ends of messages) of what is whole.
    ends: Vec<usize>,
    /// Bytes of the longest message that is taken, without its newline or its length.
    limit: usize,
    /// A longer one has begun: nothing behind it is looked at.
    is_overlong: bool,
    /// Which of them `next_arrival` gave last.
    given: Range<usize>,
    /// A byte that the bracket of an array took the place of, and where.
    covered: Option<(usize, u8)>,
}

impl Inbox {
    pub fn new(wire: Wire) -> Inbox {
        let mut inbox = Inbox {
            wire,
            buffer: Vec::new(),
            filled: 0,
            scanned: 0,
            ends: Vec::new(),
            limit: wire.longest_message(),
            is_overlong: false,
            given: 0..0,
            covered: None,
        };
        inbox.rewind();
        inbox
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Takes no message of more bytes from here on.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes.min(self.wire.longest_message());
    }

    /// Whether a message has begun that is longer than the limit. The next `advance` may not come.
    pub fn is_overlong(&self) -> bool {
        self.is_overlong
    }

    fn origin(&self) -> usize {
        match self.wire {
            Wire::Json => 1,
            Wire::Length => 0,
        }
    }

    fn rewind(&mut self) {
        self.filled = self.origin();
        self.scanned = self.filled;
    }

    /// Where the next read goes.
    pub fn space(&mut self) -> &mut [u8] {
        if self.buffer.is_empty() {
            self.buffer = spare::take(spare::Kind::Inbox);
        }
        let pending = self.filled - self.origin();
        let room = pending.clamp(READ_BYTES, MAX_READ_BYTES);
        // One more than is read: the bracket of an array may stand behind the last message.
        if self.buffer.len() < self.filled + room + 1 {
            self.buffer.resize(self.filled + room + 1, 0);
        }
        if self.wire == Wire::Json {
            self.buffer[0] = b'[';
        }
        let end = self.buffer.len() - 1;
        &mut self.buffer[self.filled..end]
    }

    /// `count` bytes of `space` were filled. Notes which messages are whole now.
    pub fn advance(&mut self, count: usize) {
        let mut start = self.filled - self.pending_bytes();
        self.filled += count;
        match self.wire {
            Wire::Json => {
                let fresh = &self.buffer[self.scanned..self.filled];
                for newline in memchr::memchr_iter(b'\n', fresh).map(|at| self.scanned + at) {
                    if newline - start > self.limit {
                        break;
                    }
                    self.ends.push(newline);
                    start = newline + 1;
                }
                self.scanned = self.filled;
                self.is_overlong = self.pending_bytes() > self.limit;
            }
            Wire::Length => {
                while let Some(length) = self.length_at(self.scanned) {
                    self.is_overlong = length > self.limit;
                    let end = self.scanned + LENGTH_BYTES + length;
                    if self.is_overlong || end > self.filled {
                        break;
                    }
                    self.ends.push(end);
                    self.scanned = end;
                }
            }
        }
    }

    fn length_at(&self, at: usize) -> Option<usize> {
        let bytes = self.buffer[..self.filled].get(at..at + LENGTH_BYTES)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
    }

    /// Bytes of the message that is not whole yet, length prefix included.
    pub fn pending_bytes(&self) -> usize {
        let consumed = match (self.wire, self.ends.last()) {
            (_, None) => self.origin(),
            (Wire::Json, Some(newline)) => newline + 1,
            (Wire::Length, Some(end)) => *end,
        };
        self.filled - consumed
    }

    /// The length that the message under way claims, where the wire tells.
    pub fn claimed_bytes(&self) -> usize {
        match self.wire {
            Wire::Json => 0,
            Wire::Length => self.length_at(self.scanned).unwrap_or(0),
        }
    }

    /// The next of what is whole; to be called until there is nothing, and then `consume`. With
    /// `texts` a frame may hold a JSON text.
    pub fn next_arrival(&mut self, texts: bool) -> Option<Arrival> {
        self.uncover();
        let first = self.given.end;
        if first == self.ends.len() {
            return None;
        }
        let (kind, count) = match self.wire {
            Wire::Json => (Kind::Array, self.ends.len()),
            Wire::Length => self.run_from(first, texts),
        };
        self.given = first..first + count;
        let mut range = self.start_of(first)..self.ends[first + count - 1];
        match (self.wire, kind) {
            (Wire::Json, _) => {
                for &newline in &self.ends {
                    self.buffer[newline] = b',';
                }
                self.buffer[range.end] = b']';
                range = 0..range.end + 1;
            }
            (Wire::Length, Kind::Array) => {
                range.end += 1;
                self.covered = Some((range.end - 1, self.buffer[range.end - 1]));
                let starts = std::iter::once(0)
                    .chain(self.ends[first..first + count - 1].iter().map(|end| end - range.start));
                dialect::join_texts(&mut self.buffer[range.clone()], starts);
            }
            (Wire::Length, Kind::Lengths) => {}
        }
        Some(Arrival { kind, range, count })
    }

    /// Whether `next_arrival` has not given all.
    pub fn has_more(&self) -> bool {
        self.given.end < self.ends.len()
    }

    /// How many frames from `first` on are of one kind.
    fn run_from(&self, first: usize, texts: bool) -> (Kind, usize) {
        if !texts {
            return (Kind::Lengths, self.ends.len() - first);
        }
        let kind_of = |index: usize| {
            let body = self.start_of(index) + LENGTH_BYTES..self.ends[index];
            match dialect::body_kind(self.buffer[body].first()) {
                Body::Text => Kind::Array,
                Body::V8 => Kind::Lengths,
            }
        };
        let kind = kind_of(first);
        let others = (first + 1..self.ends.len()).take_while(|&index| kind_of(index) == kind);
        (kind, 1 + others.count())
    }

    /// Where a whole message begins, its length included.
    fn start_of(&self, index: usize) -> usize {
        match (index.checked_sub(1), self.wire) {
            (None, _) => self.origin(),
            (Some(before), Wire::Json) => self.ends[before] + 1,
            (Some(before), Wire::Length) => self.ends[before],
        }
    }

    /// The body of the first whole frame; `drop_first` takes it away, before any `next_arrival`.
    pub fn first_body(&self) -> Option<&[u8]> {
        Some(&self.buffer[LENGTH_BYTES..*self.ends.first()?])
    }

    pub fn drop_first(&mut self) {
        self.given = 0..1;
    }

    fn uncover(&mut self) {
        if let Some((at, byte)) = self.covered.take() {
            self.buffer[at] = byte;
        }
    }

    /// What an arrival describes.
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The texts of the last arrival one by one, before what comes next.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let skipped = match self.wire {
            Wire::Json => 0,
            Wire::Length => LENGTH_BYTES,
        };
        let given = self.given.clone();
        given.map(move |index| &self.buffer[self.start_of(index) + skipped..self.ends[index]])
    }

    /// The body of the frame under way as far as it is here, which goes on elsewhere.
    pub fn take_body(&mut self) -> &[u8] {
        let body = self.scanned + LENGTH_BYTES..self.filled;
        self.rewind();
        &self.buffer[body]
    }

    /// Nothing is being read: a buffer with nothing in it may serve another channel.
    pub fn let_go(&mut self) {
        if self.filled == self.origin() {
            spare::give(spare::Kind::Inbox, std::mem::take(&mut self.buffer));
        }
    }

    /// Drops what was whole and keeps what was not.
    pub fn consume(&mut self) {
        self.uncover();
        self.given = 0..0;
        let Some(&last) = self.ends.last() else { return };
        let rest = match self.wire {
            Wire::Json => last + 1,
            Wire::Length => last,
        };
        let origin = self.origin();
        let pending = self.filled - rest;
        self.buffer.copy_within(rest..self.filled, origin);
        self.filled = origin + pending;
        self.scanned = match self.wire {
            Wire::Json => self.filled,
            Wire::Length => origin,
        };
        self.ends.clear();
        self.let_go();
    }
}

#[cfg(test)]
mod tests;
