//! What waits, what leaves, and what is taken back, over a real socketpair.

use super::*;
use crate::sys::socket::{pair, receive, receive_with_descriptors};

/// Of many, since the reader may be off the processor at a time.
#[test]
fn a_message_in_parts_leaves_whole_while_its_reader_reads() {
    let message = vec![7; 16 << 20];
    assert!(leaves_whole(&[&message], Duration::ZERO, 50));
}

#[test]
fn a_reader_of_much_is_waited_for_as_long_as_copying_it_would_take() {
    // 512 MiB of the same 4: half a second.
    let part = vec![7; 4 << 20];
    assert!(leaves_whole(&[part.as_slice(); 128], Duration::from_millis(20), 3));
}

/// Whether one of `tries` messages needed no copy. Its reader does nothing for the time of `pause` each time when a
/// message begins.
fn leaves_whole(parts: &[&[u8]], pause: Duration, tries: usize) -> bool {
    let (outbox, theirs) = outbox();
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let reader = std::thread::spawn(move || {
        let mut room = vec![0; 1 << 20];
        let mut count = 0;
        loop {
            if count % total == 0 {
                std::thread::sleep(pause);
            }
            // Not beyond the end of a message.
            let most = (total - count % total).min(room.len());
            match receive(&theirs, &mut room[..most]) {
                Ok(0) => return count,
                Ok(some) => count += some,
                Err(_) => {
                    assert_eq!(poll::wait(&[(theirs.as_fd(), false)], None).unwrap(), [true])
                }
            }
        }
    });
    let mut sent = 0;
    let is_whole = (0..tries).any(|_| {
        sent += total;
        let mut waiting = outbox.send_parts(parts).unwrap();
        let is_whole = waiting == 0;
        while waiting > 0 {
            waiting = outbox.flush().unwrap();
        }
        is_whole
    });
    outbox.close();
    drop(outbox);
    assert_eq!(reader.join().unwrap(), sent);
    is_whole
}

#[test]
fn a_reader_that_does_not_read_is_not_waited_for_for_long() {
    let (outbox, _theirs) = outbox();
    let message = vec![7; 8 << 20];
    let start = Instant::now();
    let waiting = outbox.send_parts(&[&message]).unwrap();
    assert!(start.elapsed() >= patience(message.len()));
    assert!(waiting > message.len() / 2 && waiting < message.len());
    // What waits already is not waited for again.
    let start = Instant::now();
    assert_eq!(outbox.send_parts(&[&message]).unwrap(), waiting + message.len());
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_reader_that_goes_away_ends_the_wait() {
    let (outbox, theirs) = outbox();
    let closing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        drop(theirs);
    });
    let part = vec![7; 4 << 20];
    // Two seconds' patience.
    let outcome = outbox.send_parts(&[part.as_slice(); 512]);
    closing.join().unwrap();
    let errno = outcome.unwrap_err().raw_os_error();
    assert!(matches!(errno, Some(libc::EPIPE | libc::ECONNRESET)), "{errno:?}");
}

#[test]
fn two_that_send_to_each_other_both_come_to_an_end() {
    let (ours, theirs) = pair().unwrap();
    let both = [ours, theirs].map(|fd| {
        std::thread::spawn(move || {
            let outbox = Outbox::new(Arc::new(fd));
            let waiting = outbox.send_parts(&[&[7; 8 << 20]]).unwrap();
            // Still open: the other one may not be there yet.
            (outbox, waiting)
        })
    });
    let ended = both.map(|end| end.join().unwrap());
    assert!(ended.iter().all(|(_, waiting)| *waiting > 0));
}

#[test]
fn a_message_of_more_parts_than_one_call_takes_leaves_whole() {
    let (outbox, peer) = outbox();
    let bytes: Vec<u8> = (0..3000_u32).map(|at| (at % 251) as u8).collect();
    let parts: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(outbox.send_parts(&parts).unwrap(), 0);
    let mut got = vec![0; bytes.len() + 1];
    let mut count = 0;
    while count < bytes.len() {
        count += receive(&peer, &mut got[count..]).unwrap();
    }
    assert_eq!(got[..count], bytes);
}

