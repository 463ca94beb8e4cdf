//! The environment of this process as a child inherits it: read where libc keeps it, which is where
//! `process.env` of the main thread reads and writes.
//!
//! Node locks its own accesses, with a lock that nobody else can take: a worker thread that shares the
//! environment may set a variable at any time. glibc then frees the array that it has outgrown, but never a
//! string. So the array is copied by a system call that fails where memory is gone, and counts only if it
//! is still the same afterwards. musl frees the strings too: there JS reads the variables.
//!
//! # Safety
//! Unsafe to read libc's `environ` beside other threads, as told above.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::ffi::{CStr, c_char};
use std::io;
use std::ptr;

use super::cstrings::CStringArray;

/// Whether `inherit` may be used with this libc.
pub const IS_READABLE: bool = cfg!(target_env = "gnu");

/// Every page size is a multiple of it: what does not cross such a border is there as a whole or not.
const BLOCK_BYTES: usize = 4096;
/// So often an array is awaited that does not change while it is copied; after that, one that is not freed.
const PATIENCE: u32 = 20;
const POINTER_BYTES: usize = size_of::<usize>();

/// The environment of this process, with the `NAME=value` entries of `added` (each ended by a NUL)
/// in the place of those of the same name.
pub fn inherit(added: Vec<u8>) -> CStringArray {
    let pointers = pointers();
    let entries = pointers.iter().map(|&entry| {
        // SAFETY: an entry of the array while it was whole: a C string, which glibc never frees, even if
        // its variable is set anew.
        unsafe { CStr::from_ptr(ptr::with_exposed_provenance::<c_char>(entry)) }.to_bytes()
    });
    CStringArray::from_terminated(merge(entries, added))
}

/// The entries of `environ`: all of the same moment, unless it never stands still.
fn pointers() -> Vec<usize> {
    for tries in 1.. {
        let start = start();
        let Ok(first) = array_at(start) else { continue };
        let is_still = tries > PATIENCE || array_at(start).is_ok_and(|second| second == first);
        // Else it was changed in between, or freed: once more.
        if is_still && start == self::start() {
            return first;
        }
    }
    Vec::new()
}

/// Where the array is.
fn start() -> usize {
    let place = &raw const libc::environ;
    // SAFETY: a static of libc that is as large as a word: it is read whole.
    unsafe { ptr::read_volatile(place) }.expose_provenance()
}

/// The array at `at` up to its null; an error if there is none (any more).
fn array_at(mut at: usize) -> io::Result<Vec<usize>> {
    let mut entries = Vec::with_capacity(128);
    if at == 0 {
        return Ok(entries);
    }
    let mut block = [0_usize; BLOCK_BYTES / POINTER_BYTES];
    loop {
        let words = (BLOCK_BYTES - at % BLOCK_BYTES) / POINTER_BYTES;
        copy(at, &mut block[..words])?;
        for &entry in &block[..words] {
            if entry == 0 {
                return Ok(entries);
            }
            entries.push(entry);
        }
        at += words * POINTER_BYTES;
    }
}

/// Copies words from an address of ours at which there may be no memory any more: EFAULT.
fn copy(at: usize, words: &mut [usize]) -> io::Result<()> {
    let length = size_of_val(words);
    let local = libc::iovec { iov_base: words.as_mut_ptr().cast(), iov_len: length };
    let remote = libc::iovec { iov_base: ptr::with_exposed_provenance_mut(at), iov_len: length };
    let ourselves = rustix::process::getpid().as_raw_pid();
    // SAFETY: the kernel checks the remote address, and writes no more than `length` bytes to the local one.
    let count = unsafe { libc::process_vm_readv(ourselves, &local, 1, &remote, 1, 0) };
    if count.cast_unsigned() == length {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if count < 0 && error.raw_os_error() != Some(libc::EFAULT) {
        // A sandbox without this call. What remains is the chance that the memory is unmapped this moment.
        for (index, word) in words.iter_mut().enumerate() {
            let from = ptr::with_exposed_provenance::<usize>(at + index * POINTER_BYTES);
            // SAFETY: within the array, as far as can be known here; a word is read whole.
            *word = unsafe { ptr::read_volatile(from) };
            if *word == 0 {
                return Ok(());
            }
        }
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(libc::EFAULT))
}

/// What Node makes of `entries`: only those with a name and an `=`, the first of each name, and
/// U+FFFD for what is not UTF-8.
fn merge<'a>(entries: impl Iterator<Item = &'a [u8]>, added: Vec<u8>) -> Vec<u8> {
    let mut block = Vec::with_capacity(4096 + added.len());
    let mut names: HashSet<&[u8]> = added.split(|&byte| byte == 0).filter_map(name).collect();
    for entry in entries {
        if name(entry).is_some_and(|name| names.insert(name)) {
            block.extend_from_slice(String::from_utf8_lossy(entry).as_bytes());
            block.push(0);
        }
    }
    block.extend_from_slice(&added);
    block
}

fn name(entry: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'=', entry).filter(|&at| at > 0).map(|at| &entry[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(entries: &[&[u8]], added: &[u8]) -> Vec<u8> {
        merge(entries.iter().copied(), added.to_vec())
    }

    #[test]
    fn what_is_added_takes_the_place_of_its_namesake() {
        assert_eq!(merged(&[b"A=1", b"B=2", b"AB=3"], b"B=4\0C=5\0"), b"A=1\0AB=3\0B=4\0C=5\0");
        assert_eq!(merged(&[b"A=1"], b""), b"A=1\0");
    }

    #[test]
    fn only_variables_count_and_the_first_of_a_name() {
        assert_eq!(merged(&[b"A=1", b"none", b"=x", b"A=2", b"B="], b""), b"A=1\0B=\0");
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        assert_eq!(merged(&[b"A=\xffx"], b""), "A=\u{fffd}x\0".as_bytes());
    }

    #[test]
    fn an_array_that_is_gone_is_an_error_and_one_that_ends_with_a_page_is_read() {
        const HALF: usize = 65536;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: new memory, at a place that the kernel chooses.
        let start = unsafe { libc::mmap(ptr::null_mut(), 2 * HALF, access, flags, -1, 0) };
        // SAFETY: the second half of it, of which nobody else knows.
        unsafe { libc::munmap(start.wrapping_byte_add(HALF), HALF) };
        let count = HALF / POINTER_BYTES;
        // SAFETY: the first half, zeroed, aligned, and used by nobody else.
        let words = unsafe { std::slice::from_raw_parts_mut(start.cast::<usize>(), count) };
        words[..count - 1].fill(7);
        assert_eq!(array_at(start.addr()).unwrap().len(), count - 1);
        assert_eq!(array_at(start.addr() + 8000).unwrap().len(), count - 1 - 1000);
        words[count - 1] = 7;
        assert_eq!(array_at(start.addr()).unwrap_err().raw_os_error(), Some(libc::EFAULT));
        // SAFETY: what is left of the memory; `words` is not used any more.
        unsafe { libc::munmap(start, HALF) };
        assert!(array_at(start.addr()).is_err());
        assert_eq!(array_at(0).unwrap(), []);
    }

    #[test]
    fn the_environment_of_this_process_is_what_libc_has() {
        let inherited = inherit(b"SPROG_ADDED=1\0".to_vec());
        assert_eq!(inherited.variable(c"SPROG_ADDED"), Some(&b"1"[..]));
        let path = std::env::var("PATH").unwrap();
        assert_eq!(inherited.variable(c"PATH"), Some(path.as_bytes()));
    }
}
