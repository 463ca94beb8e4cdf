//! Advice on memory.
#![allow(unsafe_code)]

/// Below this, whole huge pages are too few to matter.
const HUGE_BYTES: usize = 4 * 1024 * 1024;
/// The largest page size of the systems that we run on; advice must begin at a page.
const PAGE_BYTES: usize = 64 * 1024;

/// All of this memory is about to be filled: huge pages spare most of its page faults, which cost more
/// than the bytes do. Where the system has none, nothing happens.
pub fn will_fill<T>(memory: &mut [T]) {
    let size = size_of_val(memory);
    if size < HUGE_BYTES {
        return;
    }
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE_BYTES);
    let length = (size - skipped) / PAGE_BYTES * PAGE_BYTES;
    // SAFETY: whole pages inside of `memory`, which is borrowed; this advice changes no content.
    unsafe { libc::madvise(start.wrapping_add(skipped).cast(), length, libc::MADV_HUGEPAGE) };
}

#[cfg(test)]
mod tests {
    #[test]
    fn advice_leaves_the_content_alone() {
        let mut memory = vec![7_u8; 9 << 20];
        super::will_fill(&mut memory[5..]);
        super::will_fill::<u8>(&mut []);
        assert!(memory.iter().all(|&byte| byte == 7));
    }
}
