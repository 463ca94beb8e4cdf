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

/// Copies these bytes to the start of fresh memory, which is at least as long.
pub fn fill(memory: &mut [u8], bytes: &[u8]) {
    for (step, piece) in memory.chunks_mut(STEP_BYTES).zip(bytes.chunks(STEP_BYTES)) {
        let step = &mut step[..piece.len()];
        bring(step);
        step.copy_from_slice(piece);
    }
}

/// Appends all of these parts to a vector that they make long.
pub fn append<'a>(vector: &mut Vec<u8>, parts: impl Iterator<Item = &'a [u8]> + Clone) {
    let mut left = parts.clone().map(<[u8]>::len).sum::<usize>();
    vector.reserve(left);
    let mut brought = 0;
    for piece in parts.flat_map(|part| part.chunks(STEP_BYTES)) {
        if brought < piece.len() {
            brought = left.min(STEP_BYTES);
            bring(&mut vector.spare_capacity_mut()[..brought]);
        }
        vector.extend_from_slice(piece);
        brought -= piece.len();
        left -= piece.len();
    }
}

/// How many bytes of this memory's whole pages are there.
#[cfg(test)]
pub fn resident<T>(memory: &[T]) -> usize {
    let page = rustix::param::page_size();
    let start = memory.as_ptr().cast::<u8>().cast_mut();
    let skipped = start.align_offset(page);
    let mut pages = vec![0_u8; (size_of_val(memory) - skipped) / page];
    let first = start.wrapping_add(skipped).cast();
    // SAFETY: asks about pages inside of `memory`; there is room for an answer for each.
    let answer = unsafe { libc::mincore(first, pages.len() * page, pages.as_mut_ptr()) };
    assert_eq!(answer, 0);
    pages.iter().filter(|&&page| page & 1 == 1).count() * page
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
    fn what_is_brought_is_there() {
        let mut memory = Vec::<u8>::with_capacity(64 << 20);
        let spare = &mut memory.spare_capacity_mut()[..32 << 20];
        bring(spare);
        // An older kernel does not know the advice.
        if is_known() {
            assert!(resident(spare) >= size_of_val(spare) - rustix::param::page_size());
        }
    }

    fn is_known() -> bool {
        // SAFETY: no memory is named.
        unsafe { libc::madvise(std::ptr::null_mut(), 0, libc::MADV_POPULATE_WRITE) == 0 }
    }

    #[test]
    fn what_is_copied_is_whole() {
        let bytes: Vec<u8> = (0..2 * STEP_BYTES + 10).map(|at| (at % 251) as u8).collect();
        let mut memory = vec![0; bytes.len() + 1];
        fill(&mut memory, &bytes);
        assert!(memory[..bytes.len()] == bytes && memory[bytes.len()] == 0);
        for length in [1, 1000, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1] {
            let mut vector = b"before".to_vec();
            append(&mut vector, bytes.chunks(length));
            assert!(&vector[..6] == b"before" && vector[6..] == bytes);
        }
        append(&mut Vec::new(), std::iter::empty());
    }
}
