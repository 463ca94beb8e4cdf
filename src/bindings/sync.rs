//! Running a program to its end for JS: a request as one object, the outcome as another.

use std::io;
use std::time::{Duration, Instant};

use napi_derive::napi;

use super::environment::Environment;
use super::negative_errno;
use super::raw::Captured;
use super::spawn::{Stdio as Planned, directory, environment};
use crate::capture::ends::Ends;
use crate::sync::{self, Channel, Limits, Outcome, Stdio};
use crate::sys::exit::ExitStatus;
use crate::sys::fd;
use crate::sys::spawn::{CStringArray, Failure, Request, Step};

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
    /// Milliseconds from that signal to SIGKILL; absent: never.
    pub force_after: Option<f64>,
    /// Keep only so many bytes of the beginning and of the end of each output.
    pub head: Option<f64>,
    pub tail: Option<f64>,
    /// Whether the outputs end with the program, whoever else may still write to them.
    pub ends_at_exit: Option<bool>,
}

/// How it came out. Without a `pid` it was not started, and `errno` says why.
#[napi(object, object_from_js = false)]
pub struct SyncOutcome {
    /// A positive errno, or 0.
    pub errno: i32,
    /// The step at which the start failed; `Step` in src/sys/linux/step.rs has the numbers.
    pub step: Option<i32>,
    pub pid: i32,
    pub code: i32,
    /// The signal that killed it, or 0.
    pub signal: i32,
    /// How many bytes of each entry's output were not kept.
    pub dropped: Option<Vec<f64>>,
    /// Whether it was sent SIGKILL in the end.
    pub forced: Option<bool>,
    /// With `endsAtExit`: what it used; lib/bill.js has the order.
    pub bill: Option<Vec<f64>>,
    /// What came out of each stdio entry; null for all but outputs. Absent without a `pid`.
    #[napi(ts_type = "Array<Buffer | null>")]
    pub output: Option<Vec<Option<Captured>>>,
}

#[napi]
impl Environment {
    /// Runs a program while this thread waits. `input` is what it reads from the first entry.
    #[napi(catch_unwind)]
    pub fn run_sync(&self, request: SyncRequest, input: &[u8]) -> SyncOutcome {
        // From here on, as in Node: what the start takes counts.
        let start = Instant::now();
        let wants_bill = request.ends_at_exit.unwrap_or(false);
        let ran = self
            .stdio_of(&request.stdio)
            .map_err(|error| Failure { step: Step::Stdio, errno: -negative_errno(&error) })
            .and_then(|stdio| run(request, &stdio, input, start));
        match ran {
            Ok(outcome) => from_outcome(outcome, wants_bill),
            Err(Failure { step, errno }) => {
                let step = Some(step as i32);
                SyncOutcome {
                    errno,
                    step,
                    pid: 0,
                    code: 0,
                    signal: 0,
                    output: None,
                    dropped: None,
                    forced: None,
                    bill: None,
                }
            }
        }
    }

    fn stdio_of(&self, plan: &[i32]) -> io::Result<Vec<Stdio<'static>>> {
        plan.chunks_exact(2).map(|entry| self.stdio_entry(entry[0], entry[1])).collect()
    }

    fn stdio_entry(&self, kind: i32, value: i32) -> io::Result<Stdio<'static>> {
        let end = |channel| {
            if value == 1 { Stdio::Input(channel) } else { Stdio::Output(channel) }
        };
        Ok(match Planned::from_plan(kind, value) {
            Planned::Socket => end(Channel::Socket),
            Planned::Fifo => end(Channel::Fifo),
            Planned::Inherit(number) => Stdio::Fd(fd::borrow(number)?),
            Planned::Lend(token) => Stdio::Owned(self.lend(token)?),
            Planned::Same(earlier) => Stdio::Same(earlier),
            // Nobody asks for the others here.
            Planned::Ignore | Planned::Channel(_) | Planned::FifoOrSocket => Stdio::Ignore,
        })
    }
}

fn run(
    request: SyncRequest,
    stdio: &[Stdio<'_>],
    input: &[u8],
    start: Instant,
) -> Result<Outcome, Failure> {
    let limits = Limits {
        deadline: deadline(start, request.timeout),
        output: output_limit(request.max_buffer),
        kill_signal: request.kill_signal,
        force_after: request.force_after.and_then(milliseconds),
        ends: request
            .head
            .zip(request.tail)
            .map(|(head, tail)| Ends::new(head as usize, tail as usize)),
        ends_at_exit: request.ends_at_exit.unwrap_or(false),
    };
    let program = Request {
        file: request.file.as_bytes(),
        argv: &CStringArray::from_terminated(request.argv.into_bytes()),
        env: &environment(request.env, request.inherits_env),
        cwd: directory(request.cwd)?,
        detached: request.detached,
        uid: request.uid.map(i32::cast_unsigned),
        gid: request.gid.map(i32::cast_unsigned),
        stdio: &[],
        extras: None,
    };
    sync::run(program, stdio, input, &limits)
}

/// `None`: never, also for a time that no clock will reach.
fn deadline(start: Instant, timeout: f64) -> Option<Instant> {
    if timeout <= 0.0 {
        return None;
    }
    start.checked_add(milliseconds(timeout)?)
}

fn milliseconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number / 1000.0).ok()
}

/// JS allows fractions: 4 bytes are not more than 4.5, 5 are.
fn output_limit(bytes: f64) -> Option<u64> {
    (bytes > 0.0 && bytes.is_finite()).then_some(bytes as u64)
}

fn from_outcome(outcome: Outcome, wants_bill: bool) -> SyncOutcome {
    let (code, signal) = match outcome.exit {
        ExitStatus::Code(code) => (code, 0),
        ExitStatus::Signal(signal) => (0, signal),
    };
    let captured = |output: Option<Vec<u8>>| output.map(Captured);
    SyncOutcome {
        errno: outcome.errno.unwrap_or(0),
        step: None,
        dropped: Some(outcome.dropped.into_iter().map(|count| count as f64).collect()),
        forced: Some(outcome.forced),
        bill: outcome.bill.filter(|_| wants_bill).map(|bill| bill.figures().to_vec()),
        pid: outcome.pid,
        code,
        signal,
        output: Some(outcome.output.into_iter().map(captured).collect()),
    }
}
