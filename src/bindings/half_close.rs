//! Streams whose writing direction was ended: when their owners hear of it.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use super::environment::{Event, Inner};
use super::raw::Value;
use crate::reactor::Token;
use crate::sys::uv::Afterwards;

#[derive(Default)]
pub(super) struct HalfCloses {
    /// Whose owners are to hear of it.
    waiting: RefCell<Vec<Token>>,
    /// When they do. Made with the first.
    afterwards: OnceCell<Option<Afterwards>>,
    is_over: Cell<bool>,
}

impl HalfCloses {
    /// The stream is closed: its token may be another's before long.
    pub fn forget(&self, token: Token) {
        self.waiting.borrow_mut().retain(|&other| other != token);
    }

    /// The environment goes. `done` runs when libuv has let go of what there was.
    pub fn close(&self, done: impl FnOnce() + 'static) {
        self.is_over.set(true);
        match self.afterwards.get() {
            Some(Some(afterwards)) => afterwards.close(done),
            _ => done(),
        }
    }
}

impl Inner {
    /// `ShutDown` comes when libuv would tell of it: after everything that is ready now.
    pub(super) fn tell_of_half_close(self: &Rc<Self>, token: Token) {
        if self.half_closes.is_over.get() {
            return;
        }
        self.half_closes.waiting.borrow_mut().push(token);
        let afterwards = self.half_closes.afterwards.get_or_init(|| {
            let weak = Rc::downgrade(self);
            let action = move || {
                if let Some(inner) = weak.upgrade() {
                    inner.tell_of_half_closes();
                }
            };
            Afterwards::new(self.uv_loop, Rc::new(action))
        });
        match afterwards {
            Some(afterwards) => afterwards.ask(),
            None => self.half_closes.forget(token),
        }
    }

    /// Tells whose turn it is; also before an exit, which under libuv mostly comes by a later wake-up than
    /// the ends of the streams do. Those that their owners add have theirs later.
    pub(super) fn tell_of_half_closes(&self) {
        // One at a time: an owner may close the streams of the others.
        let count = self.half_closes.waiting.borrow().len();
        for _ in 0..count {
            let token = {
                let mut waiting = self.half_closes.waiting.borrow_mut();
                if waiting.is_empty() {
                    return;
                }
                waiting.remove(0)
            };
            self.emit(token, Event::ShutDown, Value::Number(0.0), Value::Number(0.0));
        }
    }
}
