//! A whole channel on a real socketpair, with descriptors riding on its bytes and a reader that now and
//! then closes it in the middle of a delivery: it never panics, delivers nothing after its end, hands
//! out no descriptor twice, and lets go of all of them.
//!
//! The first byte chooses wire, peer, limit and whether to close; the rest is steps: a byte that says
//! how much is written (and whether with a descriptor), then that much.
#![no_main]

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use libfuzzer_sys::fuzz_target;
use sprog::channel::dialect::Peer;
use sprog::channel::frame::Wire;
use sprog::channel::{Channel, Sink};
use sprog::sys::{fd, socket};

/// Memory that a message of a few bytes may ask for; a claim must be earned beyond it.
const TRUSTED_BYTES: usize = 8 * 1024 * 1024;

struct Reader<'a> {
    channel: &'a Channel<Vec<u8>>,
    /// Deliveries until it closes the channel; never, if negative.
    patience: Cell<i32>,
    has_ended: Cell<bool>,
}

impl Reader<'_> {
    fn heard(&self) {
        assert!(!self.has_ended.get(), "nothing comes after the end");
        while let Some(descriptor) = self.channel.take_descriptor() {
            drop(descriptor);
            if self.patience.get() % 2 == 0 {
                break;
            }
        }
        self.patience.set(self.patience.get() - 1);
        if self.patience.get() == 0 {
            self.channel.close();
        }
    }
}

impl Sink for Reader<'_> {
    type Buffer = Vec<u8>;
    fn allocate(&self, size: usize) -> Option<Vec<u8>> {
        assert!(size <= TRUSTED_BYTES, "{size} bytes on the strength of a claim");
        Some(vec![0; size])
    }
    fn large(&self, _body: Vec<u8>) {
        self.heard();
    }
    fn descriptors(&self, count: usize) {
        assert!(count > 0);
    }
    fn array(&self, text: &[u8], count: usize) {
        assert!(count > 0 && text.ends_with(b"]"));
        assert_eq!(self.channel.texts().len(), count);
        self.heard();
    }
    fn lengths(&self, bytes: &[u8], count: usize) {
        assert!(bytes.len() >= 4 * count);
        self.heard();
    }
    fn more_follows(&self) {}
    fn greeted(&self) {}
    fn ended(&self, _error: Option<io::Error>) {
        assert!(!self.has_ended.replace(true), "one end");
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fuzz_target!(|input: &[u8]| {
    let [mode, steps @ ..] = input else { return };
    let before = open_descriptors();
    {
        let (ours, theirs) = socket::pair().expect("a pair");
        let rider: OwnedFd = fd::wake_up_counter().expect("a counter");
        let wire = if mode & 1 == 0 { Wire::Json } else { Wire::Length };
        let channel = Channel::new(wire, ours);
        channel.set_peer(match mode >> 1 & 3 {
            0 => Peer::Foreign,
            1 => Peer::Own,
            _ => Peer::Announced(mode >> 3 & 1),
        });
        if mode & 0x40 != 0 {
            channel.limit_messages(200);
        }
        channel.set_reading(true);
        let patience = Cell::new(if mode & 0x80 == 0 { -1 } else { i32::from(mode >> 3 & 7) });
        let reader = Reader { channel: &channel, patience, has_ended: Cell::new(false) };

        let mut rest = steps;
        while let [size, following @ ..] = rest {
            let (bytes, next) = following.split_at(usize::from(size >> 1).min(following.len()));
            rest = next;
            if !bytes.is_empty() {
                let _ = match size & 1 {
                    0 => socket::send(&theirs, bytes),
                    _ => socket::send_with_descriptor(&theirs, bytes, rider.as_fd()),
                };
            }
            if !reader.has_ended.get() {
                channel.drain(&reader, size & 2 == 0);
            }
        }
        drop(theirs);
        while channel.is_reading() && !reader.has_ended.get() {
            channel.drain(&reader, false);
        }
        channel.close();
    }
    assert_eq!(open_descriptors(), before, "descriptors stayed open");
});
