//! What is on its way out: messages in order, some with a descriptor riding on their first byte.
//! Messages may be collected here and written together; whoever is first (the JS thread at the
//! end of its tick, or the off-loop flusher if that thread is stuck) writes them, under one lock,
//! so that no message is ever cut by another.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::spare::{self, Kind};
use crate::sys::{memory, poll, socket};

/// As much of what has been written may stand before what waits.
const WRITTEN_BYTES: usize = 256 * 1024;

/// From this size on a message is worth a socket that takes more at once.
const BIG_BYTES: usize = 128 * 1024;
/// What such a socket is asked to hold: a message of a megabyte, so that it is written by one call and
/// its reader is not waited for. The system may allow less (net.core.wmem_max).
const SOCKET_BYTES: usize = 640 * 1024;

/// How long a message in parts waits for its reader to make room, altogether. A reader that is at it takes less, and
/// then nothing need be copied; for another the rest is copied into fresh memory, which takes half as long again.
const PATIENCE_PER_MIB: Duration = Duration::from_millis(1);

/// So many slices are written by one call (IOV_MAX, sendmsg(2)).
const MAX_SLICES: usize = 1024;

pub struct Outbox {
    state: Mutex<State>,
}

struct State {
    /// `None` once closed; what was not written by then is dropped, as in Node.
    fd: Option<Arc<OwnedFd>>,
    bytes: Vec<u8>,
    /// How much of `bytes` has been written.
    head: usize,
    /// Descriptors by the absolute position of the byte that they ride on.
    riders: VecDeque<(u64, OwnedFd)>,
    /// Absolute position of `bytes[head]`: all bytes ever written.
    written: u64,
    /// The error after which nothing can be written any more.
    broken: Option<i32>,
    flusher_armed: bool,
    /// The socket has been asked to take more at once.
    is_large: bool,
}

/// A message that was taken in.
#[derive(Debug)]
pub struct Pushed {
    /// Absolute position of its first byte, for [`Outbox::retract`].
    pub position: u64,
    /// Bytes that wait now, its own included.
    pub waiting: usize,
}

impl Outbox {
    pub fn new(fd: Arc<OwnedFd>) -> Outbox {
        Outbox {
            state: Mutex::new(State {
                fd: Some(fd),
                bytes: Vec::new(),
                head: 0,
                riders: VecDeque::new(),
                written: 0,
                broken: None,
                flusher_armed: false,
                is_large: false,
            }),
        }
    }

    /// Appends one framed message; `fill` writes it. Fails, and takes nothing in, once the peer is
    /// known to be gone.
    pub fn push(
        &self,
        rider: Option<OwnedFd>,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<Pushed> {
        let mut state = self.lock();
        state.check()?;
        if state.bytes.capacity() == 0 {
            state.bytes = spare::take(Kind::Outbox);
        }
        let position = state.written + state.waiting() as u64;
        let before = state.bytes.len();
        fill(&mut state.bytes);
        if let Some(descriptor) = rider
            && state.bytes.len() > before
        {
            state.riders.push_back((position, descriptor));
        }
        Ok(Pushed { position, waiting: state.waiting() })
    }

    /// Writes a message given in parts, all of them whole, as long as its reader makes room and if nothing waits
    /// before it; the rest is taken in. Fails as `push` does, or as the write does, and then takes nothing in.
    pub fn send_parts(&self, parts: &[&[u8]]) -> io::Result<usize> {
        let mut state = self.lock();
        state.check()?;
        let total: usize = parts.iter().map(|part| part.len()).sum();
        if total >= BIG_BYTES {
            state.enlarge_socket();
        }
        let mut done = 0;
        if state.flush()? == 0 {
            let mut patience = patience(total);
            while done < total {
                match state.write_parts(parts, done) {
                    Ok(count) => done += count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        let since = Instant::now();
                        if !state.makes_room(since + patience) {
                            break;
                        }
                        patience = patience.saturating_sub(since.elapsed());
                    }
                    // Half a message cannot be taken back: the next write meets the error again.
                    Err(_) if done > 0 && state.broken.is_none() => break,
                    Err(error) => return Err(error),
                }
            }
        }
        if done < total {
            if state.bytes.capacity() == 0 {
                state.bytes = spare::take(Kind::Outbox);
            }
            memory::append(&mut state.bytes, after(parts, done));
        }
        Ok(state.waiting())
    }

    /// Takes back the last message, whose sender is told that it failed, unless part of it has
    /// been written.
    pub fn retract(&self, position: u64) {
        let mut state = self.lock();
        if position < state.written {
            return;
        }
        let keep = state.head + (position - state.written) as usize;
        state.bytes.truncate(keep);
        while state.riders.back().is_some_and(|(at, _)| *at >= position) {
            state.riders.pop_back();
        }
    }

    /// Writes what fits now. Returns how many bytes still wait.
    pub fn flush(&self) -> io::Result<usize> {
        self.lock().flush()
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting()
    }

    /// All bytes ever taken in: the position at which the next message will start.
    pub fn accepted(&self) -> u64 {
        let state = self.lock();
        state.written + state.waiting() as u64
    }

