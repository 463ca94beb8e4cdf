//! The two ends of an output that is not kept whole.

/// How far the kept ends may be exceeded before the middle is dropped: the tail is moved then.
const SLACK_BYTES: usize = 1024 * 1024;

/// How many bytes to keep of the beginning and of the end, and how many between them are gone.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    head: usize,
    tail: usize,
    dropped: usize,
}

impl Ends {
    pub fn new(head: usize, tail: usize) -> Ends {
        Ends { head, tail, dropped: 0 }
    }

    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// After a read: drops the middle if it has grown so much that moving the tail pays.
    pub fn trim(&mut self, bytes: &mut Vec<u8>) {
        self.drop_beyond(bytes, self.tail.max(SLACK_BYTES));
    }

    /// At the end: drops all that is not to be kept.
    pub fn finish(&mut self, bytes: &mut Vec<u8>) {
        self.drop_beyond(bytes, 0);
    }

    fn drop_beyond(&mut self, bytes: &mut Vec<u8>, slack: usize) {
        let kept = self.head.saturating_add(self.tail);
        if bytes.len() > kept.saturating_add(slack) {
            let middle = self.head..bytes.len() - self.tail;
            self.dropped += middle.len();
            bytes.drain(middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_of(head: usize, tail: usize, pieces: &[&[u8]]) -> (Vec<u8>, usize) {
        let mut ends = Ends::new(head, tail);
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend_from_slice(piece);
            ends.trim(&mut bytes);
        }
        ends.finish(&mut bytes);
        (bytes, ends.dropped())
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(ends_of(2, 3, &[b"abc", b"de"]), (b"abcde".to_vec(), 0));
        assert_eq!(ends_of(usize::MAX, usize::MAX, &[b"abc"]), (b"abc".to_vec(), 0));
    }

    #[test]
    fn the_middle_is_dropped_and_counted() {
        assert_eq!(ends_of(2, 3, &[b"abc", b"defgh"]), (b"abfgh".to_vec(), 3));
        assert_eq!(ends_of(0, 2, &[b"abc"]), (b"bc".to_vec(), 1));
        assert_eq!(ends_of(2, 0, &[b"abc"]), (b"ab".to_vec(), 1));
        assert_eq!(ends_of(0, 0, &[b"abc"]), (Vec::new(), 3));
    }

    #[test]
    fn memory_stays_near_what_is_kept() {
        let mut ends = Ends::new(10, 10);
        let mut bytes = Vec::new();
        let mut most = 0;
        for number in 0..100_u8 {
            bytes.extend(std::iter::repeat_n(number, 100_000));
            ends.trim(&mut bytes);
            most = most.max(bytes.len());
        }
        ends.finish(&mut bytes);
        assert!(most <= 20 + SLACK_BYTES, "{most}");
        assert_eq!((bytes.len(), ends.dropped()), (20, 9_999_980));
        assert_eq!((bytes[0], bytes[9], bytes[10], bytes[19]), (0, 0, 99, 99));
    }
}
