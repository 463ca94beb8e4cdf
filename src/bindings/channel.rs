//! Channels for JS: messages out, and the little that JS must know of those coming in.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::environment::{Environment, Event, Inner, Sink};
use super::handle::{Channel, Handle};
use super::raw::Value;
use super::{negative_errno, raw};
use crate::channel::dialect::{self, Peer};
use crate::channel::frame::{self, LENGTH_BYTES, Wire};
use crate::channel::{literals, spare};
use crate::sys::fd;
use crate::{offload, sys};
use std::os::fd::{AsFd, IntoRawFd, OwnedFd};
use std::rc::{Rc, Weak};

/// Collected messages are written without waiting for the end of the tick once they are this many
/// bytes: about what a socket takes at once.
const COLLECT_BYTES: usize = 64 * 1024;

/// How a message leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    Now,
    /// With what else is sent in this tick; the caller promises a `flush`.
    Collected,
}

impl Leave {
    fn new(collect: bool) -> Leave {
        if collect { Leave::Collected } else { Leave::Now }
    }
}

#[napi]
impl Environment {
    /// Takes over a descriptor that this process was started with as a channel. Answers a token,
    /// or `-errno`.
    #[napi(catch_unwind)]
    pub fn adopt_channel(&self, number: i32, lengths: bool) -> i32 {
        let wire = if lengths { Wire::Length } else { Wire::Json };
        let adopted = fd::adopt(number).and_then(|fd| {
            fd::set_cloexec(fd.as_fd())?;
            Ok(fd)
        });
        match adopted {
            Ok(fd) => {
                let handle = Rc::new(Handle::Channel(Channel::new(wire, fd)));
                self.inner.reactor.insert(handle).cast_signed()
            }
            Err(error) => negative_errno(&error),
        }
    }

    /// Tells the other end, which announced itself as one of ours, that this is one too: the first
    /// frame. What cannot be written now is no loss: the wire is then as Node's.
    #[napi(catch_unwind)]
    pub fn greet(&self, token: u32, version: u8) {
        self.with_channel(token, |channel| {
            channel.outbox().push(None, |out| out.extend(dialect::greeting(version)))?;
            channel.set_peer(Peer::Own);
            write_out(channel)
        });
    }

    /// The other end may be one of ours: then it greets with this version, and `Greeted` tells.
    #[napi(catch_unwind)]
    pub fn expect_greeting(&self, token: u32, version: u8) {
        self.with_channel(token, |channel| {
            channel.set_peer(Peer::Announced(version));
            Ok(0)
        });
    }