    /// All bytes ever written.
    pub fn written(&self) -> u64 {
        self.lock().written
    }

    pub fn close(&self) {
        let mut state = self.lock();
        state.fd = None;
        state.break_down(libc::EPIPE);
    }

    /// True if the caller has to start a flusher: there is none under way.
    pub fn arm_flusher(&self) -> bool {
        !std::mem::replace(&mut self.lock().flusher_armed, true)
    }

    /// The flusher's turn: errors are left for the JS thread, whose next write meets them too.
    pub fn flush_late(&self) {
        self.lock().flush_late();
    }

    /// The same, if nobody is at it; false otherwise. A send may wait for its reader, and one flusher serves all
    /// channels.
    pub fn try_flush_late(&self) -> bool {
        match self.state.try_lock() {
            Ok(mut state) => state.flush_late(),
            Err(TryLockError::Poisoned(state)) => state.into_inner().flush_late(),
            Err(TryLockError::WouldBlock) => return false,
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves bytes in order; going on is better than poisoning IPC.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn waiting(&self) -> usize {
        self.bytes.len() - self.head
    }

    fn check(&self) -> io::Result<()> {
        match self.broken {
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
            None => Ok(()),
        }
    }

    /// Nothing goes out any more: what waits is dropped, descriptors too.
    fn break_down(&mut self, errno: i32) {
        self.broken = Some(errno);
        self.bytes = Vec::new();
        self.head = 0;
        self.riders.clear();
    }

    fn flush(&mut self) -> io::Result<usize> {
        let waiting = self.write_all()?;
        self.tidy();
        Ok(waiting)
    }

    fn flush_late(&mut self) {
        self.flusher_armed = false;
        let _ = self.write_all();
    }

    fn write_all(&mut self) -> io::Result<usize> {
        self.check()?;
        while self.waiting() > 0 {
            match self.write_once() {
                Ok(count) => {
                    self.head += count;
                    self.written += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(self.waiting())
    }

    /// Notes an error after which nothing more can be written.
    fn failed(&mut self, error: io::Error) -> io::Error {
        if let Some(errno @ (libc::EPIPE | libc::ECONNRESET)) = error.raw_os_error() {
            self.break_down(errno);
        }
        error
    }

    /// Writes once of the parts what comes after the first `done` bytes.
    fn write_parts(&mut self, parts: &[&[u8]], done: usize) -> io::Result<usize> {
        let fd = self.fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EPIPE))?;
        let slices: Vec<_> = after(parts, done).take(MAX_SLICES).map(IoSlice::new).collect();
        let count = socket::send_slices(fd, &slices).map_err(|error| self.failed(error))?;
        self.written += count as u64;
        Ok(count)
    }

    /// Whether the reader makes room by then.
    fn makes_room(&self, deadline: Instant) -> bool {
        let Some(fd) = &self.fd else { return false };
        matches!(poll::wait(&[(fd.as_fd(), true)], Some(deadline)).as_deref(), Ok([true]))
    }

    /// Once; whether or not the system allows it.
    fn enlarge_socket(&mut self) {
        if !std::mem::replace(&mut self.is_large, true)
            && let Some(fd) = &self.fd
        {
            let _ = socket::set_send_buffer(fd, SOCKET_BYTES);
        }
    }

    /// Writes up to the next rider, or from a rider on, up to the one after it.
    fn write_once(&mut self) -> io::Result<usize> {
        let fd = self.fd.as_ref().ok_or(io::Error::from_raw_os_error(libc::EPIPE))?;
        let until = |position: u64| (position - self.written) as usize;
        let rest = &self.bytes[self.head..];
        match self.riders.front() {
            Some((position, descriptor)) if *position == self.written => {
                let end = self.riders.get(1).map_or(rest.len(), |(next, _)| until(*next));
                let count = socket::send_with_descriptor(fd, &rest[..end], descriptor.as_fd())?;
                // The kernel has its own reference now.
                self.riders.pop_front();
                Ok(count)
            }
            Some((position, _)) => socket::send(fd, &rest[..until(*position)]),
            None => socket::send(fd, rest),
        }
    }

    fn tidy(&mut self) {
        if self.head == self.bytes.len() {
            spare::give(Kind::Outbox, std::mem::take(&mut self.bytes));
            self.head = 0;
        } else if self.head > WRITTEN_BYTES.max(self.waiting()) {
            // Keeps a queue that never runs empty from growing at its front; what moves is less than
            // what has been written since it last did.
            self.bytes.drain(..self.head);
            self.head = 0;
        }
    }
}

/// For a message of so many bytes.
fn patience(bytes: usize) -> Duration {
    const MIB: f64 = 1024.0 * 1024.0;
    PATIENCE_PER_MIB.mul_f64((bytes as f64 / MIB).max(1.0))
}

/// The parts without their first `done` bytes.
fn after<'a>(parts: &'a [&'a [u8]], mut done: usize) -> impl Iterator<Item = &'a [u8]> + Clone {
    parts.iter().filter_map(move |part| {
        let skipped = done.min(part.len());
        done -= skipped;
        Some(&part[skipped..]).filter(|rest| !rest.is_empty())
    })
}

#[cfg(test)]
mod tests;
