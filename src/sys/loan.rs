//! Memory that one thread owns and another fills meanwhile.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

/// A buffer whose memory can be lent.
///
/// # Safety
/// `as_mut` is the same piece of memory each time, stays where it is while the buffer is moved, and
/// is used by nobody else until the buffer is dropped or given away.
pub unsafe trait Lendable: AsMut<[u8]> {}

// SAFETY: the heap memory of a vector that is not changed in length; a vector that is moved leaves it
// where it is.
unsafe impl Lendable for Vec<u8> {}

/// A buffer whose memory is with somebody else.
pub struct Lent<B> {
    buffer: Option<ManuallyDrop<B>>,
    /// The loan has the other half.
    tally: Arc<()>,
}

/// The memory of such a buffer, to be filled on any thread. Giving it back is dropping it.
pub struct Loan {
    start: NonNull<u8>,
    length: usize,
    _tally: Arc<()>,
}

// SAFETY: the memory is nobody else's while the loan is there: `Lent` does not touch it before.
unsafe impl Send for Loan {}

pub fn lend<B: Lendable>(mut buffer: B) -> (Lent<B>, Loan) {
    let memory = buffer.as_mut();
    let length = memory.len();
    let start = NonNull::from(memory).cast();
    let tally = Arc::new(());
    let loan = Loan { start, length, _tally: Arc::clone(&tally) };
    (Lent { buffer: Some(ManuallyDrop::new(buffer)), tally }, loan)
}

impl Loan {
    pub fn memory(&mut self) -> &mut [u8] {
        // SAFETY: `length` bytes that stay there and are used by nobody else, by the contract of
        // `Lendable`, for as long as this loan is not dropped: see `Lent::take`.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<B> Lent<B> {
    /// The buffer, once the loan is dropped. Before that it is leaked, which no caller wants.
    pub fn into_buffer(mut self) -> Option<B> {
        self.take()
    }

    fn take(&mut self) -> Option<B> {
        let buffer = self.buffer.take()?;
        // With the tally all that was done to the memory on the other thread is seen.
        Arc::get_mut(&mut self.tally)?;
        Some(ManuallyDrop::into_inner(buffer))
    }
}

impl<B> Drop for Lent<B> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_filled_elsewhere_comes_back() {
        let (lent, mut loan) = lend(vec![0_u8; 4]);
        let filling = std::thread::spawn(move || loan.memory().copy_from_slice(b"full"));
        filling.join().unwrap();
        assert_eq!(lent.into_buffer().unwrap(), b"full");
    }

    #[test]
    fn a_buffer_is_not_used_while_its_memory_is_away() {
        // Without memory, which would be leaked.
        let (lent, mut loan) = lend(Vec::new());
        assert!(lent.into_buffer().is_none());
        assert_eq!(loan.memory(), b"");
    }

    #[test]
    fn dropping_both_halves_in_any_order_is_well() {
        let (lent, loan) = lend(vec![0_u8; 4]);
        drop(loan);
        drop(lent);
        let (lent, loan) = lend(Vec::new());
        drop(lent);
        drop(loan);
    }
}
