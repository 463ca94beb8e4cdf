//! The whole output of a stream, gathered without JS: read on the loop while it is small, which
//! is quickest, and on a thread of ours from then on, so that the loop is free. What JS
//! gets is one string or one Buffer, at the end.
//!
//! JS may ask for what there is at any time, and has to go on by itself where text turns out not
//! to be text, or there is too much of it. What was gathered is then handed over in order, and
//! the stream is read as any other from there.

mod away;
pub mod ends;
mod gathered;
mod growth;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use away::Away;
use gathered::Gathered;
pub use gathered::{Chunk, Form};

/// From how many bytes on a stream is worth the way to another thread.
const LARGE_BYTES: usize = 256 * 1024;
/// The most reads on the loop in a wake-up: a stream is large after four full ones, but a child
/// may write bytes one by one.
const TURN_READS: usize = 32;

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Socket,
    /// The reading end of a pipe(2), non-blocking.
    Pipe,
}

/// A stream that is being captured.
pub struct Capture {
    place: Place,
    /// Whether it may be moved: that has not failed yet, and is still worth it.
    is_movable: bool,
}

enum Place {
    Here(Gathered),
    Away(Away),
}

/// How a capture stands after a look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Nothing has come.
    Idle,
    /// Something has; more is to come.
    Waiting,
    /// It is large now: `move_away` is due.
    Large,
    /// The stream has ended, or JS has to go on: `into_chunks` is due.
    Over,
}

impl Capture {
    /// More than `limit` bytes are not for the capture to judge.
    pub fn new(form: Form, limit: Option<usize>) -> Capture {
        Capture { place: Place::Here(Gathered::new(form, limit)), is_movable: true }
    }

    /// All that comes is taken, but only the first `head` bytes and the last `tail` are kept.
    pub fn of_ends(head: usize, tail: usize) -> Capture {
        Capture { place: Place::Here(Gathered::of_ends(head, tail)), is_movable: true }
    }

