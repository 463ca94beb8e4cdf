//! The parent's end of a child's stdio: a socketpair end, readable and writable, or one end of a
//! pipe. Reads are handed to a sink chunk by chunk; writes go straight to the kernel, and what
//! does not fit waits with the caller until the stream is writable.

mod ahead;
mod elsewhere;

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use ahead::Ahead;

use crate::capture::Capture;
use crate::reactor::Served;
use crate::sys::loan::Lendable;
use crate::sys::{fd, socket};

/// What one read asks for: libuv's size, so that a paused stream reads ahead as far as Node's.
const READ_BYTES: usize = 64 * 1024;
/// What a stream asks for whose reads keep coming back full.
const HOT_READ_BYTES: usize = 256 * 1024;
/// A socket that has been full so often gets room for more: its writer is fast, and would wake up
/// for every 150 KiB. Never sooner: how much a child that does not read can be sent is behaviour.
const STALLS_UNTIL_LARGE: u32 = 16;
/// What such a socket is asked to hold. The system may allow less (net.core.wmem_max).
const LARGE_SOCKET_BYTES: usize = 640 * 1024;
/// The most that one stream may read in a wake-up, so that it starves nobody.
const WAKE_UP_BYTES: usize = 1024 * 1024;
const WAKE_UP_READS: usize = 32;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One end of a socketpair: both directions.
    Socket,
    /// The reading end of a pipe(2), non-blocking.
    PipeReader,
    /// The writing end of a pipe(2), non-blocking.
    PipeWriter,
}

/// What a read says that brings less than it asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShortRead {
    /// Nothing: more may have come meanwhile.
    Nothing,
    /// Enough: if there is more, that will be reported.
    Enough,
    /// That the end comes next, as the other end is closed. A socket whose other end has left bytes unread has an
    /// error for it. There may be more before it, where a read stops short: behind descriptors that were sent
    /// along, and at the end of a packet of a pipe.
    End,
}

/// Where what was read goes. A call may change the stream (stop reading, close it).
pub trait Sink {
    type Buffer: Lendable;
    /// Memory of the receiver to read into; `None` if it can give none now.
    fn allocate(&self, size: usize) -> Option<Self::Buffer>;
    /// The first `count` bytes of a buffer from `allocate` were filled.
    fn filled(&self, buffer: Self::Buffer, count: usize);
    /// Bytes that the receiver must copy.
    fn copied(&self, bytes: &[u8]);
    /// End of file, or the error that ended reading. The last call.
    fn ended(&self, error: Option<io::Error>);
}

pub struct Stream<B> {
    kind: Kind,
    fd: RefCell<Option<OwnedFd>>,
    reading: Cell<bool>,
    waiting_to_write: Cell<bool>,
    referenced: Cell<bool>,
    hot: Cell<bool>,
    /// How many bytes are still to be read, once the stream is known to end behind them.
    left: Cell<Option<usize>>,
    /// How often not all of a write did fit.
    stalls: Cell<u32>,
    /// Where what is read goes instead of to a sink.
    capture: RefCell<Option<Capture>>,
    /// Where what is read comes from while another thread reads.
    ahead: RefCell<Option<Rc<Ahead<B>>>>,
}

thread_local! {
    /// First stop of small reads: they are copied out into memory of their own size, so that a
    /// short line does not hold 64 KiB.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

fn with_scratch<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => read(&mut scratch),
        // An addon that turns the loop inside of a callback: the scratch is in use below.
        Err(_) => read(&mut vec![0; READ_BYTES]),
    })
}

impl<B: Lendable> Stream<B> {
    pub fn new(kind: Kind, fd: OwnedFd) -> Stream<B> {
        Stream {
            kind,
            fd: RefCell::new(Some(fd)),
            reading: Cell::new(false),
            waiting_to_write: Cell::new(false),
            referenced: Cell::new(true),
            hot: Cell::new(false),
            left: Cell::new(None),
            stalls: Cell::new(0),
            capture: RefCell::new(None),
            ahead: RefCell::new(None),
        }
    }

    pub fn set_reading(&self, on: bool) {
        self.reading.set(on);
    }

    pub fn is_reading(&self) -> bool {
        self.reading.get()
    }

    /// The reader has stopped flowing: back to reads that a paused stream may buffer.
    pub fn cool(&self) {
        self.hot.set(false);
        self.stop_ahead();
    }

    pub fn set_waiting_to_write(&self, on: bool) {
        self.waiting_to_write.set(on);
    }

    pub fn is_waiting_to_write(&self) -> bool {
        self.waiting_to_write.get()
    }

    pub fn set_ref(&self, on: bool) {
        self.referenced.set(on);
    }

    pub fn has_ref(&self) -> bool {
        self.referenced.get()
    }

    /// Closes the descriptor. The stream must be out of the reactor's set by then.
    pub fn close(&self) {
        self.reading.set(false);
        self.waiting_to_write.set(false);
        self.capture.replace(None);
        self.stop_ahead();
        self.ahead.replace(None);
        self.fd.replace(None);
    }

    /// What to watch: the descriptor, unless it is read on another thread.
    pub fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R {
        let capture = self.capture.borrow();
        let ahead = self.ahead.borrow();
        let fd = self.fd.borrow();
        let elsewhere = capture.as_ref().and_then(Capture::counter);
        let elsewhere = elsewhere.or(ahead.as_ref().map(|ahead| ahead.counter()));
        f(elsewhere.or(fd.as_ref().map(AsFd::as_fd)))
    }

