//! What a channel asks of the layer above it.

use std::io;

/// Where messages go. A call may close the channel.
pub trait Sink {
    /// What a big message is read into.
    type Buffer: AsMut<[u8]>;
    /// Memory for one, to be handed to `large` when it is filled.
    fn allocate(&self, size: usize) -> Option<Self::Buffer>;
    /// One big message, without its length.
    fn large(&self, body: Self::Buffer);
    /// Some of the messages delivered next may have descriptors: `count` are held for
    /// [`Channel::take_descriptor`](super::Channel::take_descriptor) during that delivery.
    fn descriptors(&self, count: usize);
    /// `count` messages as the text of one JSON array. During the call
    /// [`Channel::texts`](super::Channel::texts) has them one by one.
    fn array(&self, text: &[u8], count: usize);
    /// `count` messages, each with its 4-byte length before it.
    fn lengths(&self, bytes: &[u8], count: usize);
    /// The messages of the next call came in the same read as those of the call after it.
    fn more_follows(&self);
    /// The other end is one of ours.
    fn greeted(&self);
    /// End of file, or the error that ended reading (EMSGSIZE: a message too long). The last call.
    fn ended(&self, error: Option<io::Error>);
}
