//! The guard's life: it listens until its parent is gone, ends what it was told of, and ends.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::PidfdFlags;

use crate::burial;
use crate::link::{Link, Received};
use crate::protocol::{Reply, WARDS_VARIABLE};
use crate::wards::Wards;

/// Where the parent is gone and its end of the socket is not, somebody else holds that: a child on its
/// way to exec, for a moment, or a copy of the parent made by fork, for as long as it likes.
const LATE_END: Duration = Duration::from_secs(5);
/// How long to sleep between two looks at such a socket.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Returns when the parent is gone, and all of its wards.
pub fn watch(mut link: Link) {
    let parent = rustix::process::getppid();
    // Without one (before Linux 5.3) the end of the socket must do.
    let pidfd = parent.and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok());
    let session = parent.and_then(|pid| sprog_tree::session_of(pid.as_raw_nonzero().get()));
    let marker = std::env::var(WARDS_VARIABLE).unwrap_or_default();
    let mut wards = Wards::new(marker, session);
    if link.answer(Reply::Ready).is_err() {
        return;
    }
    let mut ended = false;
    while !ended {
        let parent_is_gone = wait(&link, pidfd.as_ref(), wards.rest());
        ended = listen(&mut link, &mut wards);
        if parent_is_gone && !ended {
            break;
        }
        for ward in wards.sweep_if_due() {
            // Who does not listen is gone, as `receive` will say.
            let _ = link.answer(Reply::Forgotten { ward });
        }
    }
    burial::end_all(&wards);
    let deadline = Instant::now() + LATE_END;
    while !ended && Instant::now() < deadline {
        std::thread::sleep(BETWEEN_LOOKS);
        ended = listen(&mut link, &mut wards);
        // Again and again: one that has not yet exec'ed bears no marker.
        burial::end_all(&wards);
    }
}

/// Sleeps until there is something to hear, or the time is over; whether the parent has ended.
fn wait(link: &Link, pidfd: Option<&OwnedFd>, time: Option<Duration>) -> bool {
    let mut polled = vec![PollFd::from_borrowed_fd(link.fd(), PollFlags::IN)];
    if let Some(pidfd) = pidfd {
        polled.push(PollFd::from_borrowed_fd(pidfd.as_fd(), PollFlags::IN));
    }
    let timeout = time.and_then(|time| Timespec::try_from(time).ok());
    // An interruption is a wake-up too many.
    let _ = rustix::event::poll(&mut polled, timeout.as_ref());
    polled.get(1).is_some_and(|entry| !entry.revents().is_empty())
}

/// Takes in what has been said; whether there will be no more.
fn listen(link: &mut Link, wards: &mut Wards) -> bool {
    loop {
        match link.receive() {
            Received::Nothing => return false,
            Received::End => return true,
            Received::Packet(None) => {}
            Received::Packet(Some(request)) => {
                let ward = request.ward();
                if wards.note(request) {
                    // As above.
                    let _ = link.answer(Reply::Watching { ward });
                }
            }
        }
    }
}
