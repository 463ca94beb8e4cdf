//! Memory that is about to be filled.
#![allow(unsafe_code)]

/// How much is brought at a time: so little that it is still in the cache when it is filled.
pub const STEP_BYTES: usize = 256 * 1024;

/// Brings the pages of this memory by one call, instead of by a page fault for each of them, which costs more than
/// its bytes do. Its content stays as it is. Before Linux 5.14 nothing happens (MADV_POPULATE_WRITE, madvise(2)).
///
/// Large pages are no way to fewer faults: a virtual machine's host takes back free memory of that size, and needs
/// milliseconds to bring it again.
pub fn bring<T>(memory: &mut [T]) {
    let page = rustix::param::page_size();
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(page);
    let Some(size) = size_of_val(memory).checked_sub(skipped) else { return };
    let length = size / page * page;
    if length == 0 {
        return;
    }
    // SAFETY: whole pages inside of `memory`, which is borrowed; this advice changes no content.
    unsafe { libc::madvise(start.wrapping_add(skipped).cast(), length, libc::MADV_POPULATE_WRITE) };
}

/// How much of a buffer that is filled from its start on has been brought.
#[derive(Default)]
pub struct Brought(usize);

impl Brought {
    /// Brings the next step of the `rest` of a buffer of which `filled` elements are filled, unless that was done.
    /// The part of it that is to be filled now.
    pub fn next<'a, T>(&mut self, rest: &'a mut [T], filled: usize) -> &'a mut [T] {
        let step = (STEP_BYTES / size_of::<T>().max(1)).min(rest.len());
        if self.0 <= filled {
            bring(&mut rest[..step]);
            self.0 = filled + step;
        }
        let length = rest.len().min(self.0 - filled);
        &mut rest[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bringing_leaves_the_content_alone() {
        let mut memory = vec![7_u8; 9 << 20];
        bring(&mut memory[5..]);
        bring::<u8>(&mut []);
        bring(&mut [0_u8; 3]);
        assert!(memory.iter().all(|&byte| byte == 7));
    }

    #[test]
    fn what_is_brought_is_there_and_no_more() {
        let page = rustix::param::page_size();
        let mut memory = Vec::<u8>::with_capacity(64 << 20);
        let spare = memory.spare_capacity_mut();
        bring(&mut spare[..32 << 20]);
        let start = spare.as_ptr().cast_mut().cast::<libc::c_void>();
        let first = start.wrapping_add(start.align_offset(page));
        let mut pages = vec![0_u8; (63 << 20) / page];
        // SAFETY: asks about pages inside of `memory`; the vector has room for an answer for each.
        let answer = unsafe { libc::mincore(first, pages.len() * page, pages.as_mut_ptr()) };
        assert_eq!(answer, 0);
        let (brought, beyond) = pages.split_at((32 << 20) / page - 1);
        // An older kernel does not know the advice.
        let expected = if is_known() { brought.len() } else { 0 };
        assert_eq!(brought.iter().filter(|&&page| page & 1 == 1).count(), expected);
        // Where large pages are the rule, the last of them reaches further.
        let far = &beyond[(4 << 20) / page..];
        assert!(far.iter().all(|&page| page & 1 == 0));
    }

    fn is_known() -> bool {
        // SAFETY: no memory is named.
        unsafe { libc::madvise(std::ptr::null_mut(), 0, libc::MADV_POPULATE_WRITE) == 0 }
    }

    #[test]
    fn a_buffer_is_brought_step_by_step() {
        let mut buffer = vec![0_u8; 2 * STEP_BYTES + 10];
        let mut brought = Brought::default();
        let mut next = |filled: usize| brought.next(&mut buffer[filled..], filled).len();
        assert_eq!(next(0), STEP_BYTES);
        assert_eq!(next(1), STEP_BYTES - 1);
        assert_eq!(next(STEP_BYTES), STEP_BYTES);
        assert_eq!(next(2 * STEP_BYTES), 10);
        assert_eq!(next(2 * STEP_BYTES + 10), 0);
    }
}
