//! A capture on the thread that reads for the loop: the loop is told by an eventfd when the stream
//! is done. Both threads go by what stands under one lock, which is held for a read at a time: the
//! JS thread can take the bytes away whenever it likes, and the descriptor is closed when it has them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Source;
use super::gathered::{Chunk, Gathered};
use super::growth::Growth;
use crate::reader::{Readable, Reader};
use crate::sys::fd;

pub(super) struct Away {
    key: u64,
    shared: Arc<Shared>,
    reader: Arc<Reader>,
}

/// One capture, as both threads know it.
struct Shared {
    state: Mutex<State>,
    source: Source,
    /// Counted up once, when the reader is done.
    counter: OwnedFd,
    /// A pipe that is read here is a busy one.
    _growth: Option<Growth>,
}

enum State {
    Reading(OwnedFd, Gathered),
    /// JS has to go on.
    Refused(Gathered),
    /// The whole output, of so many bytes, as JS will get it.
    Ended(Vec<Chunk>, usize),
    /// The JS thread has taken it all.
    Recalled,
}

impl Away {
    /// Takes what was gathered along; leaves it where it is if descriptors or threads ran out.
    pub fn start(fd: impl AsFd, source: Source, gathered: &mut Gathered) -> Option<Away> {
        let socket = fd::duplicate(fd.as_fd()).ok()?;
        let counter = fd::wake_up_counter().ok()?;
        let reader = Reader::get()?;
        let growth = if source == Source::Pipe { Growth::of(socket.as_fd()) } else { None };
        let state = Mutex::new(State::Recalled);
        let shared = Arc::new(Shared { state, source, counter, _growth: growth });
        // The reader waits for the lock until there is something to add to.
        let mut state = lock(&shared.state);
        let key = reader.add(socket.as_fd(), Arc::clone(&shared) as Arc<dyn Readable>)?;
        *state = State::Reading(socket, gathered.take_over());
        drop(state);
        Some(Away { key, shared, reader })
    }

    pub fn counter(&self) -> BorrowedFd<'_> {
        self.shared.counter.as_fd()
    }

    pub fn count(&self) -> usize {
        match &*lock(&self.shared.state) {
            State::Reading(_, gathered) | State::Refused(gathered) => gathered.count(),
            State::Ended(_, count) => *count,
            State::Recalled => 0,
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(&*lock(&self.shared.state), State::Refused(_) | State::Ended(..))
    }

    /// Ends the reading and takes what there is.
    pub fn recall(self) -> Vec<Chunk> {
        match self.take() {
            State::Reading(_, gathered) | State::Refused(gathered) => gathered.into_chunks(),
            State::Ended(chunks, _) => chunks,
            State::Recalled => Vec::new(),
        }
    }

    /// Ends the reading here, if it is not over yet: what there is, for another to add to.
    pub fn give_back(&self) -> Option<Gathered> {
        let mut state = lock(&self.shared.state);
        let State::Reading(socket, gathered) = &mut *state else { return None };
        self.reader.remove(self.key, socket.as_fd());
        let gathered = gathered.take_over();
        *state = State::Recalled;
        Some(gathered)
    }

    fn take(&self) -> State {
        let mut state = lock(&self.shared.state);
        let taken = std::mem::replace(&mut *state, State::Recalled);
        if let State::Reading(socket, _) = &taken {
            self.reader.remove(self.key, socket.as_fd());
        }
        taken
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Readable for Shared {
    /// Reads once.
    fn read(&self, reader: &Reader, key: u64) {
        let mut state = lock(&self.state);
        let State::Reading(socket, gathered) = &mut *state else { return };
        let next = match gathered.receive(&*socket, self.source) {
            Ok(0) => {
                let gathered = gathered.take_over();
                let count = gathered.count();
                State::Ended(gathered.into_chunks(), count)
            }
            Ok(_) if !gathered.is_refused() => return,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // The loop reads on, and meets the failure if it lasts.
            Ok(_) | Err(_) => State::Refused(gathered.take_over()),
        };
        reader.remove(key, socket.as_fd());
        // Closes the socket.
        *state = next;
        let _ = fd::wake_up(&self.counter);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
