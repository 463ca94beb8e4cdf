//! The environment of this process as a child inherits it: read where libc keeps it, which is where
//! `process.env` of the main thread reads and writes.
//!
//! # Safety
//! Unsafe only to walk libc's `environ`. As for getenv(3) anywhere, nobody may set a variable in
//! another thread meanwhile; in Node only a worker thread that shares the environment could.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::ffi::CStr;

use super::cstrings::CStringArray;

/// The environment of this process, with the `NAME=value` entries of `added` (each ended by a NUL)
/// in the place of those of the same name.
pub fn inherit(added: Vec<u8>) -> CStringArray {
    // SAFETY: a static of libc, read as a value.
    let mut at = unsafe { libc::environ };
    let entries = std::iter::from_fn(|| {
        if at.is_null() {
            return None;
        }
        // SAFETY: `at` is within the array, whose last element is null.
        let entry = unsafe { *at };
        if entry.is_null() {
            return None;
        }
        // SAFETY: not beyond the null that ends the array.
        at = unsafe { at.add(1) };
        // SAFETY: entries are C strings that live until their variable is set anew.
        Some(unsafe { CStr::from_ptr(entry) }.to_bytes())
    });
    CStringArray::from_terminated(merge(entries, added))
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
    fn the_environment_of_this_process_is_what_libc_has() {
        let inherited = inherit(b"SPROG_ADDED=1\0".to_vec());
        assert_eq!(inherited.variable(c"SPROG_ADDED"), Some(&b"1"[..]));
        let path = std::env::var("PATH").unwrap();
        assert_eq!(inherited.variable(c"PATH"), Some(path.as_bytes()));
    }
}
