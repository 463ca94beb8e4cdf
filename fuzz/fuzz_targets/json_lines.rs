//! JSON lines, in reads of any sizes: every line is delivered once, whole and in order, the array has
//! the lines for its elements, and nothing is delivered past the limit.
//!
//! The first byte chooses the limit, the second how the rest is cut into reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sprog::channel::frame::{Arrival, Inbox, Kind, Wire};

fuzz_target!(|input: &[u8]| {
    let [limit, step, stream @ ..] = input else { return };
    let limit = if *limit == 0 { usize::MAX } else { usize::from(*limit) };
    let step = usize::from(*step) + 1;

    let mut inbox = Inbox::new(Wire::Json);
    inbox.set_limit(limit);
    let mut got: Vec<Vec<u8>> = Vec::new();
    for chunk in stream.chunks(step) {
        inbox.space()[..chunk.len()].copy_from_slice(chunk);
        inbox.advance(chunk.len());
        while let Some(Arrival { kind, range, count }) = inbox.next_arrival(false) {
            assert_eq!(kind, Kind::Array);
            let texts: Vec<Vec<u8>> = inbox.texts().map(<[u8]>::to_vec).collect();
            assert_eq!(texts.len(), count);
            let array = [b"[", texts.join(&b","[..]).as_slice(), b"]"].concat();
            assert_eq!(inbox.bytes(range), array);
            got.extend(texts);
        }
        assert!(!inbox.has_more());
        let is_overlong = inbox.is_overlong();
        inbox.consume();
        if is_overlong {
            break;
        }
        assert!(inbox.pending_bytes() <= limit);
    }

    let mut expected: Vec<&[u8]> = stream.split(|&byte| byte == b'\n').collect();
    let unfinished = expected.pop().unwrap_or_default();
    let fitting = expected.iter().take_while(|line| line.len() <= limit).count();
    assert_eq!(got, expected[..fitting]);
    if fitting == expected.len() {
        assert_eq!(inbox.is_overlong(), unfinished.len() > limit);
    }
});
