//! Fast streams that another thread reads.

use napi_derive::napi;

use super::environment::{Environment, Inner, Sink};
use super::handle::{Handle, Stream};
use super::raw::Whole;
use crate::reactor::{Served, Token, Turn};
use crate::stream::ShortRead;
use crate::sys::uv;

/// So many streams of an environment may be read ahead at a time: each holds 1 MiB, and one thread reads
/// them all.
const MOST_AHEAD: usize = 8;

#[napi]
impl Environment {
    /// Has another thread read ahead of the loop, up to 1 MiB, until the stream pauses or a child exits.
    /// For a stream that is fast, flows, and is never written to; others stay as they are.
    #[napi(catch_unwind)]
    pub fn read_ahead(&self, token: u32) {
        let Some(handle) = self.inner.reactor.get(token) else { return };
        let Handle::Stream(stream) = &*handle else { return };
        if !stream.may_go_ahead() {
            return;
        }
        let Some(_scope) = self.inner.host.scope() else { return };
        let mut ahead = self.inner.ahead.borrow_mut();
        ahead.retain(|&other| other != token && self.inner.is_ahead(other));
        if ahead.len() < MOST_AHEAD {
            let sink = self.inner.sink(token);
            self.inner.unwatched(token, stream, |stream| stream.go_ahead(&sink));
            ahead.push(token);
        }
    }

    /// Has the loop read again: answers what was read ahead and not told yet, in order.
    #[napi(ts_return_type = "Array<Buffer>", catch_unwind)]
    pub fn end_read_ahead(&self, token: u32) -> Vec<Whole> {
        let Some(handle) = self.inner.reactor.get(token) else { return Vec::new() };
        let Handle::Stream(stream) = &*handle else { return Vec::new() };
        let chunks = stream.take_ahead();
        self.inner.bring_home_if_over(token, stream);
        chunks.into_iter().map(Whole).collect()
    }
}

impl Turn {
    /// What a short read of a stream says in it.
    pub(super) fn short_read(self) -> ShortRead {
        if self.hung_up && uv::trusts_hang_up() {
            ShortRead::End
        } else if self.alone {
            ShortRead::Enough
        } else {
            ShortRead::Nothing
        }
    }
}

impl Inner {
    /// A child has exited: what can be read comes before that, as it does on the loop. Answers whether a
    /// stream that was read ahead has ended in this wake-up.
    pub(super) fn tell_what_was_read_ahead(&self) -> bool {
        for token in self.ahead.take() {
            let Some(handle) = self.reactor.get(token) else { continue };
            let Handle::Stream(stream) = &*handle else { continue };
            if !stream.is_ahead() {
                continue;
            }
            if !stream.is_reading() {
                self.ahead.borrow_mut().push(token);
                continue;
            }
            stream.stop_ahead();
            let sink = self.sink(token);
            self.drain(token, stream, &sink, ShortRead::Nothing);
            if !stream.is_ahead() {
                stream.drain(&sink, ShortRead::Nothing);
            }
            if stream.is_ahead() {
                self.ahead.borrow_mut().push(token);
            } else if !stream.is_reading() {
                self.ended_ahead.set(true);
            }
            self.update_served(token, &handle);
        }
        self.ended_ahead.get()
    }

    /// The turn of a stream that is not captured.
    pub(super) fn drain(
        &self,
        token: Token,
        stream: &Stream,
        sink: &Sink<'_>,
        short: ShortRead,
    ) -> Served {
        let was_ahead = stream.is_ahead();
        let served = stream.drain(sink, short);
        if was_ahead && !stream.is_reading() {
            self.ended_ahead.set(true);
        }
        self.bring_home_if_over(token, stream);
        served
    }

    /// Has the loop read the stream if no other thread does any more.
    pub(super) fn bring_home_if_over(&self, token: Token, stream: &Stream) {
        if stream.is_ahead_over() {
            self.unwatched(token, stream, Stream::come_home);
        }
    }

    fn is_ahead(&self, token: Token) -> bool {
        let handle = self.reactor.get(token);
        matches!(handle.as_deref(), Some(Handle::Stream(stream)) if stream.is_ahead())
    }
}