    /// A function that sends one JSON text, as a line or as a frame between ends of ours:
    /// `(text, collect)`. It answers how many bytes wait in the channel now (0: all are written), or
    /// `-errno`.
    #[napi(ts_return_type = "(text: string, collect: boolean) => number", catch_unwind)]
    pub fn text_sender<'a>(&self, env: &'a Env, token: u32) -> Result<Unknown<'a>> {
        let inner = Rc::downgrade(&self.inner);
        let handle = self.inner.reactor.get(token).map(|handle| Rc::downgrade(&handle));
        raw::function(env, move |arguments| {
            let handle = handle.as_ref().and_then(Weak::upgrade);
            let (Some(inner), Some(handle)) = (inner.upgrade(), handle) else {
                return f64::from(-libc::EBADF);
            };
            let mut outcome = Ok(());
            let sent = inner.on_channel(token, &handle, |channel| {
                let leave = Leave::new(arguments.is_true(1));
                send(channel, leave, None, |wire, out| {
                    outcome = append_text(wire, out, |out| arguments.append_utf8(0, out));
                })
            });
            outcome.map_or(f64::from(-libc::EINVAL), |()| inner.sent(sent))
        })
    }

    /// Sends one JSON text as `textSender` does, with a duplicate of `descriptor`, if it is not -1,
    /// riding along.
    #[napi(catch_unwind)]
    pub fn send_text(
        &self,
        env: Env,
        token: u32,
        text: Unknown<'_>,
        collect: bool,
        descriptor: i32,
    ) -> Result<f64> {
        let mut outcome = Ok(());
        let waiting = self.send_on(token, |channel| {
            send(channel, Leave::new(collect), duplicate(descriptor)?, |wire, out| {
                outcome = append_text(wire, out, |out| raw::append_utf8(&env, &text, out));
            })
        });
        outcome.map(|()| waiting)
    }

    /// Sends one serialised message behind its length; with a `descriptor` other than -1, a duplicate
    /// of it rides along. Answers as `textSender` does.
    #[napi(catch_unwind)]
    pub fn send_bytes(&self, token: u32, bytes: &[u8], collect: bool, descriptor: i32) -> f64 {
        let Ok(length) = u32::try_from(bytes.len()) else { return f64::from(-libc::EMSGSIZE) };
        let length = length.to_be_bytes();
        self.send_on(token, |channel| {
            if descriptor < 0 && bytes.len() >= COLLECT_BYTES {
                return send_parts(channel, &[&length, bytes]);
            }
            send(channel, Leave::new(collect), duplicate(descriptor)?, |_, out| {
                out.extend_from_slice(&length);
                out.extend_from_slice(bytes);
            })
        })
    }

    /// Ends the channel at a message of more bytes than this, however large the number.
    #[napi(catch_unwind)]
    pub fn limit_messages(&self, token: u32, bytes: f64) {
        if let Some(Handle::Channel(channel)) = self.inner.reactor.get(token).as_deref() {
            // Saturates.
            channel.limit_messages(bytes as usize);
        }
    }

    /// Bytes of the longest message that the channel takes.
    #[napi(catch_unwind)]
    pub fn message_limit(&self, token: u32) -> f64 {
        self.with_channel(token, |channel| Ok(channel.message_limit()))
    }

    /// Sends one serialised message that stands in several places, after what was collected.
    /// Answers as `textSender` does.
    #[napi(catch_unwind)]
    pub fn send_parts(&self, token: u32, parts: Vec<Uint8Array>) -> f64 {
        let total = parts.iter().map(|part| part.len()).sum::<usize>();
        let Ok(length) = u32::try_from(total) else { return f64::from(-libc::EMSGSIZE) };
        let length = length.to_be_bytes();
        let all: Vec<&[u8]> =
            std::iter::once(&length[..]).chain(parts.iter().map(|part| &part[..])).collect();
        self.send_on(token, |channel| send_parts(channel, &all))
    }

    /// Sends one JSON text in pieces, after what was collected: every second one is a string that is
    /// still to be put into JSON. Answers as `textSender` does; `-EILSEQ` if such a string cannot stand
    /// as it is, and then nothing is sent.
    #[napi(catch_unwind)]
    pub fn send_pieces(&self, env: Env, token: u32, pieces: Vec<Unknown<'_>>) -> Result<f64> {
        let mut text = spare::take(spare::Kind::Outbox);
        let mut stands = true;
        for (index, piece) in pieces.iter().enumerate() {
            let is_string = index % 2 == 1;
            let start = text.len();
            raw::append_utf8(&env, piece, &mut text)?;
            stands &= !is_string || !literals::needs_escape(&text[start..]);
        }
        let sent = match stands {
            true => self.send_on(token, |channel| send_parts(channel, &[&text, b"\n"])),
            false => f64::from(-libc::EILSEQ),
        };
        spare::give(spare::Kind::Outbox, text);
        Ok(sent)
    }

    /// Writes what was collected, as much as fits. Answers how many bytes wait, or `-errno`;
    /// `Written` tells when none do any more.
    #[napi(catch_unwind)]
    pub fn flush(&self, token: u32) -> f64 {
        self.send_on(token, write_out)
    }

    /// All bytes that the channel ever took in for sending; with `writtenBytes` it tells when a
    /// message has left.
    #[napi(catch_unwind)]
    pub fn accepted_bytes(&self, token: u32) -> f64 {
        self.with_channel(token, |channel| {
            Ok(usize::try_from(channel.outbox().accepted()).unwrap_or(usize::MAX))
        })
    }

    /// All bytes that ever left the channel.
    #[napi(catch_unwind)]
    pub fn written_bytes(&self, token: u32) -> f64 {
        self.with_channel(token, |channel| {
            Ok(usize::try_from(channel.outbox().written()).unwrap_or(usize::MAX))
        })
    }

    /// The texts behind the array of a `Messages` event, during that event: for when it does not
    /// parse as what it must be.
    #[napi(catch_unwind)]
    pub fn texts(&self, token: u32) -> Vec<String> {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Channel(channel)) => channel
                .texts()
                .into_iter()
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Takes one of the descriptors that came with the messages of the event under way; -1 if there
    /// is none. From here on it is JS's to close, by `closeDescriptor` if by nothing else.
    #[napi(catch_unwind)]
    pub fn take_descriptor(&self, token: u32) -> i32 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Channel(channel)) => {
                channel.take_descriptor().map_or(-1, IntoRawFd::into_raw_fd)
            }
            _ => -1,
        }
    }

    /// Whether part of a message has arrived and the rest has not.
    #[napi(catch_unwind)]
    pub fn is_mid_message(&self, token: u32) -> bool {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Channel(channel)) => channel.is_mid_message(),
            _ => false,
        }
    }

    /// For a call that sends something, and answers how much of that waits.
    fn send_on(&self, token: u32, f: impl FnOnce(&Channel) -> std::io::Result<usize>) -> f64 {
        self.inner.sent(self.with_channel(token, f))
    }

    fn with_channel(&self, token: u32, f: impl FnOnce(&Channel) -> std::io::Result<usize>) -> f64 {
        match self.inner.reactor.get(token) {
            Some(handle) => self.inner.on_channel(token, &handle, f),
            None => f64::from(-libc::EBADF),
        }
    }
}

