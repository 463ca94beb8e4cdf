//! UTF-8 to UTF-16 and back, for texts that are not ASCII: V8 takes ten times as long for the one, and twice as long
//! for the other. What cannot be converted becomes U+FFFD, as in Node (the WHATWG Encoding Standard).

use std::cell::Cell;

use encoding_rs::mem::{convert_utf8_to_utf16, convert_utf16_to_utf8};

/// More room is given back to the system.
const KEEP_UNITS: usize = 1024 * 1024;

thread_local! {
    /// Room for the next text: fresh memory costs more than what is done there.
    static UNITS: Cell<Vec<u16>> = const { Cell::new(Vec::new()) };
}

/// Room for so many units, whatever they were before.
pub fn with_room<R>(room: usize, f: impl FnOnce(&mut [u16]) -> R) -> R {
    // None in a thread that is ending.
    let mut units = UNITS.try_with(Cell::take).unwrap_or_default();
    if units.len() < room {
        // What is kept grows by doubling, not with each text that is a little longer.
        units = vec![0; if room <= KEEP_UNITS { room.next_power_of_two() } else { room }];
    }
    let result = f(&mut units[..room]);
    if units.len() <= KEEP_UNITS {
        let _ = UNITS.try_with(|place| place.set(units));
    }
    result
}

/// The UTF-16 of a text that is read at once.
pub fn with_decoded<R>(bytes: &[u8], f: impl FnOnce(&[u16]) -> R) -> R {
    with_room(bytes.len() + 1, |room| {
        let count = convert_utf8_to_utf16(bytes, room);
        f(&room[..count])
    })
}

/// The UTF-16 of a text, to keep.
pub fn decode(bytes: &[u8]) -> Vec<u16> {
    // Of fresh memory only what is filled is ever touched.
    let mut units = vec![0; bytes.len() + 1];
    let count = convert_utf8_to_utf16(bytes, &mut units);
    units.truncate(count);
    units
}

/// The same as Latin-1, in half the memory, if it is that: V8 looks for it in what it copies only.
pub fn narrow(units: &[u16]) -> Option<Vec<u8>> {
    units.iter().map(|&unit| u8::try_from(unit).ok()).collect()
}

/// Appends a text as UTF-8.
pub fn encode(units: &[u16], out: &mut Vec<u8>) {
    const PIECE: usize = 16 * 1024;
    const MOST_BYTES: usize = 3;
    let mut rest = units;
    while !rest.is_empty() {
        let mut count = rest.len().min(PIECE);
        // No pair is cut in two.
        if count < rest.len() && (0xd800..0xdc00).contains(&rest[count - 1]) {
            count -= 1;
        }
        let (piece, others) = rest.split_at(count);
        let before = out.len();
        out.resize(before + MOST_BYTES * piece.len(), 0);
        let written = convert_utf16_to_utf8(piece, &mut out[before..]);
        out.truncate(before + written);
        if units.len() == rest.len() && !others.is_empty() {
            // As its beginning is, so is likely the rest.
            out.reserve(others.len() * written / count + MOST_BYTES * PIECE);
        }
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn text_is_decoded_and_what_is_none_replaced() {
        let text = "a\u{e9}\u{6f22}\u{1f642}".repeat(100);
        assert_eq!(decode(text.as_bytes()), units(&text));
        for bytes in [&b"a\xff\xc3"[..], b"\xed\xa0\x80b", b"\xf0\x9f\x99", b""] {
            let lossy = String::from_utf8_lossy(bytes);
            assert_eq!(decode(bytes), units(&lossy));
            with_decoded(bytes, |decoded| assert_eq!(decoded, units(&lossy)));
        }
    }

    #[test]
    fn what_is_latin1_can_be_had_as_such() {
        assert_eq!(narrow(&units("a\u{ff}")), Some(vec![0x61, 0xff]));
        assert_eq!(narrow(&units("a\u{100}")), None);
    }

    #[test]
    fn text_is_encoded_and_half_a_pair_replaced() {
        for shift in 0..2 {
            let text = "b".repeat(shift) + &"a\u{e9}\u{6f22}\u{1f642}".repeat(20_000);
            let mut out = b"before".to_vec();
            encode(&units(&text), &mut out);
            assert!(out == ["before", &text].concat().as_bytes());
        }
        for halves in [&[0xd83d][..], &[0xde42, 0xd83d], &[0x61, 0xd83d, 0x62]] {
            let mut out = Vec::new();
            encode(halves, &mut out);
            assert_eq!(out, String::from_utf16_lossy(halves).as_bytes());
        }
        let mut out = Vec::new();
        encode(&vec![0xd83d; 40_000], &mut out);
        assert!(out == "\u{fffd}".repeat(40_000).as_bytes());
    }
}
