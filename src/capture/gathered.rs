//! The bytes of a capture, and what becomes of them: whether they are text is found out as they
//! come, while they are warm in the cache.

use std::io;
use std::os::fd::AsFd;

use super::Source;
use super::ends::Ends;
use crate::sys::append;
use crate::text;

/// What one read asks for while no limit is near.
const LARGE_READ_BYTES: usize = 256 * 1024;
/// What it asks for near the limit: Node's size, since what exceeds the limit is cut by chunks.
const READ_BYTES: usize = 64 * 1024;
/// The most that JS is handed in one chunk to decode by itself.
const PIECE_BYTES: usize = 1024 * 1024;
/// The longest string that V8 makes (`buffer.constants.MAX_STRING_LENGTH`).
const STRING_UNITS: usize = (1 << 29) - 24;

/// What the output is to become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A Buffer.
    Bytes,
    /// A string of UTF-8.
    Utf8,
    /// A string of a character for each byte.
    Latin1,
    /// A string in an encoding that only JS knows.
    Other,
}

/// What JS is handed.
#[derive(PartialEq, Eq, Debug)]
pub enum Chunk {
    Bytes(Vec<u8>),
    /// Becomes a string of a character for each byte.
    Latin1(Vec<u8>),
    /// Becomes a string of these code units.
    Utf16(Vec<u16>),
}

pub(super) struct Gathered {
    form: Form,
    /// How many bytes may be there before JS has to count in its own way.
    limit: Option<usize>,
    /// Where not all of it is to be kept.
    ends: Option<Ends>,
    bytes: Vec<u8>,
    /// Where the last read begins.
    last: usize,
    /// Up to here the bytes are UTF-8.
    valid: usize,
    is_ascii: bool,
    is_malformed: bool,
    has_ended: bool,
}

impl Gathered {
    pub fn new(form: Form, limit: Option<usize>) -> Gathered {
        Gathered {
            form,
            limit,
            ends: None,
            bytes: Vec::new(),
            last: 0,
            valid: 0,
            is_ascii: true,
            is_malformed: false,
            has_ended: false,
        }
    }

    pub fn of_ends(head: usize, tail: usize) -> Gathered {
        Gathered { ends: Some(Ends::new(head, tail)), ..Gathered::new(Form::Bytes, None) }
    }

    /// All of it, for another owner.
    pub fn take_over(&mut self) -> Gathered {
        let empty = Gathered { ends: self.ends, ..Gathered::new(self.form, self.limit) };
        std::mem::replace(self, empty)
    }

    /// How many bytes have come, kept or not.
    pub fn count(&self) -> usize {
        self.bytes.len() + self.ends.map_or(0, |ends| ends.dropped())
    }

    pub fn take(&mut self, piece: &[u8]) {
        self.last = self.bytes.len();
        self.bytes.extend_from_slice(piece);
        self.check();
    }

    /// Reads once: the count, 0 at the end.
    pub fn receive(&mut self, fd: impl AsFd, source: Source) -> io::Result<usize> {
        let far = self.limit.is_none_or(|limit| limit >= self.bytes.len() + LARGE_READ_BYTES);
        let size = if far { LARGE_READ_BYTES } else { READ_BYTES };
        let start = self.bytes.len();
        let count = match source {
            Source::Socket => append::receive(fd, &mut self.bytes, size)?,
            Source::Pipe => append::read(fd, &mut self.bytes, size)?,
        };
        if count == 0 {
            self.end();
        } else {
            self.last = start;
            self.check();
        }
        Ok(count)
    }

    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Whether JS has to go on: the limit is exceeded, or may be, as what is no UTF-8 counts for
    /// more than its bytes.
    pub fn is_refused(&self) -> bool {
        self.limit.is_some_and(|limit| self.bytes.len() > limit || self.is_malformed)
    }

    fn check(&mut self) {
        if let Some(ends) = &mut self.ends {
            ends.trim(&mut self.bytes);
        }
        if self.form != Form::Utf8 || self.is_malformed {
            return;
        }
        let fresh = self.bytes.get(self.valid..).unwrap_or_default();
        if fresh.is_ascii() {
            self.valid = self.bytes.len();
            return;
        }
        self.is_ascii = false;
        match std::str::from_utf8(fresh) {
            Ok(_) => self.valid = self.bytes.len(),
            Err(error) => {
                self.valid += error.valid_up_to();
                // Without a length it is a character whose rest is still to come.
                self.is_malformed = error.error_len().is_some();
            }
        }
    }