impl Inner {
    /// Its socket takes bytes again.
    pub(super) fn write_queued(&self, channel: &Channel, sink: &Sink<'_>) {
        let outcome = channel.outbox().flush();
        if matches!(outcome, Ok(waiting) if waiting > 0) {
            return;
        }
        channel.set_waiting_to_write(false);
        let errno = outcome.err().map_or(0, |error| negative_errno(&error));
        sink.emit(Event::Written, Value::Number(errno.into()), Value::Number(0.0));
    }

    fn sent(&self, waiting: f64) -> f64 {
        self.reactor.wrote(waiting == 0.0);
        waiting
    }

    fn on_channel(
        &self,
        token: u32,
        handle: &Handle,
        f: impl FnOnce(&Channel) -> std::io::Result<usize>,
    ) -> f64 {
        let Handle::Channel(channel) = handle else { return f64::from(-libc::EBADF) };
        let result = f(channel).and_then(|count| {
            self.reactor.update(token)?;
            Ok(count)
        });
        match result {
            Ok(count) => count as f64,
            Err(error) => f64::from(negative_errno(&error)),
        }
    }
}

fn append_text(
    wire: Wire,
    out: &mut Vec<u8>,
    append: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    let start = out.len();
    if wire == Wire::Length {
        out.extend_from_slice(&[0; LENGTH_BYTES]);
    }
    append(out)?;
    match wire {
        Wire::Json => out.push(b'\n'),
        Wire::Length => frame::set_length(&mut out[start..]),
    }
    Ok(())
}

fn send(
    channel: &Channel,
    leave: Leave,
    rider: Option<OwnedFd>,
    fill: impl FnOnce(Wire, &mut Vec<u8>),
) -> std::io::Result<usize> {
    let pushed = channel.outbox().push(rider, |out| fill(channel.wire(), out))?;
    if channel.is_waiting_to_write() {
        // The socket is full: the reactor writes when there is room.
        return Ok(pushed.waiting);
    }
    if leave == Leave::Collected && pushed.waiting < COLLECT_BYTES {
        offload::flush_soon(channel.outbox());
        return Ok(pushed.waiting);
    }
    write_out(channel).inspect_err(|_| channel.outbox().retract(pushed.position))
}

fn send_parts(channel: &Channel, parts: &[&[u8]]) -> std::io::Result<usize> {
    let waiting = channel.outbox().send_parts(parts)?;
    channel.set_waiting_to_write(waiting > 0);
    Ok(waiting)
}

fn write_out(channel: &Channel) -> std::io::Result<usize> {
    let waiting = channel.outbox().flush()?;
    channel.set_waiting_to_write(waiting > 0);
    Ok(waiting)
}

/// A duplicate of the descriptor that JS named; none for -1.
fn duplicate(number: i32) -> std::io::Result<Option<OwnedFd>> {
    if number < 0 {
        return Ok(None);
    }
    sys::fd::duplicate(fd::borrow(number)?).map(Some)
}
