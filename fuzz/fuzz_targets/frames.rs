//! The 'advanced' wire, in reads of any sizes: every frame is delivered once, whole and in order;
//! texts become an array with the texts for its elements; a claim alone allocates nothing.
//!
//! The first byte chooses whether there may be texts and the limit, the second how the rest is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sprog::channel::dialect::{Body, body_kind, greeted_version};
use sprog::channel::frame::{Arrival, Inbox, Kind, LENGTH_BYTES, Wire};

/// What a reader that has the whole stream makes of it.
fn bodies(mut stream: &[u8], limit: usize) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((length, rest)) = stream.split_first_chunk::<LENGTH_BYTES>() {
        let length = u32::from_be_bytes(*length) as usize;
        if length > limit || rest.len() < length {
            break;
        }
        let (body, next) = rest.split_at(length);
        found.push(body);
        stream = next;
    }
    found
}

fuzz_target!(|input: &[u8]| {
    let [mode, step, stream @ ..] = input else { return };
    let may_be_texts = mode & 1 == 1;
    let limit = if *mode < 64 { usize::MAX } else { usize::from(*mode) };
    let step = usize::from(*step) + 1;

    let mut inbox = Inbox::new(Wire::Length);
    inbox.set_limit(limit);
    let mut got: Vec<Vec<u8>> = Vec::new();
    for chunk in stream.chunks(step) {
        inbox.space()[..chunk.len()].copy_from_slice(chunk);
        inbox.advance(chunk.len());
        if let Some(body) = inbox.first_body() {
            // A greeting is of one form only.
            assert!(greeted_version(body).is_none() || body.len() == 7);
        }
        while let Some(Arrival { kind, range, count }) = inbox.next_arrival(may_be_texts) {
            let texts: Vec<Vec<u8>> = inbox.texts().map(<[u8]>::to_vec).collect();
            let bytes = inbox.bytes(range).to_vec();
            match kind {
                Kind::Array => {
                    assert!(may_be_texts);
                    assert!(texts.iter().all(|text| body_kind(text.first()) == Body::Text));
                    let mut array = Vec::new();
                    for (index, text) in texts.iter().enumerate() {
                        array.extend_from_slice(if index == 0 { b"   [" } else { b"   ," });
                        array.extend_from_slice(text);
                    }
                    array.push(b']');
                    assert_eq!(bytes, array);
                }
                Kind::Lengths => assert_eq!(split_whole(&bytes), texts),
            }
            assert_eq!(texts.len(), count);
            got.extend(texts);
        }
        let is_overlong = inbox.is_overlong();
        inbox.consume();
        if is_overlong {
            break;
        }
    }
    assert_eq!(got, bodies(stream, limit));
});

/// Frames one after the other, with nothing left over.
fn split_whole(bytes: &[u8]) -> Vec<Vec<u8>> {
    let found: Vec<Vec<u8>> = bodies(bytes, usize::MAX).into_iter().map(<[u8]>::to_vec).collect();
    assert_eq!(found.iter().map(|body| body.len() + LENGTH_BYTES).sum::<usize>(), bytes.len());
    found
}
