//! A JS environment: its reactor, its way into JS, its end.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::half_close::HalfCloses;
use super::handle::Handle;
use super::limits::PendingGroups;
use super::raw::{self, Host, KeptBuffer, SharedFloats, Value};
use super::{negative_errno, status};
use crate::bill::FIGURES;
use crate::channel::literals::{self, Cut};
use crate::reactor::{Reactor, Served, Token, Turn};
use crate::sys::exit::ExitStatus;
use crate::sys::spawn;
use crate::sys::uv::Loop;
use crate::{channel, orphans, stream};

/// The package's version: lib/native.js takes no addon of another one.
// In the unit tests nothing is registered with Node, and this is used by nobody.
#[cfg(not(test))]
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the addon can read what a child inherits where libc keeps it; else JS hands it over.
#[cfg(not(test))]
#[napi]
pub const READS_ENVIRON: bool = crate::sys::environ::IS_READABLE;

/// What JS is told, as the second argument of its dispatch function. lib/native.js has the same
/// numbers.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Event {
    /// A child ended: exit code, signal number (0: none).
    Exit = 0,
    /// A stream was read: a Buffer, how many of its bytes count; or, from a stream that was being
    /// captured and is not any more, a Buffer or a string, of how many bytes.
    Data = 1,
    /// A stream or a channel reads no more: 0 at its end, or `-errno`.
    End = 2,
    /// A stream takes bytes again, after a write that did not fit.
    Writable = 3,
    /// Messages: the text of a JSON array, how many elements it must have.
    Messages = 4,
    /// Some of the messages of the event that comes next may have descriptors: how many there are
    /// for `takeDescriptor`, which is to be called during that event.
    Descriptors = 5,
    /// Messages, each behind its 4-byte big-endian length: a Buffer, how many.
    Frames = 6,
    /// What a channel had queued is written: 0, or `-errno`.
    Written = 7,
    /// A stream or a channel is closed.
    Closed = 8,
    /// The messages of the event that comes next belong with those of the one after it: one read.
    MoreFollows = 9,
    /// The other end of a channel has made itself known as one of ours.
    Greeted = 10,
    /// One big message: a Buffer without a length before it.
    Large = 11,
    /// A long string of the messages that come next, and the name in its place.
    Literal = 12,
    /// A job is done: its outcome as text. Its token is free.
    Done = 13,
    /// The writing direction of a stream has been ended.
    ShutDown = 14,
}

/// Of a child that somebody else has reaped.
const NO_BILL: [f64; FIGURES] = [f64::NAN; FIGURES];

pub(super) struct Inner {
    pub reactor: Reactor<Handle>,
    pub uv_loop: Loop,
    pub(super) host: Host,
    /// The strikes that hit the child of the `Exit` event under way.
    pub struck: Cell<u32>,
    /// Where JS finds the bill of a child during its `Exit`.
    figures: SharedFloats,
    pub groups: PendingGroups,
    /// Streams that another thread reads; some may have come home meanwhile.
    pub ahead: RefCell<Vec<Token>>,
    /// One of them has ended in this wake-up. The other thread has met its end later than the loop would
    /// have: exits are told in the next, when the stream is closed, as they mostly are.
    pub ended_ahead: Cell<bool>,
    pub(super) half_closes: HalfCloses,
}

/// Everything native that belongs to one JS environment. Children, streams and channels are named
/// by tokens, numbers that are valid until the `Closed` (or `Exit`) event.
#[napi]
pub struct Environment {
    pub(super) inner: Rc<Inner>,
}

