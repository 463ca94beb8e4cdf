//! The output of a program, gathered in reads of any sizes: it becomes the bytes, or the text, that it
//! is; and no more than the limit is ever handed over as a whole.
//!
//! The first byte chooses form and limit, the second how the rest is cut into reads.
#![no_main]

use std::os::fd::OwnedFd;

use libfuzzer_sys::fuzz_target;
use sprog::capture::{Capture, Chunk, Form, Progress};
use sprog::sys::socket;

/// Limit of those runs that have one.
const LIMIT: usize = 64;

fn text_of(chunks: &[Chunk]) -> Option<String> {
    match chunks {
        [Chunk::Utf16(units)] => Some(String::from_utf16(units).expect("no lone surrogates")),
        [Chunk::Latin1(bytes)] => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
        _ => None,
    }
}

fuzz_target!(|input: &[u8]| {
    let [mode, step, output @ ..] = input else { return };
    let form = [Form::Bytes, Form::Utf8, Form::Latin1, Form::Other][usize::from(mode & 3)];
    let limit = (mode & 4 != 0).then_some(LIMIT);
    let (reader, writer) = socket::pair().expect("a pair");
    let mut capture = Capture::new(form, limit);

    let mut scratch = vec![0; 64 * 1024];
    let mut is_over_after = |socket: &OwnedFd| {
        let read = |bytes: &mut [u8]| socket::receive(socket, bytes);
        capture.advance(read, &mut scratch, false) == Progress::Over
    };
    let mut is_over = false;
    let mut sent = 0;
    for chunk in output.chunks(usize::from(*step) + 1) {
        sent += socket::send(&writer, chunk).expect("room");
        if is_over_after(&reader) {
            is_over = true;
            break;
        }
    }
    if !is_over {
        drop(writer);
        while !is_over_after(&reader) {}
    }
    let sent = &output[..sent];
    let chunks = capture.into_chunks();
    if let Some(text) = text_of(&chunks) {
        assert!(limit.is_none_or(|limit| sent.len() <= limit));
        let expected = match form {
            Form::Latin1 => sent.iter().map(|&byte| char::from(byte)).collect(),
            _ => String::from_utf8(sent.to_vec()).expect("only what is UTF-8 is made text"),
        };
        assert_eq!(text, expected);
    } else {
        let pieces = chunks.iter().map(|chunk| match chunk {
            Chunk::Bytes(bytes) => bytes.as_slice(),
            _ => panic!("text among bytes"),
        });
        assert_eq!(pieces.collect::<Vec<_>>().concat(), sent);
    }
});
