//! A thread that reads while the loop does other things: one for the process, started with the first
//! stream that it is to read, and never torn down. It waits for its streams in an epoll set of its own.
//!
//! What is done with a stream that is ready is not known here.

use std::collections::HashMap;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sys::epoll::{Epoll, Interest, Ready};
use crate::sys::{signal, unwind};

const READ: Interest = Interest { read: true, write: false };

/// A stream that the thread reads.
pub trait Readable: Send + Sync {
    /// There is something to read, or was a moment ago.
    fn read(&self, reader: &Reader, key: u64);
}

/// The thread, as all others know it.
pub struct Reader {
    epoll: Epoll,
    streams: Mutex<Streams>,
}

#[derive(Default)]
struct Streams {
    by_key: HashMap<u64, Arc<dyn Readable>>,
    /// Never used twice: an event may be on its way when its stream is gone.
    next_key: u64,
}

impl Reader {
    /// `None` where no thread or descriptor can be had.
    pub fn get() -> Option<Arc<Reader>> {
        static READER: Mutex<Option<Arc<Reader>>> = Mutex::new(None);
        let mut slot = lock(&READER);
        if slot.is_none() {
            *slot = Reader::start().ok();
        }
        slot.clone()
    }

    fn start() -> io::Result<Arc<Reader>> {
        let reader = Arc::new(Reader { epoll: Epoll::new()?, streams: Mutex::default() });
        let shared = Arc::clone(&reader);
        std::thread::Builder::new().name("sprog-reader".into()).stack_size(64 * 1024).spawn(
            move || {
                signal::block_for_helper_thread();
                let mut ready = Vec::new();
                unwind::go_on(|| shared.turn(&mut ready))
            },
        )?;
        Ok(reader)
    }

    /// Has the stream of this descriptor read from now on; the key names it.
    pub fn add(&self, fd: BorrowedFd<'_>, stream: Arc<dyn Readable>) -> Option<u64> {
        let mut streams = lock(&self.streams);
        let key = streams.next_key;
        self.epoll.add(fd, key, READ).ok()?;
        streams.next_key += 1;
        streams.by_key.insert(key, stream);
        Some(key)
    }

    /// To be called before the descriptor is closed: a duplicate, which the loop has, keeps a closed
    /// entry firing.
    pub fn remove(&self, key: u64, fd: BorrowedFd<'_>) {
        self.pause(fd);
        lock(&self.streams).by_key.remove(&key);
    }

    /// Leaves the stream alone until `resume`.
    pub fn pause(&self, fd: BorrowedFd<'_>) {
        let _ = self.epoll.delete(fd);
    }

    pub fn resume(&self, key: u64, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.epoll.add(fd, key, READ)
    }

    fn turn(&self, ready: &mut Vec<Ready>) -> io::Result<()> {
        self.epoll.wait(ready)?;
        for event in ready.drain(..) {
            let stream = lock(&self.streams).by_key.get(&event.key).cloned();
            if let Some(stream) = stream {
                stream.read(self, event.key);
            }
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
