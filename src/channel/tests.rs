//! A channel over a real socketpair.

use super::*;

/// Notes what is delivered, and takes `claims` descriptors during each delivery.
#[derive(Default)]
struct Log<'a> {
    entries: RefCell<Vec<String>>,
    claims: Option<(&'a Channel<Vec<u8>>, usize)>,
    taken: RefCell<Vec<OwnedFd>>,
}

impl Log<'_> {
    fn add(&self, entry: String) {
        self.entries.borrow_mut().push(entry);
        let Some((channel, claims)) = self.claims else { return };
        for _ in 0..claims {
            self.taken.borrow_mut().extend(channel.take_descriptor());
        }
    }
}

impl Sink for Log<'_> {
    type Buffer = Vec<u8>;
    fn allocate(&self, size: usize) -> Option<Vec<u8>> {
        Some(vec![0; size])
    }
    fn large(&self, body: Vec<u8>) {
        self.add(format!("large {}", body.len()));
    }
    fn descriptors(&self, count: usize) {
        self.entries.borrow_mut().push(format!("{count} held"));
    }
    fn array(&self, text: &[u8], count: usize) {
        self.add(format!("{count} {}", String::from_utf8_lossy(text)));
    }
    fn lengths(&self, bytes: &[u8], count: usize) {
        self.add(format!("{count} in {}", bytes.len()));
    }
    fn more_follows(&self) {
        self.add("more".to_string());
    }
    fn greeted(&self) {
        self.add("greeted".to_string());
    }
    fn ended(&self, error: Option<io::Error>) {
        self.add(format!("end {:?}", error.and_then(|error| error.raw_os_error())));
    }
}

fn channel(wire: Wire) -> (Channel<Vec<u8>>, OwnedFd) {
    let (ours, theirs) = socket::pair().unwrap();
    let channel = Channel::new(wire, ours);
    channel.set_reading(true);
    (channel, theirs)
}

#[test]
fn plain_messages_come_as_one_array_and_then_the_end() {
    let (channel, peer) = channel(Wire::Json);
    socket::send(&peer, b"1\n2\n3").unwrap();
    let log = Log::default();
    channel.drain(&log, false);
    assert!(channel.is_mid_message());
    drop(peer);
    channel.drain(&log, false);
    assert_eq!(*log.entries.borrow(), ["2 [1,2]", "end None"]);
}

/// A descriptor, and what reads EOF once every copy of it is closed.
fn rider() -> (OwnedFd, OwnedFd) {
    socket::pair().unwrap()
}

fn is_closed(other: &OwnedFd) -> bool {
    matches!(socket::receive(other, &mut [0]), Ok(0))
}

#[test]
fn a_descriptor_is_held_while_its_messages_are_delivered() {
    for (wire, plain, message) in [
        (Wire::Json, &b"1\n"[..], &b"{\"cmd\":\"NODE_HANDLE\"}\n"[..]),
        (Wire::Length, b"\0\0\0\x01p", b"\0\0\0\x04hand"),
    ] {
        let (channel, peer) = channel(wire);
        let (descriptor, other) = rider();
        socket::send(&peer, plain).unwrap();
        socket::send_with_descriptor(&peer, message, descriptor.as_fd()).unwrap();
        socket::send(&peer, plain).unwrap();
        drop(descriptor);
        let log = Log { claims: Some((&channel, 1)), ..Log::default() };
        channel.drain(&log, false);
        assert_eq!(log.entries.borrow()[0], "1 held");
        assert_eq!(log.entries.borrow().len(), 3);
        assert_eq!(log.taken.borrow().len(), 1);
        assert!(!is_closed(&other));
        drop(log);
        assert!(is_closed(&other));
    }
}

#[test]
fn a_descriptor_waits_for_the_rest_of_its_message() {
    for (wire, start, rest) in
        [(Wire::Json, &b"1\n{"[..], &b"}\n"[..]), (Wire::Length, b"\0\0", b"\0\x01x")]
    {
        let (channel, peer) = channel(wire);
        let (descriptor, other) = rider();
        socket::send_with_descriptor(&peer, start, descriptor.as_fd()).unwrap();
        drop(descriptor);
        let log = Log::default();
        channel.drain(&log, false);
        assert!(!is_closed(&other));
        socket::send(&peer, rest).unwrap();
        let log = Log { claims: Some((&channel, 1)), ..Log::default() };
        channel.drain(&log, false);
        assert_eq!(log.taken.borrow().len(), 1);
    }
}

#[test]
fn descriptors_that_nobody_takes_are_closed() {
    for (wire, message) in [(Wire::Json, &b"1\n"[..]), (Wire::Length, b"\0\0\0\x01x")] {
        let (channel, peer) = channel(wire);
        let (descriptor, other) = rider();
        socket::send_with_descriptor(&peer, message, descriptor.as_fd()).unwrap();
        drop(descriptor);
        channel.drain(&Log::default(), false);
        assert!(is_closed(&other));
        assert!(channel.take_descriptor().is_none());
    }
}

#[test]
fn descriptors_end_with_the_channel() {
    let (channel, peer) = channel(Wire::Json);
    let (descriptor, other) = rider();
    socket::send_with_descriptor(&peer, b"{", descriptor.as_fd()).unwrap();
    drop(descriptor);
    channel.drain(&Log::default(), false);
    assert!(!is_closed(&other));
    channel.close();
    assert!(is_closed(&other));
}

#[test]
fn no_more_descriptors_are_held_than_can_be_meant() {
    let (channel, peer) = channel(Wire::Json);
    let riders: Vec<_> = (0..2 * MAX_WAITING_DESCRIPTORS).map(|_| rider()).collect();
    for (descriptor, _) in &riders {
        socket::send_with_descriptor(&peer, b"1", descriptor.as_fd()).unwrap();
    }
    let others: Vec<_> = riders.into_iter().map(|(_, other)| other).collect();
    channel.drain(&Log::default(), false);
    let open = others.iter().filter(|other| !is_closed(other)).count();
    assert_eq!(open, MAX_WAITING_DESCRIPTORS);
}

#[test]
fn a_limit_ends_the_channel_behind_the_messages_before_it() {
    for (wire, bytes, entry) in [
        (Wire::Json, &b"1\n12345\n2\n"[..], "1 [1]"),
        (Wire::Length, b"\0\0\0\x01x\0\0\0\x05xxxxx\0\0\0\x01x", "1 in 5"),
    ] {
        let (channel, peer) = channel(wire);
        channel.limit_messages(4);
        socket::send(&peer, bytes).unwrap();
        let log = Log::default();
        channel.drain(&log, false);
        assert_eq!(*log.entries.borrow(), [entry, "end Some(90)"]);
    }
}

#[test]
fn a_wake_up_has_a_share_of_messages_too() {
    let (channel, peer) = channel(Wire::Json);
    (0..3).for_each(|_| assert!(socket::send(&peer, &[b'\n'; 32 * 1024]).is_ok()));
    let log = Log::default();
    channel.drain(&log, false);
    assert_eq!(log.entries.borrow().len(), 1);
}
