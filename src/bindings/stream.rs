//! Streams for JS: reading on and off, writing, half-close.

use std::os::fd::IntoRawFd;

use napi_derive::napi;

use super::environment::Environment;
use super::handle::{Handle, Stream};
use super::{negative_errno, status};
use crate::stream::Kind;
use crate::sys::fd;

#[napi]
impl Environment {
    /// Starts reading: `Data` events until `End`, `readStop` or `close`.
    #[napi(catch_unwind)]
    pub fn read_start(&self, token: u32) -> i32 {
        self.set_reading(token, true)
    }

    #[napi(catch_unwind)]
    pub fn read_stop(&self, token: u32) -> i32 {
        self.set_reading(token, false)
    }

    /// Reads in small pieces again: the receiver of a fast stream has paused, and would have to
    /// buffer more than Node's does.
    #[napi(catch_unwind)]
    pub fn cool(&self, token: u32) -> i32 {
        self.with_stream(token, |stream| {
            stream.cool();
            self.inner.bring_home_if_over(token, stream);
            0
        })
    }

    /// Writes as many of the bytes from `offset` on as fit now, and answers how many, or
    /// `-errno`. If not all did, `Writable` tells when to call again with the rest.
    #[napi(catch_unwind)]
    pub fn write(&self, token: u32, bytes: &[u8], offset: u32) -> i32 {
        let Some(handle) = self.inner.reactor.get(token) else { return -libc::EBADF };
        let Handle::Stream(stream) = &*handle else { return -libc::EBADF };
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let count = match stream.write(rest) {
            Ok(count) => count,
            Err(error) => return negative_errno(&error),
        };
        if count < rest.len() {
            stream.set_waiting_to_write(true);
            if let Err(error) = self.inner.reactor.update(token) {
                return negative_errno(&error);
            }
        }
        self.inner.reactor.wrote(count == rest.len());
        // Where all did, what is no longer waited for leaves the set when the wake-up is over: mostly
        // it writes more, and waits again.
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    /// Ends the writing direction: a socket's, or the whole of a pipe's writing end. A pipe's
    /// reading end has none. At once; `ShutDown` tells of it.
    #[napi(catch_unwind)]
    pub fn shutdown(&self, token: u32) -> i32 {
        let Some(handle) = self.inner.reactor.get(token) else { return -libc::EBADF };
        let Handle::Stream(stream) = &*handle else { return -libc::EBADF };
        match stream.kind() {
            Kind::Socket => {
                if let Err(error) = stream.shutdown_socket() {
                    return negative_errno(&error);
                }
            }
            Kind::PipeReader => {}
            Kind::PipeWriter => self.inner.quiesce(token, &handle),
        }
        self.inner.tell_of_half_close(token);
        0
    }

    /// A pipe for two children to share: the descriptor to read from and the one to write to, both
    /// JS's to close by `closeDescriptor`. One number alone is `-errno`.
    #[napi(catch_unwind)]
    pub fn open_pipe(&self) -> Vec<i32> {
        match fd::pipe() {
            Ok((reader, writer)) => vec![reader.into_raw_fd(), writer.into_raw_fd()],
            Err(error) => vec![negative_errno(&error)],
        }
    }

    /// Closes a descriptor that was opened here and is JS's. In a worker thread Node knows which ones `fs`
    /// has opened, and warns when `fs` is to close another.
    #[napi(catch_unwind)]
    pub fn close_descriptor(&self, number: i32) {
        drop(fd::adopt(number));
    }

    fn set_reading(&self, token: u32, on: bool) -> i32 {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Stream(stream)) => stream.set_reading(on),
            Some(Handle::Channel(channel)) => channel.set_reading(on),
            _ => return -libc::EBADF,
        }
        status(self.inner.reactor.update(token))
    }

    pub(super) fn with_stream(&self, token: u32, f: impl FnOnce(&Stream) -> i32) -> i32 {
        let Some(handle) = self.inner.reactor.get(token) else { return -libc::EBADF };
        let Handle::Stream(stream) = &*handle else { return -libc::EBADF };
        let result = f(stream);
        match self.inner.reactor.update(token) {
            Ok(()) => result,
            Err(error) => negative_errno(&error),
        }
    }
}
