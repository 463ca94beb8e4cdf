//! Streams whose other end is in the same process.

use super::*;

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
    let (reader, writer) = (Stream::new(Kind::Socket, ours), Stream::new(Kind::Socket, theirs));
    let payload: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let sink = Collected::default();
    reader.set_reading(true);
    let mut sent = 0;
    while sent < payload.len() {
        sent += writer.write(&payload[sent..]).unwrap();
        reader.drain(&sink, false);
    }
    writer.close();
    while reader.is_reading() {
        reader.drain(&sink, false);
    }
    assert_eq!(*sink.bytes.borrow(), payload);
    assert_eq!(sink.ends.get(), 1);
}

#[test]
fn a_stream_that_is_not_reading_is_left_alone() {
    let (ours, theirs) = socket::pair().unwrap();
    let reader = Stream::new(Kind::Socket, ours);
    socket::send(&theirs, b"unread").unwrap();
    let sink = Collected::default();
    reader.drain(&sink, false);
    assert_eq!(sink.chunks.get(), 0);
}

#[test]
fn a_stream_may_end_though_somebody_holds_its_other_end() {
    for pipe in [false, true] {
        let (reader, writer) = if pipe {
            let (reader, writer) = fd::pipe().unwrap();
            fd::set_nonblocking(reader.as_fd(), true).unwrap();
            (Stream::new(Kind::PipeReader, reader), writer)
        } else {
            let (ours, theirs) = socket::pair().unwrap();
            (Stream::new(Kind::Socket, ours), theirs)
        };
        fd::write(&writer, b"before").unwrap();
        assert!(reader.end_soon());
        fd::write(&writer, b"after").unwrap();
        let sink = Collected::default();
        reader.set_reading(true);
        reader.drain(&sink, true);
        assert_eq!(*sink.bytes.borrow(), b"before");
        assert_eq!((sink.ends.get(), reader.is_reading()), (1, false));
    }
}

#[test]
fn a_stream_with_nothing_left_has_nothing_more_to_come() {
    let (ours, _theirs) = socket::pair().unwrap();
    let reader = Stream::new(Kind::Socket, ours);
    reader.set_capture(Some(Capture::new(crate::capture::Form::Utf8, None)));
    assert!(!reader.end_soon());
    assert!(reader.set_capture(None).is_empty());
}