#[napi]
impl Environment {
    /// `dispatch(token, event, first, second)` is called for every event. During `Exit` the bill of the
    /// child is in `figures`, a Float64Array that nobody else may have; lib/bill.js has the order.
    /// Throws an error whose code is an errno, as text, if the system has no descriptors left.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        dispatch: Unknown<'_>,
        figures: Unknown<'_>,
    ) -> Result<Environment, String> {
        let inner = Rc::new(Inner {
            reactor: Reactor::new().map_err(failed)?,
            uv_loop: raw::event_loop(&env).map_err(refused)?,
            host: Host::new(&env, dispatch.raw()).map_err(refused)?,
            struck: Cell::new(0),
            figures: SharedFloats::new(&env, figures).map_err(refused)?,
            groups: PendingGroups::default(),
            ahead: RefCell::default(),
            ended_ahead: Cell::new(false),
            half_closes: HalfCloses::default(),
        });
        let weak = Rc::downgrade(&inner);
        let on_ready = move || {
            if let Some(inner) = weak.upgrade() {
                inner.wake_up();
            }
        };
        inner.reactor.attach(inner.uv_loop, Rc::new(on_ready)).map_err(failed)?;
        let dying = Rc::clone(&inner);
        raw::at_teardown(&env, move |done| {
            dying.tear_down();
            // libuv's callback, when it has let go of the last handle, is what Node waits for.
            let last = Rc::clone(&dying);
            dying.half_closes.close(move || {
                let reactor = Rc::clone(&last);
                reactor.reactor.detach(move || {
                    drop(last);
                    done.tell();
                });
            });
        })
        .map_err(refused)?;
        Ok(Environment { inner })
    }

    /// Whether a program of the same executable ignores parts of its environment, NODE_OPTIONS too.
    #[napi(catch_unwind)]
    pub fn ignores_environment(&self) -> bool {
        spawn::ignores_environment()
    }

    /// Whether the child, stream or channel keeps the loop alive.
    #[napi(catch_unwind)]
    pub fn set_ref(&self, token: u32, on: bool) -> i32 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Child(child)) => child.set_ref(on),
            Some(Handle::Stream(stream)) => stream.set_ref(on),
            Some(Handle::Channel(channel)) => channel.set_ref(on),
            Some(Handle::Job(_)) => return -libc::EINVAL,
            None => return -libc::EBADF,
        }
        status(self.inner.reactor.update(token))
    }

    /// Closes a stream or a channel at once; `Closed` comes in the loop's closing phase, and only
    /// then may the token be used for something else.
    #[napi(catch_unwind)]
    pub fn close(&self, token: u32) -> i32 {
        let Some(handle) = self.inner.reactor.get(token) else { return -libc::EBADF };
        if matches!(*handle, Handle::Child(_) | Handle::Job(_)) {
            return -libc::EINVAL;
        }
        self.inner.quiesce(token, &handle);
        self.inner.half_closes.forget(token);
        let inner = Rc::downgrade(&self.inner);
        self.inner.uv_loop.in_closing_phase(move || {
            if let Some(inner) = inner.upgrade() {
                inner.reactor.remove(token);
                inner.emit(token, Event::Closed, Value::Number(0.0), Value::Number(0.0));
            }
        });
        0
    }

    /// The descriptor number behind a stream or a channel; -1 if there is none.
    #[napi(catch_unwind)]
    pub fn fd(&self, token: u32) -> i32 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Stream(stream)) => stream.raw_fd(),
            Some(Handle::Channel(channel)) => channel.raw_fd(),
            _ => -1,
        }
    }
}

/// The error's code is the errno, for JS to make Node's error of.
fn failed(error: io::Error) -> Error<String> {
    let errno = -negative_errno(&error);
    Error::new(errno.to_string(), error.to_string())
}

fn refused(error: Error) -> Error<String> {
    Error::new(libc::EIO.to_string(), error.reason.clone())
}

impl Inner {
    /// Calls into JS outside of a wake-up.
    pub(super) fn emit(&self, token: Token, event: Event, first: Value<'_>, second: Value<'_>) {
        if let Some(_scope) = self.host.scope() {
            self.host.emit(token, event as u32, first, second);
        }
    }

    fn wake_up(&self) {
        self.ended_ahead.set(false);
        self.reactor.turn(|token, handle, turn| match self.host.scope() {
            Some(_scope) => self.serve(token, &handle, turn),
            None => Served::Idle,
        });
    }

    fn serve(&self, token: Token, handle: &Handle, turn: Turn) -> Served {
        let sink = self.sink(token);
        let mut served = Served::Fully;
        match handle {
            Handle::Child(child) => {
                if self.tell_what_was_read_ahead() {
                    return Served::Idle;
                }
                let Some((exit, bill)) = child.try_exit() else { return Served::Idle };
                self.tell_of_half_closes();
                self.figures.write(&bill.map_or(NO_BILL, |bill| bill.figures()));
                self.reactor.remove(token);
                child.forget();
                let (code, signal) = match exit {
                    ExitStatus::Code(code) => (code, 0),
                    ExitStatus::Signal(signal) => (0, signal),
                };
                self.struck.set(child.struck());
                sink.emit(Event::Exit, Value::Number(code.into()), Value::Number(signal.into()));
                return served;
            }
            Handle::Job(job) => {
                let Some(outcome) = job.take() else { return Served::Idle };
                self.reactor.remove(token);
                sink.emit(Event::Done, Value::Text(outcome.as_bytes()), Value::Number(0.0));
                return served;
            }
            Handle::Stream(stream) => {
                if turn.read && stream.is_captured() {
                    served = self.gather(token, stream, &sink, turn.alone);
                } else if turn.read {
                    served = self.drain(token, stream, &sink, turn.short_read());
                }
                if turn.write && stream.is_waiting_to_write() {
                    stream.set_waiting_to_write(false);
                    sink.emit(Event::Writable, Value::Number(0.0), Value::Number(0.0));
                }
            }
            Handle::Channel(channel) => {
                if turn.write && channel.is_waiting_to_write() {
                    self.write_queued(channel, &sink);
                }
                if turn.read {
                    served = channel.drain(&sink, turn.alone);
                }
            }
        }
        self.update_served(token, handle);
        served
    }

