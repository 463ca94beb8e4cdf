//! A stream that is not simply read on the loop and told to a sink: its output is gathered, or another
//! thread reads it.

use std::os::fd::AsFd;
use std::rc::Rc;

use super::ahead::{Ahead, BLOCKS, Block, Next};
use super::{HOT_READ_BYTES, Kind, READ_BYTES, Sink, Stream, with_scratch};
use crate::capture::{Capture, Chunk, Progress, Source};
use crate::reactor::Served;
use crate::sys::fd;
use crate::sys::loan::Lendable;

impl<B: Lendable> Stream<B> {
    /// Has what comes gathered from now on, or, with `None`, goes back to a sink; answers what was
    /// gathered. Of a capture elsewhere the stream must be out of the reactor's set: another
    /// descriptor is watched afterwards.
    pub fn set_capture(&self, capture: Option<Capture>) -> Vec<Chunk> {
        self.capture.replace(capture).map_or_else(Vec::new, Capture::into_chunks)
    }

    pub fn is_captured(&self) -> bool {
        self.capture.borrow().is_some()
    }

    pub fn is_gathered_elsewhere(&self) -> bool {
        self.capture.borrow().as_ref().is_some_and(|capture| capture.counter().is_some())
    }

    /// How many bytes are gathered.
    pub fn captured_count(&self) -> usize {
        self.capture.borrow().as_ref().map_or(0, Capture::count)
    }

    /// Gathers what there is (as far as a short read tells, if `may_stop_short`).
    pub fn gather(&self, may_stop_short: bool) -> Progress {
        let mut capture = self.capture.borrow_mut();
        let fd = self.fd.borrow();
        let (Some(capture), Some(fd)) = (&mut *capture, &*fd) else { return Progress::Idle };
        let may_stop_short = may_stop_short && self.left.get().is_none();
        let read = |buffer: &mut [u8]| self.receive_from(fd, buffer);
        with_scratch(|scratch| capture.advance(read, scratch, may_stop_short))
    }

    /// Has the thread of `capture` gather on, while the stream is out of the set.
    pub fn gather_elsewhere(&self) {
        if let (Some(capture), Some(fd)) = (&mut *self.capture.borrow_mut(), &*self.fd.borrow()) {
            let source = match self.kind {
                Kind::Socket => Source::Socket,
                Kind::PipeReader | Kind::PipeWriter => Source::Pipe,
            };
            capture.move_away(fd, source);
        }
    }

    /// Has the stream end behind what there is to read now, whoever else may still write to it.
    /// Answers whether there is something. Of a capture elsewhere the stream must be out of the
    /// reactor's set.
    pub fn end_soon(&self) -> bool {
        let mut capture = self.capture.borrow_mut();
        if let Some(capture) = &mut *capture {
            capture.stay_here();
            if capture.counter().is_some() {
                return true;
            }
        }
        let fd = self.fd.borrow();
        let left = fd.as_ref().and_then(|fd| fd::unread(fd.as_fd()).ok()).unwrap_or(0);
        self.left.set(Some(left));
        if left == 0
            && let Some(capture) = &mut *capture
        {
            capture.end();
        }
        left > 0
    }

    /// Whether another thread may read ahead now: a fast stream, of which only reading is asked.
    pub fn may_go_ahead(&self) -> bool {
        let is_plain = !self.waiting_to_write.get() && self.left.get().is_none();
        let is_here = !self.is_captured() && !self.is_ahead();
        // A pipe may have been made blocking by a child.
        self.kind == Kind::Socket && self.reading.get() && self.hot.get() && is_plain && is_here
    }

    pub fn is_ahead(&self) -> bool {
        self.ahead.borrow().is_some()
    }

    /// Has another thread read ahead, into memory of the sink, while the stream is out of the reactor's
    /// set. Where that cannot be had, the stream is read as before.
    pub fn go_ahead<S: Sink<Buffer = B>>(&self, sink: &S) {
        let buffers: Option<Vec<B>> = (0..BLOCKS).map(|_| sink.allocate(HOT_READ_BYTES)).collect();
        let Some(buffers) = buffers else { return };
        let fd = self.fd.borrow();
        let ahead = fd.as_ref().and_then(|fd| Ahead::start(fd, buffers));
        self.ahead.replace(ahead.map(Rc::new));
    }

    /// Nothing more is read ahead. What was is still to come, by `drain` or `take_ahead`.
    pub fn stop_ahead(&self) {
        if let Some(ahead) = &*self.ahead.borrow() {
            ahead.stop();
        }
    }

    /// Whether `come_home` is due: all that was read ahead is taken.
    pub fn is_ahead_over(&self) -> bool {
        self.ahead.borrow().as_ref().is_some_and(|ahead| ahead.is_over())
    }

    /// Has the stream read on the loop again. It must be out of the reactor's set.
    pub fn come_home(&self) {
        self.ahead.replace(None);
    }

    /// What was read ahead and not yet told. The stream is to come home behind it.
    pub fn take_ahead(&self) -> Vec<Chunk> {
        let Some(ahead) = self.ahead.borrow().clone() else { return Vec::new() };
        ahead.stop();
        let mut chunks = Vec::new();
        while let Next::Block(mut block) = ahead.next() {
            chunks.push(Chunk::Bytes(block.buffer.as_mut()[block.start..block.end].to_vec()));
        }
        chunks
    }

    /// Tells what was read ahead.
    pub(super) fn drain_ahead<S: Sink<Buffer = B>>(&self, ahead: &Ahead<B>, sink: &S) -> Served {
        for _ in 0..BLOCKS {
            if !self.reading.get() {
                break;
            }
            match ahead.next() {
                Next::Nothing => break,
                Next::End(error) => return self.finish(sink, error),
                Next::Block(block) if self.hot.get() => tell(ahead, block, sink),
                Next::Block(block) => tell_part(ahead, block, sink),
            }
        }
        Served::Fully
    }
}

/// The thread gets another buffer first: it reads while JS runs.
fn tell<S: Sink>(ahead: &Ahead<S::Buffer>, mut block: Block<S::Buffer>, sink: &S) {
    if block.start > 0 || block.end < HOT_READ_BYTES / 2 {
        sink.copied(&block.buffer.as_mut()[block.start..block.end]);
        ahead.supply(block.buffer);
        return;
    }
    match sink.allocate(HOT_READ_BYTES) {
        Some(buffer) => ahead.supply(buffer),
        None => ahead.stop(),
    }
    sink.filled(block.buffer, block.end);
}

/// The receiver has paused: it gets no more at a time than from a stream that was never fast. The rest is put
/// back first: JS may ask for all that there is.
fn tell_part<S: Sink>(ahead: &Ahead<S::Buffer>, mut block: Block<S::Buffer>, sink: &S) {
    let end = block.end.min(block.start + READ_BYTES);
    let part = block.buffer.as_mut()[block.start..end].to_vec();
    if end < block.end {
        ahead.put_back(Block { start: end, ..block });
    } else {
        ahead.supply(block.buffer);
    }
    sink.copied(&part);
}
