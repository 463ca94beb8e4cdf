//! Running a program to its end while the calling thread waits: one poll loop that feeds the
//! input, drains every output and watches for the exit, all at once. No thread, no runtime, and
//! on no path a descriptor or a zombie left behind.

mod pipe;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use crate::bill::{Bill, Evidence};
use crate::capture::ends::Ends as KeptEnds;
use crate::sys::exit::{self, ExitStatus, ExitWatch, Usage};
use crate::sys::poll;
use crate::sys::spawn::{self, Failure, Request, Step};
pub use pipe::{Channel, Stdio};
use pipe::{Ends, Pipe, Work};

/// The most that is read from one output before the others have their turn.
const TURN_READS: usize = 16;

pub struct Limits {
    pub deadline: Option<Instant>,
    /// The most bytes that all outputs together may have.
    pub output: Option<u64>,
    /// What the child is sent when it exceeds either.
    pub kill_signal: i32,
    /// How long after that it is sent SIGKILL.
    pub force_after: Option<Duration>,
    /// Keep only the ends of each output.
    pub ends: Option<KeptEnds>,
    /// Whether the outputs end with the child, whoever else may still write to them.
    pub ends_at_exit: bool,
}

/// How a program that was started came out.
#[derive(Debug)]
pub struct Outcome {
    pub pid: i32,
    pub exit: ExitStatus,
    /// What it used; `None` if somebody else has reaped it.
    pub bill: Option<Bill>,
    /// For each stdio entry what was collected there; `None` for all but outputs.
    pub output: Vec<Option<Vec<u8>>>,
    /// How many bytes of each entry's output are not in `output`.
    pub dropped: Vec<usize>,
    /// Whether SIGKILL was sent because the first signal was of no use.
    pub forced: bool,
    /// The first thing that went wrong: ETIMEDOUT, ENOBUFS, EPIPE for input that was not read, ...
    pub errno: Option<i32>,
}

/// Runs the program, whose `stdio` is given apart. `Err` tells why it was not started.
///
/// Ends when the child has exited, all outputs have ended (a grandchild may hold one open) and
/// the input is written or cannot be. Past a limit the child is killed, the outputs are closed as
/// they are, and only the exit is waited for. Where outputs end with the child, one that is out of
/// time may still say something on its way out.
pub fn run(
    request: Request<'_>,
    stdio: &[Stdio<'_>],
    input: &[u8],
    limits: &Limits,
) -> Result<Outcome, Failure> {
    let mut ends = Vec::with_capacity(stdio.len());
    for entry in stdio {
        ends.push(Ends::open(entry).map_err(|error| failed(Step::Stdio, &error))?);
    }
    let mut theirs: Vec<Option<BorrowedFd<'_>>> = Vec::with_capacity(stdio.len());
    for (ends, entry) in ends.iter().zip(stdio) {
        theirs.push(match entry {
            Stdio::Fd(fd) => Some(*fd),
            Stdio::Owned(fd) => Some(fd.as_fd()),
            Stdio::Same(earlier) => theirs.get(*earlier).copied().flatten(),
            _ => ends.theirs.as_ref().map(AsFd::as_fd),
        });
    }
    let started = spawn::spawn(&Request { stdio: &theirs, ..request })?;
    let pid = started.pid;
    let watch = ExitWatch::new(pid, started.pidfd).map_err(|error| {
        exit::kill_and_reap(pid);
        failed(Step::Clone, &error)
    })?;
    let mut pipes: Vec<Pipe<'_>> = Vec::with_capacity(stdio.len());
    // The child's ends are closed here, or the outputs would never end.
    for (ends, entry) in ends.into_iter().zip(stdio) {
        pipes.push(Pipe::new(ends.ours, entry, input, limits.ends));
    }
    let mut run = Run {
        watch: Some(watch),
        exit: None,
        usage: None,
        pipes,
        error: None,
        pipe_error: None,
        killed: false,
        force_at: None,
        forced: false,
    };
    run.feed_all();
    run.until_done(limits).map_err(|error| failed(Step::Clone, &error))?;
    let errno = run.error.or(run.pipe_error);
    let collected = std::mem::take(&mut run.pipes).into_iter().map(Pipe::into_output);
    let (output, dropped) = collected.unzip();
    let exit = run.exit.unwrap_or(ExitStatus::Code(0));
    let evidence = Evidence { before: started.peak_before, ..Evidence::default() };
    let bill = run.usage.map(|usage| Bill::new(usage, &evidence));
    Ok(Outcome { pid, exit, bill, output, dropped, forced: run.forced, errno })
}

fn failed(step: Step, error: &io::Error) -> Failure {
    Failure { step, errno: errno(error) }
}

fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// A child that runs.
struct Run<'a> {
    /// `None` once reaped.
    watch: Option<ExitWatch>,
    exit: Option<ExitStatus>,
    usage: Option<Usage>,
    pipes: Vec<Pipe<'a>>,
    error: Option<i32>,
    /// What went wrong with a pipe; of less weight than what befell the program.
    pipe_error: Option<i32>,
    killed: bool,
    /// When SIGKILL is due.
    force_at: Option<Instant>,
    forced: bool,
}

