//! Streams whose other end is in the same process.

use super::*;

fn stream(kind: Kind, fd: OwnedFd) -> Stream<Vec<u8>> {
    Stream::new(kind, fd)
}

#[derive(Default)]
struct Collected {
    bytes: RefCell<Vec<u8>>,
    chunks: Cell<usize>,
    ends: Cell<usize>,
}

impl Sink for Collected {
    type Buffer = Vec<u8>;
    fn allocate(&self, size: usize) -> Option<Vec<u8>> {
        Some(vec![0; size])
    }
    fn filled(&self, buffer: Vec<u8>, count: usize) {
        self.copied(&buffer[..count]);
    }
    fn copied(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(bytes);
        self.chunks.set(self.chunks.get() + 1);
    }
    fn ended(&self, error: Option<io::Error>) {
        assert!(error.is_none());
        self.ends.set(self.ends.get() + 1);
    }
}

#[test]
fn everything_written_arrives_and_then_the_end_once() {
    let (ours, theirs) = socket::pair().unwrap();
    let (reader, writer) = (stream(Kind::Socket, ours), stream(Kind::Socket, theirs));
    let payload: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let sink = Collected::default();
    reader.set_reading(true);
    let mut sent = 0;
    while sent < payload.len() {
        sent += writer.write(&payload[sent..]).unwrap();
        reader.drain(&sink, ShortRead::Nothing);
    }
    writer.close();
    while reader.is_reading() {
        reader.drain(&sink, ShortRead::Nothing);
    }
    assert_eq!(*sink.bytes.borrow(), payload);
    assert_eq!(sink.ends.get(), 1);
}

#[test]
fn a_stream_that_is_not_reading_is_left_alone() {
    let (ours, theirs) = socket::pair().unwrap();
    let reader = stream(Kind::Socket, ours);
    socket::send(&theirs, b"unread").unwrap();
    let sink = Collected::default();
    reader.drain(&sink, ShortRead::Nothing);
    assert_eq!(sink.chunks.get(), 0);
}

#[test]
fn nothing_is_lost_where_a_read_stops_short_of_the_end() {
    let (ours, theirs) = socket::pair().unwrap();
    let reader = stream(Kind::Socket, ours);
    socket::send(reader.fd.borrow().as_ref().unwrap(), b"unread").unwrap();
    for piece in [b"one", b"two", b"end"] {
        socket::send_with_descriptor(&theirs, piece, theirs.as_fd()).unwrap();
    }
    drop(theirs);
    let sink = Collected::default();
    reader.set_reading(true);
    reader.drain(&sink, ShortRead::End);
    assert_eq!(*sink.bytes.borrow(), b"onetwoend");
    // That the other end has left something unread is no error.
    assert_eq!((sink.ends.get(), reader.is_reading()), (1, false));
}

#[test]
fn a_stream_may_end_though_somebody_holds_its_other_end() {
    for pipe in [false, true] {
        let (reader, writer) = if pipe {
            let (reader, writer) = fd::pipe().unwrap();
            fd::set_nonblocking(reader.as_fd(), true).unwrap();
            (stream(Kind::PipeReader, reader), writer)
        } else {
            let (ours, theirs) = socket::pair().unwrap();
            (stream(Kind::Socket, ours), theirs)
        };
        fd::write(&writer, b"before").unwrap();
        assert!(reader.end_soon());
        fd::write(&writer, b"after").unwrap();
        let sink = Collected::default();
        reader.set_reading(true);
        reader.drain(&sink, ShortRead::Enough);
        assert_eq!(*sink.bytes.borrow(), b"before");
        assert_eq!((sink.ends.get(), reader.is_reading()), (1, false));
    }
}

#[test]
fn a_stream_with_nothing_left_has_nothing_more_to_come() {
    let (ours, _theirs) = socket::pair().unwrap();
    let reader = stream(Kind::Socket, ours);
    reader.set_capture(Some(Capture::new(crate::capture::Form::Utf8, None)));
    assert!(!reader.end_soon());
    assert!(reader.set_capture(None).is_empty());
}

#[test]
fn a_stream_that_is_read_ahead_tells_the_same() {
    for pauses in [false, true] {
        let (ours, theirs) = socket::pair().unwrap();
        let reader = stream(Kind::Socket, ours);
        let payload: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 251) as u8).collect();
        let expected = payload.clone();
        let writing = std::thread::spawn(move || {
            let mut sent = 0;
            while sent < payload.len() {
                match socket::send(&theirs, &payload[sent..]) {
                    Ok(count) => sent += count,
                    Err(_) => std::thread::yield_now(),
                }
            }
        });
        let sink = Collected::default();
        reader.set_reading(true);
        let mut times_ahead = 0;
        let mut turns = 0;
        while reader.is_reading() {
            reader.drain(&sink, ShortRead::Nothing);
            turns += 1;
            if reader.is_ahead_over() {
                reader.come_home();
            }
            reader.hot.set(turns % 3 != 0);
            if reader.may_go_ahead() {
                reader.go_ahead(&sink);
                times_ahead += 1;
            }
            if pauses && turns % 7 == 0 {
                reader.cool();
            }
        }
        writing.join().unwrap();
        assert!(times_ahead > 0);
        assert!(*sink.bytes.borrow() == expected);
        assert_eq!(sink.ends.get(), 1);
    }
}

#[test]
fn what_was_read_ahead_can_be_taken_at_once() {
    let (ours, theirs) = socket::pair().unwrap();
    let reader = stream(Kind::Socket, ours);
    let sink = Collected::default();
    reader.set_reading(true);
    reader.hot.set(true);
    reader.go_ahead(&sink);
    socket::send(&theirs, b"read ahead").unwrap();
    while reader.with_fd(|counter| is_quiet(counter.unwrap())) {
        std::thread::yield_now();
    }
    assert_eq!(reader.take_ahead(), [crate::capture::Chunk::Bytes(b"read ahead".to_vec())]);
    assert!(reader.is_ahead_over());
    reader.come_home();
    socket::send(&theirs, b"not").unwrap();
    reader.drain(&sink, ShortRead::Enough);
    assert_eq!(*sink.bytes.borrow(), b"not");
}

/// Whether nothing is there yet.
fn is_quiet(fd: BorrowedFd<'_>) -> bool {
    let epoll = crate::sys::epoll::Epoll::new().unwrap();
    epoll.add(fd, 0, crate::sys::epoll::Interest { read: true, write: false }).unwrap();
    let mut ready = Vec::new();
    epoll.poll(&mut ready).unwrap();
    ready.is_empty()
}
