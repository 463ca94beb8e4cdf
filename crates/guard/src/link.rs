//! The guard's end of the socket: packets in, answers out.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::protocol::{MAX_PACKET, Reply, Request};

pub struct Link {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

/// What was there to be read.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Nothing,
    /// Nobody has the other end any more.
    End,
    /// A packet: `None` if it made no sense.
    Packet(Option<Request>),
}

impl Link {
    pub fn new(socket: OwnedFd) -> Link {
        Link { socket, buffer: vec![0; MAX_PACKET] }
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Does not wait.
    pub fn receive(&mut self) -> Received {
        loop {
            match rustix::net::recv(&self.socket, &mut self.buffer[..], RecvFlags::DONTWAIT) {
                // No packet is empty.
                Ok((0, _)) => return Received::End,
                Ok((count, _)) => {
                    return Received::Packet(Request::decode(&self.buffer[..count]));
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Received::Nothing,
                Err(_) => return Received::End,
            }
        }
    }

    /// A parent that does not listen any more is noticed by `receive`.
    pub fn answer(&self, reply: Reply) -> io::Result<()> {
        let packet = reply.encode();
        loop {
            match rustix::net::send(&self.socket, &packet, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                other => return Ok(other.map(|_| ())?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType};

    #[test]
    fn packets_come_whole_and_the_end_is_seen() {
        let (ours, theirs) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        let mut link = Link::new(ours);
        assert_eq!(link.receive(), Received::Nothing);
        let born = Request::Born { ward: 5, pid: 6, now: 7 };
        rustix::net::send(&theirs, &born.encode(), SendFlags::empty()).unwrap();
        rustix::net::send(&theirs, b"what", SendFlags::empty()).unwrap();
        assert_eq!(link.receive(), Received::Packet(Some(born)));
        assert_eq!(link.receive(), Received::Packet(None));
        link.answer(Reply::Watching { ward: 5 }).unwrap();
        drop(theirs);
        assert_eq!(link.receive(), Received::End);
        assert!(link.answer(Reply::Ready).is_err());
    }
}
