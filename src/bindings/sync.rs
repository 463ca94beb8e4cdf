//! Running a program to its end for JS: a request as one object, the outcome as another.

use std::ffi::CString;
use std::io;
use std::time::{Duration, Instant};

use napi_derive::napi;

use super::environment::Environment;
use super::negative_errno;
use super::raw::Captured;
use super::spawn::environment;
use crate::sync::{self, Channel, Limits, Outcome, Stdio};
use crate::sys::exit::ExitStatus;
use crate::sys::fd;
use crate::sys::spawn::{CStringArray, Request};

/// A program to run. `argv` and `env` hold their entries each ended by a NUL.
#[napi(object, object_to_js = false)]
pub struct SyncRequest {
    pub file: String,
    pub argv: String,
    pub env: String,
    /// Whether `env` comes on top of our own environment.
    pub inherits_env: bool,
    pub cwd: Option<String>,
    pub detached: bool,
    pub uid: Option<i32>,
    pub gid: Option<i32>,
    /// Kind and value of each entry; lib/stdio.js has the kinds. The value of a socket or fifo
    /// tells whether the child reads from it.
    pub stdio: Vec<i32>,
    /// Milliseconds; 0 is no limit.
    pub timeout: f64,
    /// Bytes of all outputs together; 0 is no limit.
    pub max_buffer: f64,
    pub kill_signal: i32,
}

/// How it came out. Without a `pid` it was not started, and `errno` says why.
#[napi(object, object_from_js = false)]
pub struct SyncOutcome {
    /// A positive errno, or 0.
    pub errno: i32,
    pub pid: i32,
    pub code: i32,
    /// The signal that killed it, or 0.
    pub signal: i32,
    /// What came out of each stdio entry; null for all but outputs. Absent without a `pid`.
    #[napi(ts_type = "Array<Buffer | null>")]
    pub output: Option<Vec<Option<Captured>>>,
}

#[napi]
impl Environment {
    /// Runs a program while this thread waits. `input` is what it reads from the first entry.
    #[napi]
    pub fn run_sync(&self, request: SyncRequest, input: &[u8]) -> SyncOutcome {
        // From here on, as in Node: what the start takes counts.
        let start = Instant::now();
        let ran = self
            .stdio_of(&request.stdio)
            .map_err(|error| -negative_errno(&error))
            .and_then(|stdio| run(request, &stdio, input, start));
        match ran {
            Ok(outcome) => from_outcome(outcome),
            Err(errno) => SyncOutcome { errno, pid: 0, code: 0, signal: 0, output: None },
        }
    }

    fn stdio_of(&self, plan: &[i32]) -> io::Result<Vec<Stdio<'static>>> {
        plan.chunks_exact(2).map(|entry| self.stdio_entry(entry[0], entry[1])).collect()
    }

    fn stdio_entry(&self, kind: i32, value: i32) -> io::Result<Stdio<'static>> {
        let end = |channel| {
            if value == 1 { Stdio::Input(channel) } else { Stdio::Output(channel) }
        };
        Ok(match kind {
            1 => end(Channel::Socket),
            2 => end(Channel::Fifo),
            3 => Stdio::Fd(fd::borrow(value)?),
            4 => Stdio::Owned(self.lend(value.cast_unsigned())?),
            _ => Stdio::Ignore,
        })
    }
}

fn run(
    request: SyncRequest,
    stdio: &[Stdio<'_>],
    input: &[u8],
    start: Instant,
) -> Result<Outcome, i32> {
    let limits = Limits {
        deadline: deadline(start, request.timeout),
        output: output_limit(request.max_buffer),
        kill_signal: request.kill_signal,
    };
    let program = Request {
        file: request.file.as_bytes(),
        argv: &CStringArray::from_terminated(request.argv.into_bytes()),
        env: &environment(request.env, request.inherits_env),
        // JS has refused NULs.
        cwd: request.cwd.and_then(|cwd| CString::new(cwd).ok()),
        detached: request.detached,
        uid: request.uid.map(i32::cast_unsigned),
        gid: request.gid.map(i32::cast_unsigned),
        stdio: &[],
        extras: None,
    };
    sync::run(program, stdio, input, &limits)
}

/// `None`: never, also for a time that no clock will reach.
fn deadline(start: Instant, milliseconds: f64) -> Option<Instant> {
    if milliseconds <= 0.0 {
        return None;
    }
    let timeout = Duration::try_from_secs_f64(milliseconds / 1000.0).ok()?;
    start.checked_add(timeout)
}

/// JS allows fractions: 4 bytes are not more than 4.5, 5 are.
fn output_limit(bytes: f64) -> Option<u64> {
    (bytes > 0.0 && bytes.is_finite()).then_some(bytes as u64)
}

fn from_outcome(outcome: Outcome) -> SyncOutcome {
    let (code, signal) = match outcome.exit {
        ExitStatus::Code(code) => (code, 0),
        ExitStatus::Signal(signal) => (0, signal),
    };
    let captured = |output: Option<Vec<u8>>| output.map(Captured);
    SyncOutcome {
        errno: outcome.errno.unwrap_or(0),
        pid: outcome.pid,
        code,
        signal,
        output: Some(outcome.output.into_iter().map(captured).collect()),
    }
}
