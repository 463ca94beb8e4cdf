//! A big message of the length wire on its way in: read to where it will be used, so that it is
//! neither moved as a buffer grows nor copied when it is whole.

use super::frame::LENGTH_BYTES;
use crate::sys::memory::{self, STEP_BYTES};

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
    /// Up to here its memory has been brought.
    brought: usize,
}

impl<B: AsMut<[u8]>> Large<B> {
    /// `head` is what has come, the length before it not included.
    pub fn new(mut buffer: B, head: &[u8]) -> Large<B> {
        memory::fill(buffer.as_mut(), head);
        Large { buffer, filled: head.len(), brought: head.len() }
    }

    /// Where the next read goes; empty once the message is whole. Memory is brought for it, but not for what is only
    /// claimed: for as much as is there, which `unread` tells, and a step ahead of it where more than that has come.
    pub fn space(&mut self, unread: impl FnOnce() -> usize) -> &mut [u8] {
        let rest = &mut self.buffer.as_mut()[self.filled..];
        let step = rest.len().min(STEP_BYTES);
        let rest = &mut rest[..step];
        if self.brought <= self.filled {
            let next = if self.filled < STEP_BYTES { unread().min(step) } else { step };
            memory::bring(&mut rest[..next]);
            self.brought = self.filled + next;
        }
        rest
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
    use crate::sys::memory::resident;

    #[test]
    fn a_claim_alone_is_worth_little() {
        assert!(!is_due(LARGE_BYTES - 1, 100_000));
        assert!(!is_due(LARGE_BYTES, LENGTH_BYTES - 1));
        assert!(is_due(LARGE_BYTES, LENGTH_BYTES));
        assert!(is_due(TRUSTED_BYTES, LENGTH_BYTES));
        assert!(!is_due(TRUSTED_BYTES + 1, TRUSTED_BYTES / 40));
        assert!(is_due(1 << 30, 1 << 25));
    }

    #[test]
    fn memory_is_brought_for_what_is_there_and_for_no_claim() {
        let mut large = Large::new(vec![0_u8; 32 << 20], b"head");
        let before = resident(&large.buffer);
        assert_eq!(large.space(|| 0).len(), STEP_BYTES);
        assert_eq!(resident(&large.buffer), before);
        assert_eq!(large.space(|| 100_000).len(), STEP_BYTES);
        assert_eq!(large.space(|| panic!("it is known")).len(), STEP_BYTES);
        // The next page, or a large one.
        let page = rustix::param::page_size();
        assert!(resident(&large.buffer) <= (before + 100_000 + page).max(2 << 20));
        large.advance(100_000);
        large.space(|| STEP_BYTES);
        large.advance(STEP_BYTES);
        assert_eq!(large.space(|| panic!("enough has come")).len(), STEP_BYTES);
    }

    #[test]
    fn it_is_whole_when_all_has_come() {
        let mut large = Large::new(vec![0_u8; STEP_BYTES + 5], b"head");
        large.space(|| 0);
        large.advance(STEP_BYTES);
        assert!(!large.is_whole());
        assert_eq!(large.space(|| 9).len(), 1);
        large.advance(1);
        assert!(large.is_whole());
        assert!(large.space(|| 9).is_empty());
    }
}