impl Run<'_> {
    fn until_done(&mut self, limits: &Limits) -> io::Result<()> {
        loop {
            let mut watched = Vec::with_capacity(self.pipes.len() + 1);
            let mut places = Vec::with_capacity(self.pipes.len());
            for (place, pipe) in self.pipes.iter().enumerate() {
                if let Some(interest) = pipe.interest() {
                    watched.push(interest);
                    places.push(place);
                }
            }
            watched.extend(self.watch.as_ref().map(|watch| (watch.fd(), false)));
            if watched.is_empty() {
                return Ok(());
            }
            let deadline = if self.killed { self.force_at } else { limits.deadline };
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                if self.killed {
                    self.force();
                } else {
                    self.kill(libc::ETIMEDOUT, limits);
                }
                continue;
            }
            let ready = poll::wait(&watched, deadline)?;
            drop(watched);
            for (&place, _) in places.iter().zip(&ready).filter(|&(_, &ready)| ready) {
                self.serve(place, limits);
            }
            // Behind the outputs: what the child wrote last is read in the same turn.
            if ready.get(places.len()).is_some_and(|&ready| ready) {
                self.reap();
                if limits.ends_at_exit && self.watch.is_none() {
                    self.end_outputs(limits);
                }
            }
        }
    }

    fn serve(&mut self, place: usize, limits: &Limits) {
        let Some(pipe) = self.pipes.get_mut(place) else { return };
        if matches!(pipe.work, Work::Feed(_)) {
            self.feed(place);
            return;
        }
        for _ in 0..TURN_READS {
            let collected = self.collected();
            let allowance = limits.output.map(|limit| limit.saturating_sub(collected));
            let Some(pipe) = self.pipes.get_mut(place) else { return };
            match pipe.collect(allowance) {
                Ok(Some(count)) => {
                    let exceeded = |limit| collected.saturating_add(count as u64) > limit;
                    if limits.output.is_some_and(exceeded) {
                        self.kill(libc::ENOBUFS, limits);
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) if error.raw_os_error() == Some(libc::ENOMEM) => {
                    self.kill(libc::ENOMEM, limits);
                    return;
                }
                Err(error) => {
                    self.pipe_error.get_or_insert(errno(&error));
                    return;
                }
            }
        }
    }

    fn collected(&self) -> u64 {
        let lengths = self.pipes.iter().map(|pipe| match &pipe.work {
            Work::Collect(bytes) | Work::Collected(bytes) => bytes.len() as u64,
            _ => 0,
        });
        lengths.sum()
    }

    fn feed_all(&mut self) {
        for place in 0..self.pipes.len() {
            self.feed(place);
        }
    }

    fn feed(&mut self, place: usize) {
        if let Some(Err(error)) = self.pipes.get_mut(place).map(Pipe::feed) {
            self.pipe_error.get_or_insert(errno(&error));
        }
    }

    fn reap(&mut self) {
        let Some(watch) = &self.watch else { return };
        match watch.reap_with_usage() {
            Ok(None) => return,
            Ok(Some((exit, usage))) => {
                self.exit = Some(exit);
                self.usage = Some(usage);
            }
            // ECHILD: a foreign waitpid(-1) was faster. How it went cannot be known.
            Err(_) => self.exit = Some(ExitStatus::Code(0)),
        }
        self.watch = None;
    }

    /// The child has ended: what it wrote is read, and who else holds an output is not waited for.
    fn end_outputs(&mut self, limits: &Limits) {
        for place in 0..self.pipes.len() {
            if let Some(pipe) = self.pipes.get_mut(place) {
                pipe.end_soon();
            }
            while self.pipes.get(place).is_some_and(Pipe::is_open) {
                self.serve(place, limits);
            }
        }
    }

    /// Ends the program for the reason given. Nothing more is read, unless that ends with the
    /// program: whoever else holds an output open is not waited for.
    fn kill(&mut self, reason: i32, limits: &Limits) {
        if !self.killed {
            self.killed = true;
            self.error.get_or_insert(reason);
            self.force_at = limits.force_after.and_then(|after| Instant::now().checked_add(after));
            if let Some(watch) = &self.watch
                && let Err(error) = watch.kill(limits.kill_signal)
                && error.raw_os_error() != Some(libc::ESRCH)
            {
                let _ = watch.kill(libc::SIGKILL);
            }
        }
        if reason != libc::ETIMEDOUT || !limits.ends_at_exit {
            self.pipes.iter_mut().for_each(Pipe::close);
        }
    }

    fn force(&mut self) {
        self.force_at = None;
        self.forced = self.watch.as_ref().is_some_and(|watch| watch.kill(libc::SIGKILL).is_ok());
    }
}

impl Drop for Run<'_> {
    /// Only if waiting itself failed is there a child left.
    fn drop(&mut self) {
        if let Some(watch) = self.watch.take() {
            exit::kill_and_reap(watch.pid());
        }
    }
}

#[cfg(test)]
mod tests;
