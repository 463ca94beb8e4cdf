//! One stdio entry: what the child gets, our end of it, and the bytes that pass there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::capture::ends::Ends as KeptEnds;
use crate::sys::{append, fd, socket};

/// What one read asks for while no limit is near.
const READ_BYTES: usize = 256 * 1024;
/// Node collects output in pieces of this size and looks at the limit after each read, so that
/// what exceeds the limit is at most one piece. It is seen by programs: the output is not cut.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// What becomes a descriptor of the child.
pub enum Stdio<'a> {
    /// What the entry before it of this index is.
    Same(usize),
    /// /dev/null below 3, and from 3 up nothing.
    Ignore,
    /// A descriptor that the child gets a duplicate of.
    Fd(BorrowedFd<'a>),
    /// As `Fd`, ours.
    Owned(OwnedFd),
    /// The child reads the input there.
    Input(Channel),
    /// What the child writes there is collected.
    Output(Channel),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    Socket,
    Fifo,
}

/// Both ends of an entry, before the child has its own.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) ours: Option<OwnedFd>,
    pub(super) theirs: Option<OwnedFd>,
}

impl Ends {
    pub(super) fn open(entry: &Stdio<'_>) -> io::Result<Ends> {
        let (ours, theirs) = match entry {
            Stdio::Same(_) | Stdio::Ignore | Stdio::Fd(_) | Stdio::Owned(_) => {
                return Ok(Ends::default());
            }
            Stdio::Input(Channel::Socket) | Stdio::Output(Channel::Socket) => socket::pair()?,
            Stdio::Input(Channel::Fifo) => {
                let (reader, writer) = fd::pipe()?;
                fd::set_nonblocking(writer.as_fd(), true)?;
                (writer, reader)
            }
            Stdio::Output(Channel::Fifo) => {
                let (reader, writer) = fd::pipe()?;
                fd::set_nonblocking(reader.as_fd(), true)?;
                (reader, writer)
            }
        };
        Ok(Ends { ours: Some(ours), theirs: Some(theirs) })
    }
}

/// Our side of an entry.
pub(super) struct Pipe<'a> {
    /// `None` for what has no side of ours, and once closed.
    fd: Option<OwnedFd>,
    channel: Channel,
    pub(super) work: Work<'a>,
    /// Where not all of the output is kept.
    ends: Option<KeptEnds>,
    /// How many bytes are still to be read, once the output is known to end behind them.
    left: Option<usize>,
}

pub(super) enum Work<'a> {
    None,
    /// The input that is not written yet.
    Feed(&'a [u8]),
    /// The input is written, or cannot be. The socket stays open: a child may still write to its
    /// standard input, as one on a terminal may.
    Fed,
    Collect(Vec<u8>),
    Collected(Vec<u8>),
}

impl<'a> Pipe<'a> {
    pub(super) fn new(
        fd: Option<OwnedFd>,
        entry: &Stdio<'_>,
        input: &'a [u8],
        ends: Option<KeptEnds>,
    ) -> Pipe<'a> {
        let (channel, work) = match entry {
            Stdio::Input(channel) => (*channel, Work::Feed(input)),
            Stdio::Output(channel) => (*channel, Work::Collect(Vec::new())),
            _ => (Channel::Socket, Work::None),
        };
        Pipe { fd, channel, work, ends, left: None }
    }

    /// What to wait for: the descriptor, and whether to write.
    pub(super) fn interest(&self) -> Option<(BorrowedFd<'_>, bool)> {
        let write = match self.work {
            Work::Feed(_) => true,
            Work::Collect(_) => false,
            _ => return None,
        };
        self.fd.as_ref().map(|fd| (fd.as_fd(), write))
    }

    /// Writes as much of the input as fits, and behind the last of it the end of file.
    pub(super) fn feed(&mut self) -> io::Result<()> {
        let (Work::Feed(rest), Some(fd)) = (&mut self.work, &self.fd) else { return Ok(()) };
        while !rest.is_empty() {
            let sent = match self.channel {
                Channel::Socket => socket::send(fd, rest),
                Channel::Fifo => fd::write(fd, rest),
            };
            match sent {
                Ok(count) => *rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    self.work = Work::Fed;
                    return Err(error);
                }
            }
        }
        self.work = Work::Fed;
        match self.channel {
            Channel::Socket => socket::shutdown_write(fd),
            Channel::Fifo => {
                self.fd = None;
                Ok(())
            }
        }
    }

    /// Reads once, `allowance` being how many bytes may still come without exceeding the limit.
    /// `None`: nothing there, or nothing more to come.
    pub(super) fn collect(&mut self, allowance: Option<u64>) -> io::Result<Option<usize>> {
        let (Work::Collect(bytes), Some(fd)) = (&mut self.work, &self.fd) else { return Ok(None) };
        let far = allowance.is_none_or(|left| left >= READ_BYTES as u64);
        let limit = if far { READ_BYTES } else { PIECE_BYTES - bytes.len() % PIECE_BYTES };
        let limit = self.left.map_or(limit, |left| left.min(limit));
        if limit == 0 {
            self.close();
            return Ok(None);
        }
        let received = match self.channel {
            Channel::Socket => append::receive(fd, bytes, limit),
            Channel::Fifo => append::read(fd, bytes, limit),
        };
        match received {
            Ok(count) if count > 0 => {
                if let Some(ends) = &mut self.ends {
                    ends.trim(bytes);
                }
                self.left = self.left.map(|left| left.saturating_sub(count));
                Ok(Some(count))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.left.is_none() => {
                Ok(None)
            }
            // Somebody else has read what was left.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.close();
                Ok(None)
            }
            ended => {
                self.close();
                ended.map(|_| None)
            }
        }
    }

    pub(super) fn close(&mut self) {
        self.fd = None;
        self.work = match std::mem::replace(&mut self.work, Work::None) {
            Work::Collect(bytes) => Work::Collected(bytes),
            Work::Feed(_) => Work::Fed,
            other => other,
        };
    }

    /// Has an output end behind what there is to read now; an input is over.
    pub(super) fn end_soon(&mut self) {
        if !matches!(self.work, Work::Collect(_)) {
            self.close();
            return;
        }
        let unread = self.fd.as_ref().and_then(|fd| fd::unread(fd.as_fd()).ok());
        self.left = Some(unread.unwrap_or(0));
    }

    pub(super) fn is_open(&self) -> bool {
        self.fd.is_some()
    }

    /// What was kept of an output, and how many bytes of it were not.
    pub(super) fn into_output(mut self) -> (Option<Vec<u8>>, usize) {
        let (Work::Collect(mut bytes) | Work::Collected(mut bytes)) = self.work else {
            return (None, 0);
        };
        if let Some(ends) = &mut self.ends {
            ends.finish(&mut bytes);
        }
        (Some(bytes), self.ends.map_or(0, |ends| ends.dropped()))
    }
}
