//! Framing: from bytes as they arrive to whole messages, without looking at a byte twice. Pure.
//!
//! Two wires, both Node's: one JSON text a line, or a 4-byte big-endian length before each
//! message ('advanced').

/// Room for one read; doubled while a message does not fit.
const READ_BYTES: usize = 64 * 1024;
const MAX_READ_BYTES: usize = 4 * 1024 * 1024;
/// A buffer that grew for a big message is given back when it is done.
const KEEP_BYTES: usize = 1024 * 1024;

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

/// What arrived whole.
#[derive(Debug)]
pub enum Arrival<'a> {
    /// The lines of one read as the text of one JSON array, to be parsed at once. `count` tells
    /// lines from elements: `1,2` is one bad line, not two messages.
    Array { text: &'a [u8], count: usize },
    /// Messages each with its length before it, one after the other.
    Lengths { bytes: &'a [u8], count: usize },
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
        let pending = self.filled - self.origin();
        let room = pending.clamp(READ_BYTES, MAX_READ_BYTES);
        if self.buffer.len() < self.filled + room {
            self.buffer.resize(self.filled + room, 0);
            if self.wire == Wire::Json {
                self.buffer[0] = b'[';
            }
        }
        &mut self.buffer[self.filled..]
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
                    let end = self.scanned + 4 + length;
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
        let bytes = self.buffer[..self.filled].get(at..at + 4)?;
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

    /// What is whole, all in one piece; to be followed by `consume`.
    pub fn arrival(&mut self) -> Option<Arrival<'_>> {
        let last = *self.ends.last()?;
        let count = self.ends.len();
        Some(match self.wire {
            Wire::Json => {
                for &newline in &self.ends {
                    self.buffer[newline] = b',';
                }
                self.buffer[last] = b']';
                Arrival::Array { text: &self.buffer[..=last], count }
            }
            Wire::Length => Arrival::Lengths { bytes: &self.buffer[..last], count },
        })
    }

    /// The first `length` bytes: what `arrival` described.
    pub fn whole(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }

    /// The whole lines one by one, after `arrival` and before `consume`.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = self.origin();
        self.ends.iter().map(move |&newline| {
            let line = &self.buffer[start..newline];
            start = newline + 1;
            line
        })
    }

    /// Drops what was whole and keeps what was not.
    pub fn consume(&mut self) {
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
        if pending == 0 && self.buffer.len() > KEEP_BYTES {
            self.buffer = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(inbox: &mut Inbox, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = inbox.space();
            let count = rest.len().min(space.len());
            space[..count].copy_from_slice(&rest[..count]);
            inbox.advance(count);
            rest = &rest[count..];
        }
    }

    fn arrays(chunks: &[&[u8]]) -> Vec<(String, usize)> {
        let mut inbox = Inbox::new(Wire::Json);
        let mut out = Vec::new();
        for chunk in chunks {
            feed(&mut inbox, chunk);
            if let Some(Arrival::Array { text, count }) = inbox.arrival() {
                out.push((String::from_utf8(text.to_vec()).unwrap(), count));
            }
            inbox.consume();
        }
        out
    }

    #[test]
    fn the_lines_of_a_read_become_one_array() {
        assert_eq!(arrays(&[b"1\n{\"a\":2}\n\"x\"\n"]), [("[1,{\"a\":2},\"x\"]".into(), 3)]);
    }

    #[test]
    fn a_line_split_over_reads_is_joined() {
        assert_eq!(
            arrays(&[b"12", b"34\n5", b"6", b"\n"]),
            [("[1234]".to_string(), 1), ("[56]".to_string(), 1)]
        );
    }

    #[test]
    fn every_split_of_a_stream_gives_the_same_messages() {
        let stream = "{\"t\":\"\u{e4}\u{1f600}\"}\n[1]\n\"\"\n".as_bytes();
        for a in 0..stream.len() {
            for b in a..stream.len() {
                let parts = arrays(&[&stream[..a], &stream[a..b], &stream[b..]]);
                let texts: Vec<_> =
                    parts.iter().map(|(text, _)| &text[1..text.len() - 1]).collect();
                assert_eq!(texts.join(","), "{\"t\":\"\u{e4}\u{1f600}\"},[1],\"\"");
                assert_eq!(parts.iter().map(|(_, count)| count).sum::<usize>(), 3);
            }
        }
    }

    #[test]
    fn lines_can_be_had_one_by_one() {
        let mut inbox = Inbox::new(Wire::Json);
        feed(&mut inbox, b"1,2\n\n{\n3");
        assert!(matches!(inbox.arrival(), Some(Arrival::Array { count: 3, .. })));
        assert_eq!(inbox.lines().collect::<Vec<_>>(), [&b"1,2"[..], b"", b"{"]);
        inbox.consume();
        assert_eq!(inbox.pending_bytes(), 1);
    }

    #[test]
    fn lengths_are_found_however_they_are_split() {
        let mut stream = Vec::new();
        for size in [0_usize, 1, 300, 70_000] {
            stream.extend_from_slice(&(size as u32).to_be_bytes());
            stream.extend(std::iter::repeat_n(7, size));
        }
        for step in [1, 2, 3, 5, 1000, 100_000] {
            let mut inbox = Inbox::new(Wire::Length);
            let mut collected = Vec::new();
            let mut messages = 0;
            for chunk in stream.chunks(step) {
                feed(&mut inbox, chunk);
                if let Some(Arrival::Lengths { bytes, count }) = inbox.arrival() {
                    collected.extend_from_slice(bytes);
                    messages += count;
                }
                inbox.consume();
            }
            assert_eq!(messages, 4);
            assert_eq!(collected, stream);
        }
    }

    #[test]
    fn a_big_message_does_not_keep_its_buffer() {
        let mut inbox = Inbox::new(Wire::Json);
        let mut line = vec![b'1'; 3 * KEEP_BYTES];
        line.push(b'\n');
        feed(&mut inbox, &line);
        assert!(inbox.arrival().is_some());
        inbox.consume();
        assert!(inbox.buffer.len() <= KEEP_BYTES);
    }

    #[test]
    fn a_claimed_length_is_not_believed() {
        let mut inbox = Inbox::new(Wire::Length);
        feed(&mut inbox, &0x7fff_ffff_u32.to_be_bytes());
        assert!(!inbox.is_overlong());
        assert!(inbox.space().len() <= MAX_READ_BYTES);
        let mut inbox = Inbox::new(Wire::Length);
        feed(&mut inbox, &u32::MAX.to_be_bytes());
        assert!(inbox.is_overlong());
    }

    #[test]
    fn a_message_over_the_limit_is_noticed_and_those_before_it_are_whole() {
        let frames = b"\0\0\0\x04abcd\0\0\0\x05abcde\0\0\0\x01x";
        for (wire, stream) in [(Wire::Json, &b"1234\n12345\n1\n"[..]), (Wire::Length, frames)] {
            for step in 1..=stream.len() {
                let mut inbox = Inbox::new(wire);
                inbox.set_limit(4);
                let mut whole = 0;
                for chunk in stream.chunks(step) {
                    feed(&mut inbox, chunk);
                    whole += match inbox.arrival() {
                        Some(Arrival::Array { count, .. } | Arrival::Lengths { count, .. }) => {
                            count
                        }
                        None => 0,
                    };
                    inbox.consume();
                    if inbox.is_overlong() {
                        break;
                    }
                }
                assert_eq!((whole, inbox.is_overlong()), (1, true));
            }
        }
    }

    #[test]
    fn no_limit_is_past_what_v8_can_hold() {
        for (wire, longest) in [(Wire::Json, MAX_JSON_BYTES), (Wire::Length, MAX_LENGTH_BYTES)] {
            let mut inbox = Inbox::new(wire);
            assert_eq!(inbox.limit(), longest);
            inbox.set_limit(usize::MAX);
            assert_eq!(inbox.limit(), longest);
        }
    }

    #[test]
    fn a_line_without_an_end_takes_what_it_has_and_little_more() {
        let mut inbox = Inbox::new(Wire::Json);
        let chunk = vec![b'x'; 65536];
        for _ in 0..256 {
            feed(&mut inbox, &chunk);
        }
        assert_eq!(inbox.pending_bytes(), 256 * 65536);
        assert!(inbox.buffer.len() <= 256 * 65536 + 2 * MAX_READ_BYTES);
    }
}
