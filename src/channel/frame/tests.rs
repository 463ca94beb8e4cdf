//! Framing, byte by byte.

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
        if let Some(Arrival { range, count, .. }) = inbox.next_arrival(false) {
            let text = inbox.bytes(range).to_vec();
            out.push((String::from_utf8(text).unwrap(), count));
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
            let texts: Vec<_> = parts.iter().map(|(text, _)| &text[1..text.len() - 1]).collect();
            assert_eq!(texts.join(","), "{\"t\":\"\u{e4}\u{1f600}\"},[1],\"\"");
            assert_eq!(parts.iter().map(|(_, count)| count).sum::<usize>(), 3);
        }
    }
}

#[test]
fn lines_can_be_had_one_by_one() {
    let mut inbox = Inbox::new(Wire::Json);
    feed(&mut inbox, b"1,2\n\n{\n3");
    assert_eq!(inbox.next_arrival(false).map(|arrival| arrival.count), Some(3));
    assert_eq!(inbox.texts().collect::<Vec<_>>(), [&b"1,2"[..], b"", b"{"]);
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
            if let Some(Arrival { range, count, .. }) = inbox.next_arrival(false) {
                collected.extend_from_slice(inbox.bytes(range));
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
    let mut line = vec![b'1'; 3 << 20];
    line.push(b'\n');
    feed(&mut inbox, &line);
    assert!(inbox.next_arrival(false).is_some());
    inbox.consume();
    assert!(inbox.buffer.is_empty());
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
                while let Some(Arrival { count, .. }) = inbox.next_arrival(false) {
                    whole += count;
                }
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
