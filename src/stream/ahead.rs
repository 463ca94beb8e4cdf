//! A fast stream, read ahead of the loop: the thread of [`reader`](crate::reader) fills memory of the
//! receiver, and the loop only hands it on. It is told by an eventfd, which is watched in the stream's
//! place.
//!
//! Who holds what: `descriptor` is locked for as long as the thread reads, so that nothing is read any
//! more when [`Ahead::stop`] returns; `queue` is locked for a moment. Both at once are taken in this order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::reader::{Readable, Reader};
use crate::sys::loan::{Lendable, Lent, Loan, lend};
use crate::sys::{fd, socket};

/// So far the thread may be ahead.
pub const BLOCKS: usize = 4;

pub struct Ahead<B> {
    shared: Arc<Shared>,
    reader: Arc<Reader>,
    key: u64,
    /// The buffers whose memory is with the thread or has come back from it, in its order.
    lent: RefCell<VecDeque<Lent<B>>>,
    /// A block of which a part was handed on.
    begun: RefCell<Option<Block<B>>>,
}

/// What has come: the bytes from `start` to `end` of a buffer.
pub struct Block<B> {
    pub buffer: B,
    pub start: usize,
    pub end: usize,
}

pub enum Next<B> {
    /// Nothing now.
    Nothing,
    Block(Block<B>),
    /// End of file, or the error that ended reading.
    End(Option<io::Error>),
}

struct Shared {
    counter: OwnedFd,
    /// Gone once nobody is to read ahead any more.
    descriptor: Mutex<Option<OwnedFd>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    empty: VecDeque<Loan>,
    /// How much came in each block that is filled.
    filled: VecDeque<usize>,
    end: Option<io::Result<()>>,
    /// The thread reads no more. (That `descriptor` is gone says the same, but who asks for it waits for a read.)
    is_stopped: bool,
    /// The thread waits for an empty block.
    is_paused: bool,
    /// The counter is up, or about to be.
    is_told: bool,
}

impl<B: Lendable> Ahead<B> {
    /// `None` where no thread or descriptor can be had. The stream itself must not be read from now on.
    pub fn start(socket: impl AsFd, buffers: Vec<B>) -> Option<Ahead<B>> {
        let descriptor = fd::duplicate(socket.as_fd()).ok()?;
        let counter = fd::wake_up_counter().ok()?;
        let reader = Reader::get()?;
        let (lent, empty) = buffers.into_iter().map(lend).unzip();
        let queue = Queue { empty, ..Queue::default() };
        let shared =
            Arc::new(Shared { counter, descriptor: Mutex::new(None), queue: Mutex::new(queue) });
        // The thread waits for the lock until there is something to read from.
        let mut slot = lock(&shared.descriptor);
        let key = reader.add(descriptor.as_fd(), Arc::clone(&shared) as Arc<dyn Readable>)?;
        *slot = Some(descriptor);
        drop(slot);
        let (lent, begun) = (RefCell::new(lent), RefCell::new(None));
        Some(Ahead { shared, reader, key, lent, begun })
    }

