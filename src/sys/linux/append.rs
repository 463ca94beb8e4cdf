//! Reading straight into the unused end of a vector, which need not be cleared for it.
//!
//! # Safety
//! The length is raised by what the kernel said that it wrote, and no more than it was offered.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::net::RecvFlags;

use super::fd::retry;

/// Receives once from a socket, at most `limit` bytes, behind what `bytes` holds. 0 is the end;
/// `WouldBlock` is "nothing there", `OutOfMemory` that there is no room for more.
pub fn receive(socket: impl AsFd, bytes: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
    append(bytes, limit, |spare| {
        let flags = RecvFlags::DONTWAIT;
        rustix::net::recv(&socket, spare, flags).map(|((filled, _), _)| filled.len())
    })
}

/// As `receive`, from a pipe end that does not block.
pub fn read(fd: impl AsFd, bytes: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
    append(bytes, limit, |spare| rustix::io::read(&fd, spare).map(|(filled, _)| filled.len()))
}

fn append(
    bytes: &mut Vec<u8>,
    limit: usize,
    mut fill: impl FnMut(&mut [MaybeUninit<u8>]) -> rustix::io::Result<usize>,
) -> io::Result<usize> {
    // Grows by doubling; from some size on the allocator moves pages, not bytes (mremap).
    bytes.try_reserve(limit).map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
    let spare = bytes.spare_capacity_mut();
    let offered = limit.min(spare.len());
    let count = retry(|| fill(&mut spare[..offered]))?.min(offered);
    let length = bytes.len() + count;
    // SAFETY: `fill` initialised `count` bytes behind the old length, within the capacity.
    unsafe { bytes.set_len(length) };
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{fd, socket};

    #[test]
    fn appends_up_to_the_limit() {
        let (reader, writer) = fd::pipe().unwrap();
        fd::write(&writer, b"abcdef").unwrap();
        let mut bytes = b">".to_vec();
        assert_eq!(read(&reader, &mut bytes, 4).unwrap(), 4);
        assert_eq!(read(&reader, &mut bytes, 4).unwrap(), 2);
        drop(writer);
        assert_eq!(read(&reader, &mut bytes, 4).unwrap(), 0);
        assert_eq!(bytes, b">abcdef");
    }

    #[test]
    fn a_socket_with_nothing_there_is_would_block() {
        let (a, b) = socket::pair().unwrap();
        let mut bytes = Vec::new();
        assert_eq!(receive(&a, &mut bytes, 8).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        socket::send(&b, b"abc").unwrap();
        assert_eq!(receive(&a, &mut bytes, 8).unwrap(), 3);
        assert_eq!(bytes, b"abc");
    }
}