    /// One chunk if the output is complete and this side can decode it, else the bytes.
    pub fn into_chunks(mut self) -> Vec<Chunk> {
        if let Some(ends) = &mut self.ends {
            ends.finish(&mut self.bytes);
        }
        if self.bytes.is_empty() {
            return Vec::new();
        }
        if (self.has_ended || self.ends.is_some()) && !self.is_refused() {
            let fits = self.bytes.len() <= STRING_UNITS;
            match self.form {
                Form::Bytes => {
                    self.bytes.shrink_to_fit();
                    return vec![Chunk::Bytes(self.bytes)];
                }
                Form::Latin1 if fits => return vec![Chunk::Latin1(self.bytes)],
                Form::Utf8 if self.valid == self.bytes.len() => {
                    if !self.is_ascii
                        && let Some(units) = self.to_utf16()
                    {
                        return vec![Chunk::Utf16(units)];
                    }
                    if self.is_ascii && fits {
                        return vec![Chunk::Latin1(self.bytes)];
                    }
                }
                _ => {}
            }
        }
        self.into_pieces()
    }

    fn to_utf16(&self) -> Option<Vec<u16>> {
        let units = text::decode(&self.bytes);
        (units.len() <= STRING_UNITS).then_some(units)
    }

    /// The last read stays apart: it may be the one that exceeds the limit.
    fn into_pieces(mut self) -> Vec<Chunk> {
        if self.last == 0 && self.bytes.len() <= PIECE_BYTES {
            return vec![Chunk::Bytes(self.bytes)];
        }
        let last = self.bytes.split_off(self.last);
        let pieces = self.bytes.chunks(PIECE_BYTES).chain([&*last]);
        pieces.map(|piece| Chunk::Bytes(piece.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(form: Form, limit: Option<usize>, pieces: &[&[u8]]) -> Gathered {
        let mut gathered = Gathered::new(form, limit);
        for piece in pieces {
            gathered.take(piece);
        }
        gathered
    }

    fn ended(form: Form, pieces: &[&[u8]]) -> Vec<Chunk> {
        let mut gathered = gathered(form, None, pieces);
        gathered.end();
        gathered.into_chunks()
    }

    #[test]
    fn a_whole_output_is_one_chunk_of_its_form() {
        assert_eq!(ended(Form::Bytes, &[b"ab", b"\xffc"]), [Chunk::Bytes(b"ab\xffc".to_vec())]);
        assert_eq!(ended(Form::Latin1, &[b"ab", b"\xe9"]), [Chunk::Latin1(b"ab\xe9".to_vec())]);
        assert_eq!(ended(Form::Utf8, &[b"ab", b"c"]), [Chunk::Latin1(b"abc".to_vec())]);
        assert_eq!(ended(Form::Utf8, &[]), []);
    }

    #[test]
    fn a_character_in_pieces_is_one_character() {
        let text = "aé🙂b";
        let units: Vec<u16> = text.encode_utf16().collect();
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(ended(Form::Utf8, &pieces), [Chunk::Utf16(units)]);
    }

    #[test]
    fn what_is_not_text_is_left_to_js() {
        let bytes = |parts: &[&[u8]]| -> Vec<Chunk> {
            parts.iter().map(|part| Chunk::Bytes(part.to_vec())).collect()
        };
        assert_eq!(ended(Form::Utf8, &[b"ab", b"\xffc"]), bytes(&[b"ab", b"\xffc"]));
        // Unfinished at the end.
        assert_eq!(ended(Form::Utf8, &[b"ab\xc3"]), bytes(&[b"ab\xc3"]));
        assert_eq!(ended(Form::Other, &[b"ab"]), bytes(&[b"ab"]));
    }

    #[test]
    fn what_is_unfinished_stays_bytes_and_the_last_read_apart() {
        let chunks = gathered(Form::Utf8, None, &[b"ab", b"cd", b"ef"]).into_chunks();
        assert_eq!(chunks, [Chunk::Bytes(b"abcd".to_vec()), Chunk::Bytes(b"ef".to_vec())]);
    }

    #[test]
    fn a_limit_may_be_reached_but_not_exceeded() {
        assert!(!gathered(Form::Bytes, Some(4), &[b"ab", b"cd"]).is_refused());
        assert!(gathered(Form::Bytes, Some(4), &[b"ab", b"cde"]).is_refused());
        // Three bytes in Node's way of counting.
        assert!(gathered(Form::Utf8, Some(4), &[b"a\xffb"]).is_refused());
        assert!(!gathered(Form::Bytes, Some(4), &[b"a\xffb"]).is_refused());
        assert!(!gathered(Form::Utf8, None, &[b"a\xffb"]).is_refused());
    }
}