    /// What to watch in the stream's place.
    pub fn counter(&self) -> BorrowedFd<'_> {
        self.shared.counter.as_fd()
    }

    pub fn next(&self) -> Next<B> {
        if let Some(block) = self.begun.borrow_mut().take() {
            return Next::Block(block);
        }
        let mut queue = lock(&self.shared.queue);
        let count = queue.filled.pop_front();
        let end = if count.is_none() { queue.end.take() } else { None };
        if queue.is_told && queue.filled.is_empty() && queue.end.is_none() {
            // It may not be up yet: then the loop is woken once more.
            queue.is_told = fd::read(&self.shared.counter, &mut [0; 8]).is_err();
        }
        drop(queue);
        if let Some(end) = end {
            return Next::End(end.err());
        }
        let Some(count) = count else { return Next::Nothing };
        // The thread drops its loan before it says how much came.
        match self.lent.borrow_mut().pop_front().and_then(Lent::into_buffer) {
            Some(buffer) => Next::Block(Block { buffer, start: 0, end: count }),
            None => Next::Nothing,
        }
    }

    /// Takes back what is left of a block: it comes next.
    pub fn put_back(&self, rest: Block<B>) {
        self.begun.replace(Some(rest));
        self.shared.tell(lock(&self.shared.queue));
    }

    /// Another buffer to fill.
    pub fn supply(&self, buffer: B) {
        let (lent, loan) = lend(buffer);
        self.lent.borrow_mut().push_back(lent);
        let mut queue = lock(&self.shared.queue);
        queue.empty.push_back(loan);
        let was_paused = std::mem::take(&mut queue.is_paused);
        drop(queue);
        if was_paused && let Some(descriptor) = &*lock(&self.shared.descriptor) {
            // Without room in the epoll set (ENOMEM, ENOSPC) the end of the stream would not be met.
            if let Err(error) = self.reader.resume(self.key, descriptor.as_fd()) {
                let mut queue = lock(&self.shared.queue);
                queue.end = Some(Err(error));
                self.shared.tell(queue);
            }
        }
    }

    /// Whether the thread reads no more and all that it has read is taken: the stream is to be read itself.
    pub fn is_over(&self) -> bool {
        let queue = lock(&self.shared.queue);
        let is_empty = queue.filled.is_empty() && queue.end.is_none();
        queue.is_stopped && is_empty && self.begun.borrow().is_none()
    }
}

impl<B> Ahead<B> {
    /// The thread reads no more when this returns. What it has read is still to be taken.
    pub fn stop(&self) {
        if let Some(descriptor) = lock(&self.shared.descriptor).take() {
            self.reader.remove(self.key, descriptor.as_fd());
        }
        lock(&self.shared.queue).is_stopped = true;
    }
}

impl<B> Drop for Ahead<B> {
    /// All memory that was lent is given back: the buffers can be freed.
    fn drop(&mut self) {
        self.stop();
        lock(&self.shared.queue).empty.clear();
    }
}

impl Shared {
    /// There is something to take. The loop asks for the queue as soon as it wakes up: it is let go of first.
    fn tell(&self, mut queue: MutexGuard<'_, Queue>) {
        let was_told = std::mem::replace(&mut queue.is_told, true);
        drop(queue);
        if !was_told {
            let _ = fd::wake_up(&self.counter);
        }
    }
}

impl Readable for Shared {
    /// Fills one block, if there is one.
    fn read(&self, reader: &Reader, key: u64) {
        let mut slot = lock(&self.descriptor);
        let Some(descriptor) = &*slot else { return };
        let mut queue = lock(&self.queue);
        let Some(mut loan) = queue.empty.pop_front() else {
            queue.is_paused = true;
            reader.pause(descriptor.as_fd());
            return;
        };
        drop(queue);
        let (count, end) = fill(descriptor, loan.memory());
        let is_over = end.is_some();
        let mut queue = lock(&self.queue);
        if count == 0 {
            queue.empty.push_front(loan);
        } else {
            drop(loan);
            queue.filled.push_back(count);
        }
        queue.end = end;
        queue.is_stopped = is_over;
        if count > 0 || is_over {
            self.tell(queue);
        } else {
            drop(queue);
        }
        if is_over {
            reader.remove(key, descriptor.as_fd());
            *slot = None;
        }
    }
}

