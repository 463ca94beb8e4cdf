//! Running a program to its end while the calling thread waits: one poll loop that feeds the
//! input, drains every output and watches for the exit, all at once. No thread, no runtime, and
//! on no path a descriptor or a zombie left behind.

mod pipe;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::sys::exit::{self, ExitStatus, ExitWatch};
use crate::sys::poll;
use crate::sys::spawn::{self, Request};
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
}

/// How a program that was started came out.
#[derive(Debug)]
pub struct Outcome {
    pub pid: i32,
    pub exit: ExitStatus,
    /// For each stdio entry what was collected there; `None` for all but outputs.
    pub output: Vec<Option<Vec<u8>>>,
    /// The first thing that went wrong: ETIMEDOUT, ENOBUFS, EPIPE for input that was not read, ...
    pub errno: Option<i32>,
}

/// Runs the program, whose `stdio` is given apart. `Err` is the errno for which it was not
/// started.
///
/// Ends when the child has exited, all outputs have ended (a grandchild may hold one open) and
/// the input is written or cannot be. Past a limit the child is killed, the outputs are closed as
/// they are, and only the exit is waited for.
pub fn run(
    request: Request<'_>,
    stdio: &[Stdio<'_>],
    input: &[u8],
    limits: &Limits,
) -> Result<Outcome, i32> {
    let mut ends = Vec::with_capacity(stdio.len());
    for entry in stdio {
        ends.push(Ends::open(entry).map_err(|error| errno(&error))?);
    }
    let theirs: Vec<Option<BorrowedFd<'_>>> = ends
        .iter()
        .zip(stdio)
        .map(|(ends, entry)| match entry {
            Stdio::Fd(fd) => Some(*fd),
            Stdio::Owned(fd) => Some(fd.as_fd()),
            _ => ends.theirs.as_ref().map(AsFd::as_fd),
        })
        .collect();
    let started =
        spawn::spawn(&Request { stdio: &theirs, ..request }).map_err(|failure| failure.errno)?;
    let pid = started.pid;
    let watch = ExitWatch::new(pid, started.pidfd).map_err(|error| {
        exit::kill_and_reap(pid);
        errno(&error)
    })?;
    let mut pipes: Vec<Pipe<'_>> = Vec::with_capacity(stdio.len());
    // The child's ends are closed here, or the outputs would never end.
    for (ends, entry) in ends.into_iter().zip(stdio) {
        pipes.push(Pipe::new(ends.ours, entry, input));
    }
    let mut run =
        Run { watch: Some(watch), exit: None, pipes, error: None, pipe_error: None, killed: false };
    run.feed_all();
    run.until_done(limits).map_err(|error| errno(&error))?;
    let errno = run.error.or(run.pipe_error);
    let output = std::mem::take(&mut run.pipes).into_iter().map(Pipe::into_output).collect();
    Ok(Outcome { pid, exit: run.exit.unwrap_or(ExitStatus::Code(0)), output, errno })
}

fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// A child that runs.
struct Run<'a> {
    /// `None` once reaped.
    watch: Option<ExitWatch>,
    exit: Option<ExitStatus>,
    pipes: Vec<Pipe<'a>>,
    error: Option<i32>,
    /// What went wrong with a pipe; of less weight than what befell the program.
    pipe_error: Option<i32>,
    killed: bool,
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
            let deadline = limits.deadline.filter(|_| !self.killed);
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.kill(libc::ETIMEDOUT, limits);
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
        self.exit = match watch.reap() {
            Ok(None) => return,
            Ok(exit) => exit,
            // ECHILD: a foreign waitpid(-1) was faster. How it went cannot be known.
            Err(_) => Some(ExitStatus::Code(0)),
        };
        self.watch = None;
    }

    /// Ends the program for the reason given. Nothing more is read: whoever else holds an output
    /// open is not waited for.
    fn kill(&mut self, reason: i32, limits: &Limits) {
        self.killed = true;
        self.error.get_or_insert(reason);
        if let Some(watch) = &self.watch
            && let Err(error) = watch.kill(limits.kill_signal)
            && error.raw_os_error() != Some(libc::ESRCH)
        {
            let _ = watch.kill(libc::SIGKILL);
        }
        self.pipes.iter_mut().for_each(Pipe::close);
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
mod tests {
    use super::pipe::PIECE_BYTES;
    use super::*;
    use crate::sys::spawn::CStringArray;
    use std::time::Duration;

    const SOCKETS: [Stdio<'static>; 3] = [
        Stdio::Input(Channel::Socket),
        Stdio::Output(Channel::Socket),
        Stdio::Output(Channel::Socket),
    ];
    const FIFOS: [Stdio<'static>; 3] =
        [Stdio::Input(Channel::Fifo), Stdio::Output(Channel::Fifo), Stdio::Output(Channel::Fifo)];
    const UNLIMITED: Limits = Limits { deadline: None, output: None, kill_signal: libc::SIGTERM };

    fn list(entries: &[&str]) -> CStringArray {
        let mut block = Vec::new();
        for entry in entries {
            block.extend_from_slice(entry.as_bytes());
            block.push(0);
        }
        CStringArray::from_terminated(block)
    }

    fn shell(
        script: &str,
        stdio: &[Stdio<'_>],
        input: &[u8],
        limits: &Limits,
    ) -> Result<Outcome, i32> {
        let request = Request {
            file: b"/bin/sh",
            argv: &list(&["sh", "-c", script]),
            env: &list(&["PATH=/bin:/usr/bin"]),
            cwd: None,
            detached: false,
            uid: None,
            gid: None,
            stdio: &[],
            extras: None,
        };
        run(request, stdio, input, limits)
    }

    fn is_reaped(pid: i32) -> bool {
        !std::path::Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn input_and_outputs_flow_at_once() {
        let input: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let outcome = shell("exec cat", &SOCKETS, &input, &UNLIMITED).unwrap();
        assert_eq!(outcome.output[0], None);
        assert!(outcome.output[1].as_deref() == Some(&input));
        // Two copies need a name for the second one, which a socket has not.
        let outcome = shell("exec tee /dev/stderr", &FIFOS, &input, &UNLIMITED).unwrap();
        assert_eq!((outcome.errno, outcome.exit), (None, ExitStatus::Code(0)));
        assert!(outcome.output[1].as_deref() == Some(&input));
        assert!(outcome.output[2].as_deref() == Some(&input));
        assert!(is_reaped(outcome.pid));
    }

    #[test]
    fn the_limit_of_output_counts_all_outputs_and_cuts_nothing() {
        let limits = Limits { output: Some(6), ..UNLIMITED };
        let script = "echo 1234; sleep 0.05; echo 5678 >&2; exec sleep 60";
        let outcome = shell(script, &SOCKETS, b"", &limits).unwrap();
        assert_eq!(outcome.errno, Some(libc::ENOBUFS));
        assert_eq!(outcome.exit, ExitStatus::Signal(libc::SIGTERM));
        assert_eq!(outcome.output[1].as_deref(), Some(&b"1234\n"[..]));
        assert_eq!(outcome.output[2].as_deref(), Some(&b"5678\n"[..]));
        let exact = Limits { output: Some(5), ..UNLIMITED };
        assert_eq!(shell("echo 1234", &SOCKETS, b"", &exact).unwrap().errno, None);
    }

    #[test]
    fn what_exceeds_the_limit_is_at_most_one_piece() {
        let limits = Limits { output: Some(1_000_000), ..UNLIMITED };
        let outcome = shell("exec cat /dev/zero", &SOCKETS, b"", &limits).unwrap();
        let length = outcome.output[1].as_ref().unwrap().len();
        assert!((1_000_001..=1_000_000 + PIECE_BYTES).contains(&length), "{length}");
        assert!(is_reaped(outcome.pid));
    }

    #[test]
    fn the_deadline_kills_and_does_not_wait_for_a_grandchild() {
        let start = Instant::now();
        let deadline = Some(start + Duration::from_millis(50));
        let limits = Limits { deadline, kill_signal: libc::SIGKILL, ..UNLIMITED };
        let outcome = shell("sleep 5 & echo a; sleep 5", &SOCKETS, b"", &limits).unwrap();
        assert_eq!(outcome.errno, Some(libc::ETIMEDOUT));
        assert_eq!(outcome.exit, ExitStatus::Signal(libc::SIGKILL));
        assert_eq!(outcome.output[1].as_deref(), Some(&b"a\n"[..]));
        assert!(start.elapsed() < Duration::from_secs(4));
        assert!(is_reaped(outcome.pid));
    }

    #[test]
    fn without_a_limit_the_output_of_a_grandchild_is_waited_for() {
        let outcome = shell("(sleep 0.1; echo late) & exit 3", &SOCKETS, b"", &UNLIMITED).unwrap();
        assert_eq!(outcome.exit, ExitStatus::Code(3));
        assert_eq!(outcome.output[1].as_deref(), Some(&b"late\n"[..]));
    }

    #[test]
    fn input_that_nobody_reads_is_epipe() {
        let input = vec![b'x'; 1_000_000];
        let outcome = shell("exit 4", &SOCKETS, &input, &UNLIMITED).unwrap();
        assert_eq!((outcome.errno, outcome.exit), (Some(libc::EPIPE), ExitStatus::Code(4)));
        let outcome = shell("exit 4", &FIFOS, &input, &UNLIMITED).unwrap();
        assert_eq!((outcome.errno, outcome.exit), (Some(libc::EPIPE), ExitStatus::Code(4)));
    }

    #[test]
    fn a_program_that_is_not_there_is_its_errno() {
        let request = Request {
            file: b"/nonexistent/program",
            argv: &list(&["x"]),
            env: &list(&[]),
            cwd: None,
            detached: false,
            uid: None,
            gid: None,
            stdio: &[],
            extras: None,
        };
        assert_eq!(run(request, &SOCKETS, b"", &UNLIMITED).unwrap_err(), libc::ENOENT);
    }
}