    /// What to watch while the stream is read elsewhere.
    pub fn counter(&self) -> Option<BorrowedFd<'_>> {
        match &self.place {
            Place::Here(_) => None,
            Place::Away(away) => Some(away.counter()),
        }
    }

    /// How many bytes have come by now.
    pub fn count(&self) -> usize {
        match &self.place {
            Place::Here(gathered) => gathered.count(),
            Place::Away(away) => away.count(),
        }
    }

    /// Takes what there is by `read`, if the stream is read here, a `scratch` at a time; with
    /// `may_stop_short` what is left behind a short read can wait.
    pub fn advance(
        &mut self,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
        scratch: &mut [u8],
        may_stop_short: bool,
    ) -> Progress {
        let gathered = match &mut self.place {
            Place::Here(gathered) => gathered,
            Place::Away(away) if away.is_over() => return Progress::Over,
            Place::Away(_) => return Progress::Idle,
        };
        let mut progress = Progress::Idle;
        for _ in 0..TURN_READS {
            let count = match read(scratch) {
                Ok(0) => {
                    gathered.end();
                    return Progress::Over;
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Progress::Over,
            };
            gathered.take(&scratch[..count]);
            progress = Progress::Waiting;
            if gathered.is_refused() {
                return Progress::Over;
            }
            if self.is_movable && gathered.count() >= LARGE_BYTES {
                return Progress::Large;
            }
            if may_stop_short && count < scratch.len() {
                break;
            }
        }
        progress
    }

    /// Has the thread read on, through a descriptor of its own. Where that cannot be had, the
    /// stream is still read here.
    pub fn move_away(&mut self, fd: impl AsFd, source: Source) {
        self.is_movable = false;
        if let Place::Here(gathered) = &mut self.place
            && let Some(away) = Away::start(fd, source, gathered)
        {
            self.place = Place::Away(away);
        }
    }

    /// Has the stream read here for the rest of its time, unless that is over elsewhere.
    pub fn stay_here(&mut self) {
        self.is_movable = false;
        if let Place::Away(away) = &self.place
            && let Some(gathered) = away.give_back()
        {
            self.place = Place::Here(gathered);
        }
    }

    /// Nothing more is to come: what is here is the whole output.
    pub fn end(&mut self) {
        if let Place::Here(gathered) = &mut self.place {
            gathered.end();
        }
    }

    /// What was kept of it: the whole output in one if that is known to have ended, else as it came.
    pub fn into_chunks(self) -> Vec<Chunk> {
        match self.place {
            Place::Here(gathered) => gathered.into_chunks(),
            Place::Away(away) => away.recall(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::epoll::{Epoll, Interest};
    use crate::sys::{fd, socket};
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    fn writer(socket: OwnedFd) -> UnixStream {
        UnixStream::from(socket)
    }

    /// Advances as the loop does, until there is something to do.
    fn advance(capture: &mut Capture, socket: &OwnedFd) -> Progress {
        let mut scratch = vec![0; 64 * 1024];
        loop {
            let epoll = Epoll::new().unwrap();
            let watched = capture.counter().unwrap_or(socket.as_fd());
            epoll.add(watched, 0, Interest { read: true, write: false }).unwrap();
            epoll.wait(&mut Vec::new()).unwrap();
            match capture.advance(|buffer| socket::receive(socket, buffer), &mut scratch, false) {
                Progress::Idle | Progress::Waiting => {}
                progress => return progress,
            }
        }
    }

    fn text(size: usize) -> Vec<u8> {
        (0..size).map(|i| b'a' + (i % 26) as u8).collect()
    }

    #[test]
    fn a_small_output_stays_here() {
        let (ours, theirs) = socket::pair().unwrap();
        writer(theirs).write_all(b"hi\n").unwrap();
        let mut capture = Capture::new(Form::Utf8, Some(3));
        assert_eq!(advance(&mut capture, &ours), Progress::Over);
        assert!(capture.counter().is_none());
        assert_eq!(capture.into_chunks(), [Chunk::Latin1(b"hi\n".to_vec())]);
    }

    #[test]
    fn a_large_output_is_gathered_elsewhere_to_its_end() {
        let (ours, theirs) = socket::pair().unwrap();
        let sent = text(3_000_000);
        let expected = sent.clone();
        let writing = std::thread::spawn(move || writer(theirs).write_all(&sent).unwrap());
        let mut capture = Capture::new(Form::Utf8, None);
        assert_eq!(advance(&mut capture, &ours), Progress::Large);
        capture.move_away(&ours, Source::Socket);
        assert!(capture.counter().is_some());
        assert_eq!(advance(&mut capture, &ours), Progress::Over);
        writing.join().unwrap();
        assert_eq!(capture.count(), expected.len());
        assert!(capture.into_chunks() == [Chunk::Latin1(expected)]);
    }

    #[test]
    fn what_is_taken_back_early_is_followed_by_the_rest() {
        let (ours, theirs) = socket::pair().unwrap();
        let sent = text(3_000_000);
        let expected = sent.clone();
        let writing = std::thread::spawn(move || writer(theirs).write_all(&sent).unwrap());
        let mut capture = Capture::new(Form::Bytes, None);
        assert_eq!(advance(&mut capture, &ours), Progress::Large);
        capture.move_away(&ours, Source::Socket);
        while capture.count() < 1_000_000 {
            std::thread::yield_now();
        }
        let mut bytes = Vec::new();
        for chunk in capture.into_chunks() {
            let Chunk::Bytes(piece) = chunk else { panic!("bytes stay bytes") };
            bytes.extend(piece);
        }
        // Nobody else reads from here on.
        let mut rest = Capture::new(Form::Bytes, None);
        while advance(&mut rest, &ours) != Progress::Over {
            rest.is_movable = false;
        }
        writing.join().unwrap();
        // None at all if the thread was quick.
        for chunk in rest.into_chunks() {
            let Chunk::Bytes(piece) = chunk else { panic!("bytes stay bytes") };
            bytes.extend(piece);
        }
        assert!(bytes == expected);
    }

    #[test]
    fn a_limit_that_is_exceeded_elsewhere_gives_the_last_read_apart() {
        let (ours, theirs) = socket::pair().unwrap();
        let sent = text(1_000_000);
        let expected = sent.clone();
        // It is cut short when our end is closed.
        let writing = std::thread::spawn(move || drop(writer(theirs).write_all(&sent)));
        let mut capture = Capture::new(Form::Utf8, Some(700_000));
        assert_eq!(advance(&mut capture, &ours), Progress::Large);
        capture.move_away(&ours, Source::Socket);
        assert_eq!(advance(&mut capture, &ours), Progress::Over);
        let count = capture.count();
        assert!((700_001..=700_000 + 64 * 1024).contains(&count), "{count}");
        let mut bytes = Vec::new();
        let mut before_last = 0;
        for chunk in capture.into_chunks() {
            let Chunk::Bytes(piece) = chunk else { panic!("JS decodes what it cuts") };
            before_last = bytes.len();
            bytes.extend(piece);
        }
        assert!(before_last <= 700_000);
        assert!(bytes == expected[..count]);
        drop(ours);
        writing.join().unwrap();
    }

    #[test]
    fn a_capture_that_is_dropped_lets_go_of_the_socket() {
        let (ours, theirs) = socket::pair().unwrap();
        let mut stream = writer(theirs);
        stream.write_all(&text(100_000)).unwrap();
        let mut capture = Capture::new(Form::Bytes, None);
        capture.advance(|buffer| socket::receive(&ours, buffer), &mut [0; 64], false);
        capture.move_away(&ours, Source::Socket);
        drop(ours);
        // Still open: the capture has a duplicate.
        stream.write_all(b"more").unwrap();
        drop(capture);
        assert_eq!(stream.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_pipe_is_captured_too_and_only_its_ends_are_kept() {
        let (ours, theirs) = fd::pipe().unwrap();
        fd::set_nonblocking(ours.as_fd(), true).unwrap();
        let sent = text(5_000_000);
        let expected = [&sent[..10], &sent[sent.len() - 20..]].concat();
        let writing = std::thread::spawn(move || {
            std::fs::File::from(theirs).write_all(&sent).unwrap();
        });
        let mut capture = Capture::of_ends(10, 20);
        let mut scratch = vec![0; 64 * 1024];
        loop {
            let epoll = Epoll::new().unwrap();
            let watched = capture.counter().unwrap_or(ours.as_fd());
            epoll.add(watched, 0, Interest { read: true, write: false }).unwrap();
            epoll.wait(&mut Vec::new()).unwrap();
            match capture.advance(|buffer| fd::read(&ours, buffer), &mut scratch, false) {
                Progress::Large => capture.move_away(&ours, Source::Pipe),
                Progress::Over => break,
                Progress::Idle | Progress::Waiting => {}
            }
        }
        writing.join().unwrap();
        assert_eq!(capture.count(), 5_000_000);
        assert_eq!(capture.into_chunks(), [Chunk::Bytes(expected)]);
    }

    #[test]
    fn a_capture_elsewhere_comes_back_with_all_that_was_read() {
        let (ours, theirs) = socket::pair().unwrap();
        let mut stream = writer(theirs);
        let sent = text(150_000);
        stream.write_all(&sent).unwrap();
        let mut capture = Capture::new(Form::Bytes, None);
        capture.move_away(&ours, Source::Socket);
        while capture.count() < sent.len() {
            std::thread::yield_now();
        }
        capture.stay_here();
        assert!(capture.counter().is_none());
        capture.end();
        assert!(capture.into_chunks() == [Chunk::Bytes(sent)]);
        // Still open, and read no more.
        stream.write_all(b"more").unwrap();
        assert_eq!(socket::receive(&ours, &mut [0; 8]).unwrap(), 4);
    }
}