/// Reads until half of the memory is full or nothing is there: the count, and how reading ended if it did.
fn fill(descriptor: &OwnedFd, memory: &mut [u8]) -> (usize, Option<io::Result<()>>) {
    let mut count = 0;
    while count < memory.len().div_ceil(2) {
        match socket::receive(descriptor, &mut memory[count..]) {
            Ok(0) => return (count, Some(Ok(()))),
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return (count, Some(Err(error))),
        }
    }
    (count, None)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::epoll::{Epoll, Interest};
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    const SIZE: usize = 64 * 1024;

    fn ahead(blocks: usize) -> (Ahead<Vec<u8>>, OwnedFd, UnixStream) {
        let (ours, theirs) = socket::pair().unwrap();
        let ahead = Ahead::start(&ours, vec![vec![0; SIZE]; blocks]).unwrap();
        (ahead, ours, UnixStream::from(theirs))
    }

    fn wait(ahead: &Ahead<Vec<u8>>) {
        let epoll = Epoll::new().unwrap();
        epoll.add(ahead.counter(), 0, Interest { read: true, write: false }).unwrap();
        epoll.wait(&mut Vec::new()).unwrap();
    }

    fn payload(size: usize) -> Vec<u8> {
        (0..size).map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn all_comes_in_order_and_then_the_end() {
        let (ahead, _ours, mut theirs) = ahead(2);
        let sent = payload(3_000_000);
        let expected = sent.clone();
        let writing = std::thread::spawn(move || theirs.write_all(&sent).unwrap());
        let mut bytes = Vec::new();
        loop {
            match ahead.next() {
                Next::Nothing => wait(&ahead),
                Next::Block(Block { buffer, start, end }) => {
                    bytes.extend_from_slice(&buffer[start..end]);
                    ahead.supply(buffer);
                }
                Next::End(error) => {
                    assert!(error.is_none());
                    break;
                }
            }
        }
        writing.join().unwrap();
        assert!(bytes == expected);
        assert!(ahead.is_over());
    }

    #[test]
    fn it_is_ahead_by_what_it_was_lent_and_no_further() {
        let (ahead, ours, mut theirs) = ahead(2);
        theirs.write_all(&payload(100_000)).unwrap();
        theirs.write_all(&payload(100_000)).unwrap();
        while lock(&ahead.shared.queue).filled.len() < 2 || !lock(&ahead.shared.queue).is_paused {
            std::thread::yield_now();
        }
        let taken: usize = lock(&ahead.shared.queue).filled.iter().sum();
        assert_eq!(fd::unread(ours.as_fd()).unwrap(), 200_000 - taken);
        assert!(taken <= 2 * SIZE);
    }

    #[test]
    fn what_was_read_before_the_stop_is_there_and_the_rest_in_the_socket() {
        let (ahead, ours, mut theirs) = ahead(1);
        theirs.write_all(b"before").unwrap();
        wait(&ahead);
        ahead.stop();
        assert!(!ahead.is_over());
        theirs.write_all(b"after").unwrap();
        let Next::Block(block) = ahead.next() else { panic!("a block is there") };
        assert_eq!(&block.buffer[..block.end], b"before");
        ahead.put_back(Block { start: 3, ..block });
        assert!(!ahead.is_over());
        wait(&ahead);
        let Next::Block(rest) = ahead.next() else { panic!("the rest is there") };
        assert_eq!(&rest.buffer[rest.start..rest.end], b"ore");
        assert!(ahead.is_over());
        assert!(matches!(ahead.next(), Next::Nothing));
        assert_eq!(socket::receive(&ours, &mut [0; 8]).unwrap(), 5);
    }

    #[test]
    fn the_loop_does_not_wait_for_a_read() {
        let (ahead, _ours, mut theirs) = ahead(1);
        theirs.write_all(b"x").unwrap();
        wait(&ahead);
        let reading = lock(&ahead.shared.descriptor);
        let Next::Block(block) = ahead.next() else { panic!("a block is there") };
        assert!(!ahead.is_over());
        drop(reading);
        ahead.supply(block.buffer);
    }

    #[test]
    fn a_counter_that_is_about_to_be_up_is_not_waited_for() {
        let (ahead, _ours, mut theirs) = ahead(1);
        theirs.write_all(b"x").unwrap();
        wait(&ahead);
        assert!(matches!(ahead.next(), Next::Block(_)));
        // As between the two steps of `tell`.
        lock(&ahead.shared.queue).is_told = true;
        assert!(matches!(ahead.next(), Next::Nothing));
        fd::wake_up(&ahead.shared.counter).unwrap();
        wait(&ahead);
        assert!(matches!(ahead.next(), Next::Nothing));
        assert!(!lock(&ahead.shared.queue).is_told);
        assert!(fd::read(&ahead.shared.counter, &mut [0; 8]).is_err());
    }

    #[test]
    fn dropping_it_lets_go_of_the_socket() {
        let (ahead, ours, mut theirs) = ahead(1);
        drop(ours);
        theirs.write_all(b"still open").unwrap();
        drop(ahead);
        assert_eq!(theirs.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
