//! A page of memory that two processes share: a file without a name that cannot be resized, so that
//! neither end can make the other one's accesses fail.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};

/// Bytes of it that may be used, whatever the page size of the system is.
pub const PAGE_BYTES: usize = 4096;

/// The file of a page, close-on-exec, filled with zeros.
pub fn make_page() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("sprog-page", flags)?;
    rustix::fs::ftruncate(&file, PAGE_BYTES as u64)?;
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file)
}

/// A page where this process sees it. Others may write to it at any time: it is to be read and written by
/// atomic operations only.
#[derive(Debug)]
pub struct SharedPage {
    start: NonNull<u8>,
}

impl SharedPage {
    /// Refuses (EINVAL) a file that may shrink or is too short.
    pub fn map(file: BorrowedFd<'_>) -> io::Result<SharedPage> {
        let size = fstat(file)?.st_size;
        let is_whole = usize::try_from(size).is_ok_and(|size| size >= PAGE_BYTES);
        if !is_whole || !fcntl_get_seals(file)?.contains(SealFlags::SHRINK) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at a place that the kernel chooses; nothing that exists is touched.
        let start = unsafe {
            libc::mmap(ptr::null_mut(), PAGE_BYTES, access, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        match NonNull::new(start.cast::<u8>()) {
            Some(start) if start.as_ptr().cast() != libc::MAP_FAILED => Ok(SharedPage { start }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// `PAGE_BYTES` bytes, mapped for as long as `self` lives.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        // SAFETY: the mapping that `map` made, unmapped once.
        unsafe { libc::munmap(self.start.as_ptr().cast(), PAGE_BYTES) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn first_word(page: &SharedPage) -> &AtomicU32 {
        // SAFETY: a mapped page, aligned; it lives as long as the borrow.
        unsafe { &*page.start().cast::<AtomicU32>() }
    }

    #[test]
    fn two_mappings_are_one_memory() {
        let file = make_page().unwrap();
        let one = SharedPage::map(file.as_fd()).unwrap();
        let other = SharedPage::map(file.as_fd()).unwrap();
        drop(file);
        first_word(&one).store(7, Ordering::SeqCst);
        assert_eq!(first_word(&other).load(Ordering::SeqCst), 7);
        drop(one);
        assert_eq!(first_word(&other).load(Ordering::SeqCst), 7);
    }

    #[test]
    fn the_file_cannot_be_resized_and_others_are_refused() {
        let file = make_page().unwrap();
        assert!(rustix::fs::ftruncate(&file, 0).is_err());
        assert!(rustix::fs::ftruncate(&file, 1 << 20).is_err());
        let open = memfd_create("open", MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&open, PAGE_BYTES as u64).unwrap();
        let refused = SharedPage::map(open.as_fd()).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EINVAL));
        let (pipe, _end) = super::super::fd::pipe().unwrap();
        assert!(SharedPage::map(pipe.as_fd()).is_err());
    }
}