    /// Not if the slot has a new tenant: what was served may have been closed by JS.
    pub(super) fn update_served(&self, token: Token, handle: &Handle) {
        if self.reactor.get(token).is_some_and(|current| std::ptr::eq(&*current, handle)) {
            let _ = self.reactor.update(token);
        }
    }

    pub(super) fn sink(&self, token: Token) -> Sink<'_> {
        Sink { host: &self.host, token }
    }

    /// Takes a stream or a channel out of the set, then closes its descriptor: in this order, or
    /// a duplicate in a child would keep the entry firing.
    pub(super) fn quiesce(&self, token: Token, handle: &Handle) {
        match handle {
            Handle::Child(_) | Handle::Job(_) => {}
            Handle::Stream(stream) => {
                stream.set_reading(false);
                stream.set_waiting_to_write(false);
                let _ = self.reactor.update(token);
                stream.close();
            }
            Handle::Channel(channel) => {
                channel.set_reading(false);
                channel.set_waiting_to_write(false);
                let _ = self.reactor.update(token);
                // What was collected and not yet written still leaves, as far as it fits.
                let _ = channel.outbox().flush();
                channel.close();
            }
        }
    }

    /// The environment goes: no more JS, every descriptor closed, every child left to a reaper.
    fn tear_down(&self) {
        self.host.silence();
        for (token, handle) in self.reactor.all() {
            self.quiesce(token, &handle);
            self.reactor.remove(token);
            if let Handle::Child(child) = &*handle {
                orphans::adopt(child.into_orphan());
            }
        }
    }
}

/// Carries what a stream or a channel delivers into JS.
pub(super) struct Sink<'a> {
    host: &'a Host,
    token: Token,
}

impl Sink<'_> {
    pub(super) fn emit(&self, event: Event, first: Value<'_>, second: Value<'_>) {
        self.host.emit(self.token, event as u32, first, second);
    }

    fn end(&self, error: Option<io::Error>) {
        let errno = error.map_or(0, |error| negative_errno(&error));
        self.emit(Event::End, Value::Number(errno.into()), Value::Number(0.0));
    }
}

impl stream::Sink for Sink<'_> {
    type Buffer = KeptBuffer;

    fn allocate(&self, size: usize) -> Option<KeptBuffer> {
        self.host.allocate_kept(size)
    }

    fn filled(&self, buffer: KeptBuffer, count: usize) {
        self.emit(Event::Data, Value::Kept(buffer), Value::Number(count as f64));
    }

    fn copied(&self, bytes: &[u8]) {
        self.emit(Event::Data, Value::Bytes(bytes), Value::Number(bytes.len() as f64));
    }

    fn ended(&self, error: Option<io::Error>) {
        self.end(error);
    }
}

impl channel::Sink for Sink<'_> {
    type Buffer = KeptBuffer;

    fn allocate(&self, size: usize) -> Option<KeptBuffer> {
        self.host.allocate_kept(size)
    }

    fn large(&self, body: KeptBuffer) {
        self.emit(Event::Large, Value::Kept(body), Value::Number(0.0));
    }

    fn descriptors(&self, count: usize) {
        self.emit(Event::Descriptors, Value::Number(count as f64), Value::Number(0.0));
    }

    fn array(&self, text: &[u8], count: usize) {
        let cut = literals::cut(text);
        let mut rest = text;
        if let Some(Cut { rest: without, literals }) = &cut {
            for (name, range) in literals {
                let literal = &text[range.clone()];
                self.emit(Event::Literal, Value::Text(literal), Value::Text(name.as_bytes()));
            }
            rest = without;
        }
        let text = rest;
        self.emit(Event::Messages, Value::Text(text), Value::Number(count as f64));
    }

    fn lengths(&self, bytes: &[u8], count: usize) {
        self.emit(Event::Frames, Value::Bytes(bytes), Value::Number(count as f64));
    }

    fn more_follows(&self) {
        self.emit(Event::MoreFollows, Value::Number(0.0), Value::Number(0.0));
    }

    fn greeted(&self) {
        self.emit(Event::Greeted, Value::Number(0.0), Value::Number(0.0));
    }

    fn ended(&self, error: Option<io::Error>) {
        self.end(error);
    }
}
