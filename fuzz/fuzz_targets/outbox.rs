//! Messages on their way out, with the socket full at any point: what arrives is what was pushed, in
//! order, less what was taken back whole; and descriptors arrive with their own message.
//!
//! Steps of two bytes: what to do, and how large.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sprog::channel::outbox::Outbox;
use sprog::sys::{fd, socket};

fuzz_target!(|input: &[u8]| {
    let (ours, theirs) = socket::pair().expect("a pair");
    let outbox = Outbox::new(Arc::new(ours));
    let mut expected: Vec<u8> = Vec::new();
    let mut got: Vec<u8> = Vec::new();
    let mut riders = 0;
    let mut arrived = Vec::new();
    let mut buffer = vec![0; 64 * 1024];

    let mut receive = |got: &mut Vec<u8>, arrived: &mut Vec<_>| {
        let count = socket::receive_with_descriptors(&theirs, &mut buffer, arrived).unwrap_or(0);
        got.extend_from_slice(&buffer[..count]);
        count
    };

    for (number, step) in input.chunks_exact(2).take(400).enumerate() {
        // Up to a megabyte, so that the socket fills.
        let size = (usize::from(step[1]) << (step[0] >> 4)).min(1 << 20);
        let message = vec![number as u8; size];
        match step[0] & 7 {
            0 | 1 => {
                outbox.push(None, |out| out.extend_from_slice(&message)).expect("an open socket");
                expected.extend_from_slice(&message);
            }
            2 if riders < 200 => {
                let rider = fd::wake_up_counter().expect("a counter");
                outbox.push(Some(rider), |out| out.extend_from_slice(&message)).expect("open");
                expected.extend_from_slice(&message);
                riders += usize::from(size > 0);
            }
            3 => {
                let (head, tail) = message.split_at(size / 3);
                outbox.send_parts(&[head, tail]).expect("an open socket");
                expected.extend_from_slice(&message);
            }
            4 => {
                let waited = outbox.waiting();
                let pushed =
                    outbox.push(None, |out| out.extend_from_slice(&message)).expect("open");
                outbox.retract(pushed.position);
                assert_eq!(outbox.waiting(), waited);
            }
            5 => {
                outbox.flush().expect("an open socket");
            }
            6 => {
                receive(&mut got, &mut arrived);
            }
            _ => outbox.flush_late(),
        }
        assert_eq!(outbox.accepted(), outbox.written() + outbox.waiting() as u64);
    }
    while outbox.flush().expect("an open socket") > 0 || got.len() < expected.len() {
        assert!(receive(&mut got, &mut arrived) > 0, "bytes got lost");
    }
    assert_eq!(got.len() as u64, outbox.written());
    assert!(got == expected, "bytes changed");
    assert_eq!(arrived.len(), riders);
});