    /// The number of the descriptor, for JS; -1 once closed.
    pub fn raw_fd(&self) -> i32 {
        self.fd.borrow().as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// A descriptor to give to a child as its own stdio: a description apart from ours where
    /// ours is non-blocking (a pipe end); for a socket, whose description never is, a duplicate.
    pub fn lend(&self) -> io::Result<OwnedFd> {
        let fd = self.fd.borrow();
        let fd = fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        match self.kind {
            Kind::Socket => fd::duplicate(fd.as_fd()),
            Kind::PipeReader | Kind::PipeWriter => fd::reopen_pipe(fd.as_fd()),
        }
    }

    /// Reads until nothing is left (as far as a short read tells), the sink stops it, or this
    /// wake-up's share is used up.
    pub fn drain<S: Sink<Buffer = B>>(&self, sink: &S, short: ShortRead) -> Served {
        let ahead = self.ahead.borrow().clone();
        if let Some(ahead) = ahead {
            return self.drain_ahead(&ahead, sink);
        }
        if let Err(error) = self.keep_nonblocking() {
            return self.finish(sink, Some(error));
        }
        let short = if self.left.get().is_none() { short } else { ShortRead::Nothing };
        let mut share = WAKE_UP_BYTES;
        let mut served = Served::Idle;
        let mut was_short = false;
        for _ in 0..WAKE_UP_READS {
            // The sink may have stopped it, or had another thread read on.
            if !self.reading.get() || share == 0 || self.is_ahead() {
                return Served::Fully;
            }
            match self.read_once(sink) {
                Ok(0) => return self.finish(sink, None),
                Ok(count) => {
                    share = share.saturating_sub(count);
                    served = Served::Lightly;
                    // An empty pipe that somebody else holds open would not be reported again.
                    if self.left.get() == Some(0) {
                        return self.finish(sink, None);
                    }
                    was_short = count < READ_BYTES;
                    if short == ShortRead::Enough && !self.hot.get() {
                        return served;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return served,
                Err(_) if short == ShortRead::End && was_short => return self.finish(sink, None),
                Err(error) => return self.finish(sink, Some(error)),
            }
        }
        Served::Fully
    }

    fn finish<S: Sink<Buffer = B>>(&self, sink: &S, error: Option<io::Error>) -> Served {
        self.reading.set(false);
        sink.ended(error);
        Served::Fully
    }

    /// One read and its delivery: the count, 0 at the end of file.
    fn read_once<S: Sink<Buffer = B>>(&self, sink: &S) -> io::Result<usize> {
        if self.hot.get()
            && let Some(mut buffer) = sink.allocate(HOT_READ_BYTES)
        {
            let count = match self.receive(buffer.as_mut()) {
                Ok(count) => count,
                Err(error) => {
                    self.hot.set(false);
                    return Err(error);
                }
            };
            self.hot.set(count >= READ_BYTES);
            if count >= HOT_READ_BYTES / 2 {
                sink.filled(buffer, count);
            } else if count > 0 {
                sink.copied(&buffer.as_mut()[..count]);
            }
            return Ok(count);
        }
        with_scratch(|scratch| self.read_into(scratch, sink))
    }

    fn read_into<S: Sink<Buffer = B>>(&self, scratch: &mut [u8], sink: &S) -> io::Result<usize> {
        let count = self.receive(scratch)?;
        self.hot.set(count == READ_BYTES);
        if count > 0 {
            sink.copied(&scratch[..count]);
        }
        Ok(count)
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let fd = self.fd.borrow();
        let fd = fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        self.receive_from(fd, buffer)
    }

    fn receive_from(&self, fd: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.left.get().map_or(buffer.len(), |left| left.min(buffer.len()));
        if size == 0 {
            return Ok(0);
        }
        let buffer = buffer.get_mut(..size).unwrap_or_default();
        let received = match self.kind {
            Kind::Socket => socket::receive(fd, buffer),
            Kind::PipeReader | Kind::PipeWriter => fd::read(fd, buffer),
        };
        let Some(left) = self.left.get() else { return received };
        match received {
            Ok(count) => {
                self.left.set(Some(left.saturating_sub(count)));
                Ok(count)
            }
            // Somebody else has read it.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Writes as much as fits now; 0 if nothing does.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.keep_nonblocking()?;
        let fd = self.fd.borrow();
        let fd = fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        // A socket says whether anybody is there, also if it is given nothing.
        if bytes.is_empty() && self.kind != Kind::Socket {
            return Ok(0);
        }
        let result = match self.kind {
            Kind::Socket => socket::send(fd, bytes),
            Kind::PipeReader | Kind::PipeWriter => fd::write(fd, bytes),
        };
        // A short count means that it is full: asking again would only say so.
        let written = match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            other => other?,
        };
        if written < bytes.len() && self.kind == Kind::Socket {
            self.count_stall(fd);
        }
        Ok(written)
    }

    fn count_stall(&self, fd: &OwnedFd) {
        let stalls = self.stalls.get().saturating_add(1);
        self.stalls.set(stalls);
        if stalls == STALLS_UNTIL_LARGE {
            let _ = socket::set_send_buffer(fd, LARGE_SOCKET_BYTES);
        }
    }

    /// A child that was given the number of a pipe end of ours (not lent the stream) has made our
    /// shared description blocking at its start: a read could then stop the JS thread.
    fn keep_nonblocking(&self) -> io::Result<()> {
        match (&*self.fd.borrow(), self.kind) {
            (Some(fd), Kind::PipeReader | Kind::PipeWriter) => {
                fd::set_nonblocking(fd.as_fd(), true)
            }
            _ => Ok(()),
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Ends the writing direction of a socket.
    pub fn shutdown_socket(&self) -> io::Result<()> {
        match &*self.fd.borrow() {
            Some(fd) => socket::shutdown_write(fd),
            None => Err(io::Error::from_raw_os_error(libc::ENOTCONN)),
        }
    }
}

#[cfg(test)]
mod tests;
