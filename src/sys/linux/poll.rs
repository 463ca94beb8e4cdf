//! Waiting for a handful of descriptors without a standing set: poll(2), for calls that block
//! their thread from beginning to end.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Waits until one of the descriptors has something to read (`false`) or room to be written to
/// (`true`), has failed or was hung up, or the deadline has passed. Answers which ones, in order;
/// none of them at the deadline.
pub fn wait(
    watched: &[(BorrowedFd<'_>, bool)],
    deadline: Option<Instant>,
) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = watched
        .iter()
        .map(|&(fd, write)| {
            let interest = if write { PollFlags::OUT } else { PollFlags::IN };
            PollFd::from_borrowed_fd(fd, interest)
        })
        .collect();
    // Interrupted by a signal, it waits on for what is left of the time.
    super::fd::retry(|| {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A time too long for the kernel is no limit.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        rustix::event::poll(&mut polled, left.as_ref())
    })?;
    Ok(polled.iter().map(|entry| !entry.revents().is_empty()).collect())
}

/// Whether there is something to read now, or nothing ever will be.
pub fn is_readable(fd: BorrowedFd<'_>) -> bool {
    matches!(wait(&[(fd, false)], Some(Instant::now())).as_deref(), Ok([true]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::fd;
    use std::os::fd::AsFd;
    use std::time::Duration;

    #[test]
    fn tells_what_is_ready_and_ends_at_the_deadline() {
        let (reader, writer) = fd::pipe().unwrap();
        let both = [(reader.as_fd(), false), (writer.as_fd(), true)];
        assert_eq!(wait(&both, None).unwrap(), [false, true]);
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(wait(&both[..1], Some(soon)).unwrap(), [false]);
        assert!(Instant::now() >= soon);
        fd::write(&writer, b"x").unwrap();
        assert_eq!(wait(&both[..1], None).unwrap(), [true]);
    }
}
