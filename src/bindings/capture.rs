//! Streams whose whole output is gathered before JS hears of it.

use napi_derive::napi;

use super::environment::{Environment, Event, Inner, Sink};
use super::handle::{Handle, Stream};
use super::raw::{Value, Whole};
use crate::capture::{Capture, Chunk, Form, Progress};
use crate::reactor::{Served, Token};
use crate::stream::{Kind, ShortRead};

/// All that is left of a stream.
#[napi(object, object_from_js = false)]
pub struct Rest {
    #[napi(ts_type = "Array<Buffer | string>")]
    pub chunks: Vec<Whole>,
    /// How many bytes had come for them.
    pub count: f64,
}

#[napi]
impl Environment {
    /// Gathers what a stream brings. It comes as `Data` at once when the stream ends, or as it was
    /// read when it is more than `limit` bytes or no text of its form; then the stream goes on as
    /// any other. Forms: 0 bytes, 1 UTF-8, 2 Latin-1, 3 text that JS decodes itself.
    /// Answers 0, or `-errno`.
    #[napi(catch_unwind)]
    pub fn start_capture(&self, token: u32, form: u32, limit: f64) -> i32 {
        let form = match form {
            0 => Form::Bytes,
            1 => Form::Utf8,
            2 => Form::Latin1,
            _ => Form::Other,
        };
        // JS allows fractions: 4 bytes are not more than 4.5, 5 are.
        let limit = limit.is_finite().then_some(limit as usize);
        self.with_stream(token, |stream| {
            if stream.kind() == Kind::PipeWriter {
                return -libc::EINVAL;
            }
            stream.set_capture(Some(Capture::new(form, limit)));
            0
        })
    }

    /// As `startCapture`, but keeps only the first `head` bytes and the last `tail`; they come as
    /// one Buffer, together with how many bytes have come in all.
    #[napi(catch_unwind)]
    pub fn start_capture_of_ends(&self, token: u32, head: f64, tail: f64) -> i32 {
        self.with_stream(token, |stream| {
            if stream.kind() == Kind::PipeWriter {
                return -libc::EINVAL;
            }
            stream.set_capture(Some(Capture::of_ends(head as usize, tail as usize)));
            0
        })
    }

    /// The stream ends behind what there is to read now, whoever else may still write to it. Null
    /// if that comes as events; else what was captured, and then nothing comes any more.
    #[napi(catch_unwind)]
    pub fn end_soon(&self, token: u32) -> Option<Rest> {
        let handle = self.inner.reactor.get(token)?;
        let Handle::Stream(stream) = &*handle else { return None };
        let mut is_more_to_come = false;
        self.inner.unwatched(token, stream, |stream| is_more_to_come = stream.end_soon());
        if is_more_to_come {
            return None;
        }
        stream.set_reading(false);
        let _ = self.inner.reactor.update(token);
        let count = stream.captured_count() as f64;
        let chunks = stream.set_capture(None).into_iter().map(Whole).collect();
        Some(Rest { chunks, count })
    }

    /// How many bytes are gathered.
    #[napi(catch_unwind)]
    pub fn captured_count(&self, token: u32) -> f64 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Stream(stream)) => stream.captured_count() as f64,
            _ => 0.0,
        }
    }

    /// Ends a capture before the stream has ended: answers what was gathered, in order. What
    /// comes later is `Data`.
    #[napi(ts_return_type = "Array<Buffer | string>", catch_unwind)]
    pub fn end_capture(&self, token: u32) -> Vec<Whole> {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Stream(stream)) => {
                self.inner.end_capture(token, stream).into_iter().map(Whole).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Inner {
    /// The turn of a stream that is being captured.
    pub(super) fn gather(
        &self,
        token: Token,
        stream: &Stream,
        sink: &Sink<'_>,
        may_stop_short: bool,
    ) -> Served {
        match stream.gather(may_stop_short) {
            Progress::Idle => Served::Idle,
            Progress::Waiting => Served::Lightly,
            // Whoever writes to a captured stream ends the capture first.
            Progress::Large => {
                self.unwatched(token, stream, Stream::gather_elsewhere);
                Served::Fully
            }
            Progress::Over => {
                let count = stream.captured_count() as f64;
                let chunks = self.end_capture(token, stream);
                let is_whole = chunks.len() == 1;
                for chunk in chunks {
                    if stream.raw_fd() == -1 {
                        return Served::Fully;
                    }
                    let count = match &chunk {
                        Chunk::Bytes(bytes) if !is_whole => bytes.len() as f64,
                        _ => count,
                    };
                    sink.emit(Event::Data, Value::Chunk(chunk), Value::Number(count));
                }
                // The end is met as on any other stream.
                stream.drain(sink, ShortRead::Nothing)
            }
        }
    }

    fn end_capture(&self, token: Token, stream: &Stream) -> Vec<Chunk> {
        if !stream.is_gathered_elsewhere() {
            return stream.set_capture(None);
        }
        let mut chunks = Vec::new();
        self.unwatched(token, stream, |stream| chunks = stream.set_capture(None));
        chunks
    }

    /// Changes what is watched for a stream, while it is out of the set.
    pub(super) fn unwatched(&self, token: Token, stream: &Stream, change: impl FnOnce(&Stream)) {
        let is_reading = stream.is_reading();
        stream.set_reading(false);
        let _ = self.reactor.update(token);
        change(stream);
        stream.set_reading(is_reading);
        let _ = self.reactor.update(token);
    }
}
