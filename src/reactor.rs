//! One epoll set per JS environment, itself watched by a single poll handle in that environment's
//! libuv loop. Sources (children, streams, channels) live in the set; a wake-up hands every ready
//! one to the caller. The loop is kept alive exactly while a source says so.
//!
//! What a ready source does is not known here.

mod vigil;

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use crate::sys::epoll::{Epoll, Interest, Ready};
use crate::sys::uv::{Loop, Poll};
use vigil::Vigil;

/// Names a source for as long as it is inserted; reused after `remove`.
pub type Token = u32;

pub trait Source {
    /// The descriptor to watch; `None` once it is closed.
    fn with_fd<R>(&self, f: impl FnOnce(Option<BorrowedFd<'_>>) -> R) -> R;
    /// What to hear of now. Nothing wanted means out of the set: HUP and ERR fire regardless.
    fn interest(&self) -> Interest;
    /// Whether the loop must stay alive for it now.
    fn holds_loop(&self) -> bool;
    /// Children are served last in a wake-up: a child's last output comes before its exit, as in
    /// libuv, which runs its signal watcher after all others.
    fn is_served_last(&self) -> bool;
}

/// What came of serving a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Served {
    /// It was not ready.
    Idle,
    /// It gave what it had, as far as can be known.
    Lightly,
    /// It may have more.
    Fully,
}

/// How a source is to be served.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub read: bool,
    pub write: bool,
    /// Nothing else is known to be ready. What a short read leaves behind is reported again, so that a
    /// second system call to see that nothing is left can be spared. Else the source must be read to
    /// the end, since an exit may come after it.
    pub alone: bool,
    /// The other end is closed: there is what has come by now, and nothing more.
    pub hung_up: bool,
}

/// So many wake-ups in a row may be served by a guess.
const MAX_GUESSES: u32 = 16;

pub struct Reactor<S> {
    /// The source that was alone in the last wake-up, and gave little: a lone message is often followed
    /// by another, and then asking the epoll set is a system call too many.
    guess: Cell<Option<Ready>>,
    guesses: Cell<u32>,
    epoll: Epoll,
    poll: OnceCell<Poll>,
    slots: RefCell<Vec<Slot<S>>>,
    free: RefCell<Vec<Token>>,
    holders: Cell<usize>,
    vigil: Vigil,
}

struct Slot<S> {
    /// Tells an event of an earlier tenant of the slot from one of this.
    generation: u32,
    source: Option<Rc<S>>,
    registered: Interest,
    holds: bool,
}

impl<S: Source> Reactor<S> {
    pub fn new() -> io::Result<Reactor<S>> {
        Ok(Reactor {
            guess: Cell::new(None),
            guesses: Cell::new(0),
            epoll: Epoll::new()?,
            poll: OnceCell::new(),
            slots: RefCell::default(),
            free: RefCell::default(),
            holders: Cell::new(0),
            vigil: Vigil::new(),
        })
    }

    /// Enters the loop; `on_ready` is to call [`Reactor::turn`].
    pub fn attach(&self, uv_loop: Loop, on_ready: Rc<dyn Fn()>) -> io::Result<()> {
        let poll = Poll::start(uv_loop, self.epoll.fd().as_fd(), on_ready)?;
        let _ = self.poll.set(poll);
        Ok(())
    }

    /// Leaves the loop; `done` runs when libuv has let go, and then nothing fires any more.
    pub fn detach(&self, done: impl FnOnce() + 'static) {
        match self.poll.get() {
            Some(poll) => poll.close(done),
            None => done(),
        }
    }

    pub fn insert(&self, source: Rc<S>) -> Token {
        let mut slots = self.slots.borrow_mut();
        match self.free.borrow_mut().pop() {
            Some(token) => {
                slots[token as usize].source = Some(source);
                token
            }
            None => {
                slots.push(Slot {
                    generation: 0,
                    source: Some(source),
                    registered: Interest::default(),
                    holds: false,
                });
                (slots.len() - 1) as Token
            }
        }
    }

    pub fn get(&self, token: Token) -> Option<Rc<S>> {
        self.slots.borrow().get(token as usize)?.source.clone()
    }

    /// All sources, for teardown.
    pub fn all(&self) -> Vec<(Token, Rc<S>)> {
        let slots = self.slots.borrow();
        let tenants = (0..).zip(slots.iter());
        tenants.filter_map(|(token, slot)| Some((token, slot.source.clone()?))).collect()
    }