fn outbox() -> (Outbox, OwnedFd) {
    let (ours, theirs) = pair().unwrap();
    (Outbox::new(Arc::new(ours)), theirs)
}

#[test]
fn messages_are_collected_and_written_together_in_order() {
    let (outbox, peer) = outbox();
    outbox.push(None, |bytes| bytes.extend_from_slice(b"one\n")).unwrap();
    let two = outbox.push(None, |bytes| bytes.extend_from_slice(b"two\n")).unwrap();
    assert_eq!((two.position, two.waiting), (4, 8));
    assert_eq!(outbox.flush().unwrap(), 0);
    let mut buffer = [0; 64];
    assert_eq!(receive(&peer, &mut buffer).unwrap(), 8);
    assert_eq!(&buffer[..8], b"one\ntwo\n");
    assert_eq!((outbox.written(), outbox.accepted()), (8, 8));
}

#[test]
fn a_full_socket_keeps_the_rest_and_loses_nothing() {
    let (outbox, peer) = outbox();
    let message = vec![b'x'; 3_000_000];
    outbox.push(None, |bytes| bytes.extend_from_slice(&message)).unwrap();
    assert!(outbox.flush().unwrap() > 0);
    let mut received = 0;
    let mut buffer = vec![0; 65536];
    while received < message.len() {
        received += receive(&peer, &mut buffer).unwrap();
        outbox.flush().unwrap();
    }
    assert_eq!(outbox.waiting(), 0);
}

#[test]
fn a_descriptor_rides_on_its_own_message_only() {
    let (outbox, peer) = outbox();
    let (rider, _other) = pair().unwrap();
    outbox.push(None, |bytes| bytes.extend_from_slice(b"plain\n")).unwrap();
    outbox.push(Some(rider), |bytes| bytes.extend_from_slice(b"handle\n")).unwrap();
    outbox.push(None, |bytes| bytes.extend_from_slice(b"after\n")).unwrap();
    assert_eq!(outbox.flush().unwrap(), 0);
    let mut buffer = [0; 64];
    let mut descriptors = Vec::new();
    let mut text = Vec::new();
    while text.len() < 19 {
        let count = receive_with_descriptors(&peer, &mut buffer, &mut descriptors).unwrap();
        text.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(text, b"plain\nhandle\nafter\n");
    assert_eq!(descriptors.len(), 1);
}

#[test]
fn after_close_nothing_is_written() {
    let (outbox, peer) = outbox();
    outbox.push(None, |bytes| bytes.extend_from_slice(b"lost")).unwrap();
    outbox.close();
    assert_eq!(receive(&peer, &mut [0; 8]).unwrap(), 0);
    let late = outbox.push(None, |bytes| bytes.extend_from_slice(b"late"));
    assert_eq!(late.unwrap_err().raw_os_error(), Some(libc::EPIPE));
}

#[test]
fn a_peer_that_is_gone_makes_nothing_pile_up() {
    let (outbox, peer) = outbox();
    drop(peer);
    let (rider, other) = pair().unwrap();
    outbox.push(Some(rider), |bytes| bytes.extend_from_slice(b"first")).unwrap();
    assert_eq!(outbox.flush().unwrap_err().raw_os_error(), Some(libc::EPIPE));
    assert_eq!(outbox.waiting(), 0);
    assert!(outbox.push(None, |bytes| bytes.extend_from_slice(b"second")).is_err());
    // The descriptor went with its message.
    assert_eq!(receive(&other, &mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_message_whose_sender_was_told_of_a_failure_does_not_leave_later() {
    let (outbox, peer) = outbox();
    outbox.push(None, |bytes| bytes.extend_from_slice(b"kept\n")).unwrap();
    let failed = outbox.push(None, |bytes| bytes.extend_from_slice(b"failed\n")).unwrap();
    outbox.retract(failed.position);
    assert_eq!(outbox.flush().unwrap(), 0);
    let mut buffer = [0; 64];
    assert_eq!(receive(&peer, &mut buffer).unwrap(), 5);
}
