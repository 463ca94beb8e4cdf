//! Long strings cut out of JSON texts: with each put back in the place of its name the text is what it
//! was, no name occurs anywhere else, and what is left is little.
//!
//! Long strings are rare in random bytes, so a byte from 0xf0 on stands for a run of letters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sprog::channel::literals::{Cut, LONG_BYTES, cut, needs_escape};

fn expand(input: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for &byte in input {
        match byte {
            0xf0..=0xf7 => text.resize(text.len() + LONG_BYTES, b'a' + (byte & 7)),
            0xf8..=0xfb => text.resize(text.len() + LONG_BYTES - 1, b'b'),
            0xfc => text.extend_from_slice(b"sprog.0."),
            0xfd => text.extend_from_slice(b"sprog.1."),
            _ => text.push(byte),
        }
        if text.len() > 40 * LONG_BYTES {
            break;
        }
    }
    text
}

fuzz_target!(|input: &[u8]| {
    let text = expand(input);
    let Some(Cut { rest, literals }) = cut(&text) else { return };
    assert!(!literals.is_empty());
    let mut whole = Vec::new();
    let mut at = 0;
    for (name, range) in &literals {
        let literal = &text[range.clone()];
        assert!(literal.len() >= LONG_BYTES && !needs_escape(literal));
        assert_eq!((text[range.start - 1], text[range.end]), (b'"', b'"'));
        let places: Vec<usize> = rest
            .windows(name.len())
            .enumerate()
            .filter(|(_, window)| *window == name.as_bytes())
            .map(|(place, _)| place)
            .collect();
        let [place] = places[..] else { panic!("{name} stands in {} places", places.len()) };
        whole.extend_from_slice(&rest[at..place]);
        whole.extend_from_slice(literal);
        at = place + name.len();
    }
    whole.extend_from_slice(&rest[at..]);
    assert_eq!(whole, text);
});
