//! A big message of the length wire on its way in: read to where it will be used, so that it is
//! neither moved as a buffer grows nor copied when it is whole.

use super::frame::LENGTH_BYTES;
use crate::sys::memory::Brought;

/// From this size on a message gets a buffer of its own.
const LARGE_BYTES: usize = 128 * 1024;
/// A buffer of up to this size is made at the first sight of its length; for a larger one this part of
/// it must have come: a length is only a claim. What has come until then is moved.
const TRUSTED_BYTES: usize = 8 * 1024 * 1024;
const EARNED_PART: usize = 32;

/// Whether a message whose frame claims `length` bytes, `pending` of the frame being here, is worth a
/// buffer of its own now.
pub fn is_due(length: usize, pending: usize) -> bool {
    let is_trusted = length <= TRUSTED_BYTES || pending >= length / EARNED_PART;
    length >= LARGE_BYTES && pending >= LENGTH_BYTES && is_trusted
}

pub struct Large<B> {
    buffer: B,
    filled: usize,
    brought: Brought,
}

impl<B: AsMut<[u8]>> Large<B> {
    /// `head` is what has come, the length before it not included.
    pub fn new(mut buffer: B, head: &[u8]) -> Large<B> {
        buffer.as_mut()[..head.len()].copy_from_slice(head);
        Large { buffer, filled: head.len(), brought: Brought::default() }
    }

    /// Where the next read goes; empty once the message is whole.
    pub fn space(&mut self) -> &mut [u8] {
        let rest = &mut self.buffer.as_mut()[self.filled..];
        self.brought.next(rest, self.filled)
    }

    /// `count` bytes of `space` were filled.
    pub fn advance(&mut self, count: usize) {
        self.filled += count;
    }

    pub fn is_whole(&mut self) -> bool {
        self.filled == self.buffer.as_mut().len()
    }

    pub fn into_buffer(self) -> B {
        self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_alone_is_worth_little() {
        assert!(!is_due(LARGE_BYTES - 1, 100_000));
        assert!(!is_due(LARGE_BYTES, LENGTH_BYTES - 1));
        assert!(is_due(LARGE_BYTES, LENGTH_BYTES));
        assert!(is_due(TRUSTED_BYTES, LENGTH_BYTES));
        assert!(!is_due(TRUSTED_BYTES + 1, TRUSTED_BYTES / 40));
        assert!(is_due(1 << 30, 1 << 25));
    }
}
