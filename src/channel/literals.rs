//! Long strings in JSON texts. One that needs no decoding is handed over as it stands, and the text is
//! parsed without it: V8 would look at each of its bytes and copy it. Pure.

use std::ops::Range;

/// From this size on a string is worth it.
pub const LONG_BYTES: usize = 64 * 1024;
/// What is parsed without the long strings is looked at value by value, and so must be little.
const MAX_REST_BYTES: usize = 16 * 1024;
/// How many strings are looked at.
const MAX_STRINGS: usize = 64;

/// A text without its long strings.
#[derive(Debug)]
pub struct Cut {
    /// The text with a name in the place of each long string.
    pub rest: Vec<u8>,
    /// The names, and where the strings stand in the original, quotes not included.
    pub literals: Vec<(String, Range<usize>)>,
}

/// Cuts the long strings out of a text, if that leaves little. A text that is no JSON stays that.
pub fn cut(text: &[u8]) -> Option<Cut> {
    if text.len() < LONG_BYTES {
        return None;
    }
    let found = find(text);
    let long: usize = found.iter().map(Range::len).sum();
    if found.is_empty() || text.len() - long > MAX_REST_BYTES {
        return None;
    }
    let gaps: Vec<&[u8]> = std::iter::once(0)
        .chain(found.iter().map(|range| range.end))
        .zip(found.iter().map(|range| range.start).chain(std::iter::once(text.len())))
        .map(|(start, end)| &text[start..end])
        .collect();
    let prefix = free_name(&gaps)?;
    let mut rest = gaps[0].to_vec();
    let mut literals = Vec::new();
    for ((index, range), gap) in found.into_iter().enumerate().zip(&gaps[1..]) {
        let name = format!("{prefix}{index}.");
        rest.extend_from_slice(name.as_bytes());
        rest.extend_from_slice(gap);
        literals.push((name, range));
    }
    Some(Cut { rest, literals })
}

/// Strings, not keys, that are long and stand as they are meant.
fn find(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for _ in 0..MAX_STRINGS {
        let Some(open) = memchr::memchr(b'"', &text[at..]) else { break };
        let start = at + open + 1;
        let Some((end, is_plain)) = end_of_string(text, start) else { break };
        if is_plain && end - start >= LONG_BYTES && !needs_escape(&text[start..end]) {
            let next = text[end + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
            if next != Some(&b':') {
                found.push(start..end);
            }
        }
        at = end + 1;
    }
    found
}

/// Where the string ends that begins at `start`, and whether it has no escapes.
fn end_of_string(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut is_plain = true;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((at, is_plain));
        }
        is_plain = false;
        at += 2;
    }
}

/// A start of names that no string of the text can have.
fn free_name(gaps: &[&[u8]]) -> Option<String> {
    let contains =
        |needle: &[u8]| gaps.iter().any(|gap| memchr::memmem::find(gap, needle).is_some());
    // An escape could spell any name.
    if contains(b"\\u") {
        return None;
    }
    (0..4).map(|n| format!("sprog.{n}.")).find(|name| !contains(name.as_bytes()))
}

/// Whether JSON spells some of these bytes otherwise within a string.
pub fn needs_escape(bytes: &[u8]) -> bool {
    // Without a way out inside of a block, the compiler compares many bytes at once.
    bytes.chunks(4096).any(|block| {
        block
            .iter()
            .fold(false, |any, &byte| any | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(byte: char) -> String {
        byte.to_string().repeat(LONG_BYTES)
    }

    fn cut_text(text: &str) -> Option<(String, Vec<String>)> {
        let cut = cut(text.as_bytes())?;
        let strings = cut.literals.iter().map(|(_, range)| text[range.clone()].to_string());
        Some((String::from_utf8(cut.rest).unwrap(), strings.collect()))
    }

    #[test]
    fn long_strings_are_cut_out_and_short_ones_stay() {
        let (a, b) = (long('a'), long('b'));
        let text = format!("[{{\"x\":\"{a}\",\"y\":\"s\\n\\\"\"}},\"{b}\" ]");
        let (rest, strings) = cut_text(&text).unwrap();
        assert_eq!(rest, "[{\"x\":\"sprog.0.0.\",\"y\":\"s\\n\\\"\"},\"sprog.0.1.\" ]");
        assert_eq!(strings, [a, b]);
    }

    #[test]
    fn what_is_decoded_or_no_string_stays() {
        let a = long('a');
        for text in [
            format!("{{\"{a}\" : 1}}"),
            format!("[\"{a}\\n\"]"),
            format!("[\"\\\"{a}\"]"),
            format!("[\"{a}\t\"]"),
            format!("[\"{a}"),
            format!("[\"{a}\\"),
            format!("[{}]", "1,".repeat(LONG_BYTES)),
            format!("[\"{a}\",\"{}\"]", "b".repeat(MAX_REST_BYTES)),
            "[\"short\"]".to_string(),
        ] {
            assert!(cut_text(&text).is_none(), "{}", &text[..20.min(text.len())]);
        }
    }

    #[test]
    fn a_name_is_one_that_nothing_else_has() {
        let a = long('a');
        let (rest, _) = cut_text(&format!("[\"{a}\",\"sprog.0.0.\",\"sprog.1.\"]")).unwrap();
        assert!(rest.starts_with("[\"sprog.2.0.\""));
        assert!(cut_text(&format!("[\"{a}\",\"\\u0073prog.0.0.\"]")).is_none());
    }
}
