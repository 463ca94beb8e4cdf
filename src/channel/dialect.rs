//! What two ends of ours may say inside the frames of the 'advanced' wire and Node does not. V8's
//! format begins with a byte of its own, so that every frame tells by its first byte what it is,
//! and both kinds may follow each other in any order. Pure.
//!
//! The child's end greets with its first frame; until then its parent speaks as Node does.

use super::frame::LENGTH_BYTES;

/// The first byte of a greeting. JSON and V8 begin with no such byte.
const GREETING: u8 = 0x01;
const NAME: &[u8] = b"sprog";

/// What the body of a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// V8's format, or what else there is for V8 to judge.
    V8,
    /// One JSON text.
    Text,
}

/// How far two ends have come to know each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// Node's own end, or one of another version: the wire is Node's.
    Foreign,
    /// An end of ours is announced: a greeting with this version makes it `Own`.
    Announced(u8),
    /// An end of ours.
    Own,
}

/// The frame by which an end makes itself known.
pub fn greeting(version: u8) -> Vec<u8> {
    let length = (1 + NAME.len() + 1) as u32;
    let mut frame = length.to_be_bytes().to_vec();
    frame.push(GREETING);
    frame.extend_from_slice(NAME);
    frame.push(version);
    frame
}

/// The version in the body of a greeting; `None` for any other body.
pub fn greeted_version(body: &[u8]) -> Option<u8> {
    match body.strip_prefix(&[GREETING])?.strip_prefix(NAME)? {
        [version] => Some(*version),
        _ => None,
    }
}

/// What a frame between ends of ours holds, by the first byte of its body.
pub fn body_kind(first: Option<&u8>) -> Body {
    match first {
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Body::Text,
        _ => Body::V8,
    }
}

/// Turns frames of JSON texts into one JSON array where they stand: the length before the first
/// becomes the bracket, each other length the comma. The closing bracket takes the place of the byte
/// behind them.
pub fn join_texts(frames: &mut [u8], starts: impl Iterator<Item = usize>) {
    for (index, start) in starts.enumerate() {
        let separator = if index == 0 { b"   [" } else { b"   ," };
        frames[start..start + LENGTH_BYTES].copy_from_slice(separator);
    }
    if let Some(last) = frames.last_mut() {
        *last = b']';
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Arrival, Inbox, Kind, Wire};
    use super::*;

    #[test]
    fn a_greeting_tells_its_version_and_nothing_else_is_one() {
        let frame = greeting(7);
        assert_eq!(greeted_version(&frame[LENGTH_BYTES..]), Some(7));
        for body in [&b""[..], b"\x01", b"\x01sprog", b"\x01sprog\x07\x07", b"\x02sprog\x07", b"1"]
        {
            assert_eq!(greeted_version(body), None);
        }
    }

    #[test]
    fn texts_among_other_frames_become_arrays_however_they_are_split() {
        let bodies = ["1", "{\"a\":2}", "\u{1}v8", "\"x\"", "\u{1}", "\u{1}more", "[]", "null"];
        let mut stream = Vec::new();
        for body in bodies {
            stream.extend_from_slice(&(body.len() as u32).to_be_bytes());
            stream.extend_from_slice(body.as_bytes());
        }
        for step in 1..=stream.len() {
            let mut inbox = Inbox::new(Wire::Length);
            let mut got = Vec::new();
            for chunk in stream.chunks(step) {
                inbox.space()[..chunk.len()].copy_from_slice(chunk);
                inbox.advance(chunk.len());
                while let Some(Arrival { kind, range, count }) = inbox.next_arrival(true) {
                    let bytes = inbox.bytes(range).to_vec();
                    let texts: Vec<_> = inbox
                        .texts()
                        .map(|text| String::from_utf8(text.to_vec()).unwrap())
                        .collect();
                    assert_eq!(texts.len(), count);
                    match kind {
                        Kind::Array => {
                            let inner = String::from_utf8(bytes).unwrap().replace(' ', "");
                            assert_eq!(inner, format!("[{}]", texts.join(",")));
                        }
                        Kind::Lengths => assert_eq!(bytes.len(), texts.concat().len() + 4 * count),
                    }
                    got.extend(texts);
                }
                inbox.consume();
            }
            assert_eq!(got, bodies);
        }
    }
}
