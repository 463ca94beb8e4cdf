//! Lists of C strings in the form that execve wants: one block of NUL-terminated bytes and a
//! null-terminated array of pointers into it.

use std::ffi::{CStr, c_char};

pub struct CStringArray {
    block: Vec<u8>,
    pointers: Vec<*const c_char>,
}

impl CStringArray {
    /// Takes bytes in which every entry, the last one too, ends with a NUL. Bytes after the last
    /// NUL are dropped.
    pub fn from_terminated(mut block: Vec<u8>) -> CStringArray {
        block.truncate(memchr::memrchr(0, &block).map_or(0, |last| last + 1));
        let mut pointers = Vec::with_capacity(16);
        let mut start = 0;
        for end in memchr::memchr_iter(0, &block) {
            pointers.push(block[start..].as_ptr().cast());
            start = end + 1;
        }
        pointers.push(std::ptr::null());
        CStringArray { block, pointers }
    }

    pub fn len(&self) -> usize {
        self.pointers.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries as bytes, without their NULs.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        memchr::memchr_iter(0, &self.block).map(move |end| {
            let entry = &self.block[start..end];
            start = end + 1;
            entry
        })
    }

    /// The value of the first `NAME=value` entry.
    pub fn variable(&self, name: &CStr) -> Option<&[u8]> {
        let name = name.to_bytes();
        self.iter().find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// Pointers to the entries, followed by a null pointer; valid while `self` lives.
    pub fn pointers(&self) -> &[*const c_char] {
        &self.pointers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(block: &[u8]) -> Vec<Vec<u8>> {
        CStringArray::from_terminated(block.to_vec()).iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn entries_are_split_at_their_terminators() {
        assert!(list(b"").is_empty());
        assert_eq!(list(b"a\0"), [b"a".to_vec()]);
        assert_eq!(list(b"a\0\0bc\0"), [b"a".to_vec(), b"".to_vec(), b"bc".to_vec()]);
        assert_eq!(list(b"a\0tail"), [b"a".to_vec()]);
    }

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let env = CStringArray::from_terminated(b"PATHX=1\0PATH=/bin\0PATH=2\0".to_vec());
        assert_eq!(env.variable(c"PATH"), Some(&b"/bin"[..]));
        assert_eq!(env.variable(c"PAT"), None);
    }
}