    /// Applies what the source wants now. To be called after every change to its wishes, and
    /// before its descriptor is closed: a duplicate of it keeps a closed entry firing.
    pub fn update(&self, token: Token) -> io::Result<()> {
        let mut slots = self.slots.borrow_mut();
        let Some(slot) = slots.get_mut(token as usize) else { return Ok(()) };
        let Some(source) = &slot.source else { return Ok(()) };
        let wanted = source.interest();
        let key = u64::from(slot.generation) << 32 | u64::from(token);
        let mut outcome = Ok(());
        if wanted != slot.registered {
            outcome = source.with_fd(|fd| match fd {
                None => Ok(()),
                Some(fd) if slot.registered.is_empty() => self.epoll.add(fd, key, wanted),
                Some(fd) if wanted.is_empty() => self.epoll.delete(fd),
                Some(fd) => self.epoll.modify(fd, key, wanted),
            });
            if outcome.is_ok() {
                slot.registered = wanted;
            }
        }
        let holds = outcome.is_ok() && source.holds_loop();
        if holds != slot.holds {
            slot.holds = holds;
            self.count(holds);
        }
        outcome
    }

    /// Takes the source out; its token may be used again.
    pub fn remove(&self, token: Token) -> Option<Rc<S>> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(token as usize)?;
        let source = slot.source.take()?;
        if !slot.registered.is_empty() {
            source.with_fd(|fd| fd.map(|fd| self.epoll.delete(fd)));
            slot.registered = Interest::default();
        }
        slot.generation = slot.generation.wrapping_add(1);
        if std::mem::take(&mut slot.holds) {
            self.count(false);
        }
        self.free.borrow_mut().push(token);
        Some(source)
    }

    /// Something was written, and may be answered soon if that was all.
    pub fn wrote(&self, all: bool) {
        self.vigil.wrote(all);
    }

    /// One wake-up: calls `serve` for each source that is ready now. No borrow is held across the
    /// call, which may insert, update and remove any source, its own too.
    pub fn turn(&self, serve: impl FnMut(Token, Rc<S>, Turn) -> Served) {
        self.vigil.begin();
        self.serve_ready(serve);
        if let Some(poll) = self.poll.get() {
            self.vigil.end(|| poll.would_sleep(), || poll.has_events());
        }
    }

    fn serve_ready(&self, mut serve: impl FnMut(Token, Rc<S>, Turn) -> Served) {
        if self.turn_by_guess(&mut serve) {
            return;
        }
        let mut ready = Vec::new();
        if self.epoll.poll(&mut ready).is_err() {
            return;
        }
        let alone = matches!(&ready[..], [event] if !event.broken);
        let mut last = Vec::new();
        for &event in &ready {
            let Ready { read, write, hung_up, .. } = event;
            let turn = Turn { read, write, alone, hung_up };
            match self.live(event) {
                Some(source) if source.is_served_last() => last.push((event, turn)),
                Some(source) => {
                    let served = serve(event.key as Token, source, turn);
                    self.guess.set((alone && served == Served::Lightly).then_some(event));
                }
                None => {}
            }
        }
        for (event, turn) in last {
            if let Some(source) = self.live(event) {
                serve(event.key as Token, source, turn);
            }
        }
    }

    /// Serves the source that was alone last time, if it is what has become ready. The set is asked
    /// again in time: it is level-triggered, so that what else is ready only waits a little.
    fn turn_by_guess(&self, serve: &mut impl FnMut(Token, Rc<S>, Turn) -> Served) -> bool {
        let guesses = self.guesses.replace(0);
        let Some(event) = self.guess.take() else { return false };
        if guesses == MAX_GUESSES {
            return false;
        }
        let Some(source) = self.live(event) else { return false };
        let turn = Turn { read: true, write: false, alone: true, hung_up: false };
        let served = serve(event.key as Token, source, turn);
        if served == Served::Lightly {
            self.guess.set(Some(event));
            self.guesses.set(guesses + 1);
        }
        served != Served::Idle
    }

    /// The source of an event, if it is still the tenant and still wants to hear.
    fn live(&self, event: Ready) -> Option<Rc<S>> {
        let slots = self.slots.borrow();
        let slot = slots.get(event.key as Token as usize)?;
        let current = slot.generation == (event.key >> 32) as u32 && !slot.registered.is_empty();
        if current { slot.source.clone() } else { None }
    }

    fn count(&self, holds: bool) {
        let holders = if holds { self.holders.get() + 1 } else { self.holders.get() - 1 };
        self.holders.set(holders);
        if let Some(poll) = self.poll.get() {
            poll.set_ref(holders > 0);
        }
    }
}
