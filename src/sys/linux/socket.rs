//! AF_UNIX stream sockets: the pairs behind stdio and channels, and messages with descriptors.
//! Every call is non-blocking by MSG_DONTWAIT, never by O_NONBLOCK: the flag belongs to the open
//! file description, which a child may share.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, SocketFlags, SocketType,
};

use super::fd::retry;

/// The most descriptors that Linux carries in one message (SCM_MAX_FD, unix(7)).
const MAX_DESCRIPTORS: usize = 253;

/// A connected pair, both ends blocking and close-on-exec.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?)
}

/// A connected pair whose packets arrive whole or not at all, both ends blocking and close-on-exec.
pub fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?)
}

pub fn receive(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    retry(|| rustix::net::recv(&fd, &mut *buffer, RecvFlags::DONTWAIT).map(|(count, _)| count))
}

pub fn send(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    retry(|| rustix::net::send(&fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL))
}

/// As `send`, for bytes that stand in several places.
pub fn send_slices(fd: impl AsFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    let mut control = SendAncillaryBuffer::default();
    retry(|| rustix::net::sendmsg(&fd, slices, &mut control, flags))
}

/// How many bytes of ours the socket may hold for its peer: as many as asked for, or as the system
/// allows.
pub fn set_send_buffer(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_send_buffer_size(fd, bytes)?)
}

/// Ends the writing direction: the peer reads EOF.
pub fn shutdown_write(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::shutdown(fd, Shutdown::Write)?)
}

/// Reads once, with whatever descriptors came along (close-on-exec from birth), which are
/// appended to `descriptors`.
pub fn receive_with_descriptors(
    fd: impl AsFd,
    buffer: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received =
        retry(|| rustix::net::recvmsg(&fd, &mut [IoSliceMut::new(buffer)], &mut control, flags))?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            descriptors.extend(fds);
        }
    }
    Ok(received.bytes)
}

/// Writes once, one descriptor riding on the first byte.
pub fn send_with_descriptor(
    fd: impl AsFd,
    bytes: &[u8],
    descriptor: BorrowedFd<'_>,
) -> io::Result<usize> {
    let riders = [descriptor];
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&riders));
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    retry(|| rustix::net::sendmsg(&fd, &[IoSlice::new(bytes)], &mut control, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_travels_with_its_bytes() {
        let (a, b) = pair().unwrap();
        let (reader, writer) = super::super::fd::pipe().unwrap();
        assert_eq!(send_with_descriptor(&a, b"take this", writer.as_fd()).unwrap(), 9);
        drop(writer);
        let mut buffer = [0; 64];
        let mut descriptors = Vec::new();
        assert_eq!(receive_with_descriptors(&b, &mut buffer, &mut descriptors).unwrap(), 9);
        rustix::io::write(&descriptors[0], b"hello").unwrap();
        assert_eq!(rustix::io::read(&reader, &mut buffer).unwrap(), 5);
    }

    #[test]
    fn nothing_to_read_is_would_block_and_a_closed_peer_is_epipe() {
        let (a, b) = pair().unwrap();
        let error = receive(&a, &mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        drop(b);
        assert_eq!(send(&a, b"x").unwrap_err().raw_os_error(), Some(libc::EPIPE));
        assert_eq!(receive(&a, &mut [0; 8]).unwrap(), 0);
    }
}
