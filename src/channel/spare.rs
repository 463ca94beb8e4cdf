//! Buffers that wait for their next use, one of each kind a thread, whatever the number of channels. A
//! buffer that grew for a big message is worth keeping: fresh memory costs a page fault every 4 KiB,
//! several times what copying the bytes does.

use std::cell::Cell;

/// A larger buffer is given back to the system.
const KEEP_BYTES: usize = 4 * 1024 * 1024;

thread_local! {
    static INBOX: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OUTBOX: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

#[derive(Clone, Copy)]
pub enum Kind {
    /// What is in it is overwritten: its length is what has been initialised.
    Inbox,
    /// Always empty.
    Outbox,
}

fn with<R>(kind: Kind, f: impl FnOnce(&Cell<Vec<u8>>) -> R) -> Option<R> {
    let place = match kind {
        Kind::Inbox => &INBOX,
        Kind::Outbox => &OUTBOX,
    };
    // None in a thread that is ending.
    place.try_with(f).ok()
}

/// The spare buffer, or a new one.
pub fn take(kind: Kind) -> Vec<u8> {
    with(kind, Cell::take).unwrap_or_default()
}

/// Keeps the buffer, unless it is too large or there is a larger one.
pub fn give(kind: Kind, mut buffer: Vec<u8>) {
    if buffer.capacity() > KEEP_BYTES {
        return;
    }
    if matches!(kind, Kind::Outbox) {
        buffer.clear();
    }
    let _ = with(kind, move |place| {
        let other = place.take();
        place.set(if other.capacity() > buffer.capacity() { other } else { buffer });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_two_is_kept_but_none_beyond_measure() {
        give(Kind::Outbox, Vec::with_capacity(100));
        give(Kind::Outbox, Vec::with_capacity(5000));
        give(Kind::Outbox, vec![1; 200]);
        give(Kind::Outbox, Vec::with_capacity(KEEP_BYTES + 1));
        let buffer = take(Kind::Outbox);
        assert_eq!((buffer.len(), buffer.capacity()), (0, 5000));
        assert_eq!(take(Kind::Outbox).capacity(), 0);
        give(Kind::Inbox, vec![0; 300]);
        assert_eq!(take(Kind::Inbox).len(), 300);
    }
}
