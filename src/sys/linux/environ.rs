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

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::{CStr, c_char};
use std::io;
use std::ptr;
use std::rc::Rc;

use super::cstrings::CStringArray;

/// Whether `inherit` may be used with this libc.
pub const IS_READABLE: bool = cfg!(target_env = "gnu");

/// Every page size is a multiple of it: what does not cross such a border is there as a whole or not.
const BLOCK_BYTES: usize = 4096;
/// So often an array is awaited that does not change while it is copied; after that, one that is not freed.
const PATIENCE: u32 = 20;
const POINTER_BYTES: usize = size_of::<usize>();

/// What was found at the last look, and what was made of it: that takes longer than to see that it stands.
struct Seen {
    /// The entries of `environ`, and what they pointed to, each ended by a NUL.
    pointers: Vec<usize>,
    block: Vec<u8>,
    list: Rc<CStringArray>,
}

thread_local! {
    static LAST: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// The environment of this process, with the `NAME=value` entries of `added` (each ended by a NUL)
/// in the place of those of the same name.
pub fn inherit(added: Vec<u8>) -> Rc<CStringArray> {
    LAST.with_borrow_mut(|last| {
        let pointers = pointers(last.as_ref().map_or(&[], |seen| &seen.pointers));
        list(last, pointers, added)
    })
}

/// The list for the entries at `pointers`, with those of `added`.
fn list(last: &mut Option<Seen>, pointers: Vec<usize>, added: Vec<u8>) -> Rc<CStringArray> {
    let block = strings(&pointers);
    let is_plain = added.is_empty();
    // The text counts, not where it is: who has called putenv may write there.
    if let Some(seen) = last.as_mut().filter(|seen| is_plain && seen.block == block) {
        seen.pointers = pointers;
        return Rc::clone(&seen.list);
    }
    let list = Rc::new(CStringArray::from_terminated(merge(&block, added)));
    if is_plain {
        *last = Some(Seen { pointers, block, list: Rc::clone(&list) });
    }
    list
}

/// What the entries point to, each ended by a NUL.
fn strings(pointers: &[usize]) -> Vec<u8> {
    let mut block = Vec::with_capacity(4096);
    for &entry in pointers {
        // SAFETY: an entry of the array while it was whole: a C string, which glibc never frees, even if
        // its variable is set anew.
        let text = unsafe { CStr::from_ptr(ptr::with_exposed_provenance::<c_char>(entry)) };
        block.extend_from_slice(text.to_bytes_with_nul());
    }
    block
}

/// The entries of `environ`: all of the same moment, unless it never stands still. `known` are those of an
/// earlier moment: if they are found again, one look is enough.
fn pointers(known: &[usize]) -> Vec<usize> {
    for tries in 1.. {
        let start = start();
        let Ok(first) = array_at(start) else { continue };
        let is_still = tries > PATIENCE
            || first == known
            || array_at(start).is_ok_and(|second| second == first);
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

/// What Node makes of the entries of `block`: only those with a name and an `=`, the first of each name, and
/// U+FFFD for what is not UTF-8.
fn merge(block: &[u8], added: Vec<u8>) -> Vec<u8> {
    let mut merged = Vec::with_capacity(block.len() + added.len());
    let mut names: HashSet<&[u8]> = added.split(|&byte| byte == 0).filter_map(name).collect();
    for entry in block.split(|&byte| byte == 0) {
        if name(entry).is_some_and(|name| names.insert(name)) {
            merged.extend_from_slice(String::from_utf8_lossy(entry).as_bytes());
            merged.push(0);
        }
    }
    merged.extend_from_slice(&added);
    merged
}

fn name(entry: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'=', entry).filter(|&at| at > 0).map(|at| &entry[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_takes_the_place_of_its_namesake() {
        assert_eq!(merge(b"A=1\0B=2\0AB=3\0", b"B=4\0C=5\0".to_vec()), b"A=1\0AB=3\0B=4\0C=5\0");
        assert_eq!(merge(b"A=1\0", Vec::new()), b"A=1\0");
    }

    #[test]
    fn only_variables_count_and_the_first_of_a_name() {
        assert_eq!(merge(b"A=1\0none\0=x\0\0A=2\0B=\0", Vec::new()), b"A=1\0B=\0");
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        assert_eq!(merge(b"A=\xffx\0", Vec::new()), "A=\u{fffd}x\0".as_bytes());
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

    #[test]
    fn what_is_written_into_an_entry_is_seen() {
        let mut text = *b"A=1\0";
        let mut last = None;
        let mut look =
            |text: &[u8]| list(&mut last, vec![text.as_ptr().expose_provenance()], vec![]);
        let before = look(&text);
        assert!(Rc::ptr_eq(&before, &look(&text)));
        text[2] = b'2';
        assert_eq!(look(&text).variable(c"A"), Some(&b"2"[..]));
        assert_eq!(before.variable(c"A"), Some(&b"1"[..]));
    }
}
