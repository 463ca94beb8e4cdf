//! Children whose JS environment is gone (a worker thread that ended): they run on, as under
//! Node, but somebody has to wait for them, or each would stay a zombie for as long as this
//! process lives. One thread for all of them, started with the first.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use crate::process::Orphan;
use crate::sys::epoll::{Epoll, Interest};
use crate::sys::{fd, signal};

const READ: Interest = Interest { read: true, write: false };
/// Key of the wake-up counter in the reaper's set; children count from 1.
const ARRIVALS: u64 = 0;

struct Reaper {
    arrivals: Mutex<Vec<Orphan>>,
    counter: OwnedFd,
}

/// Waits for the child in the background. Without a thread or descriptors to do so the child
/// stays a zombie, and nothing else happens.
pub fn adopt(orphan: Orphan) {
    static REAPER: Mutex<Option<Arc<Reaper>>> = Mutex::new(None);
    let mut slot = REAPER.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.is_none() {
        *slot = start().ok();
    }
    let Some(reaper) = &*slot else { return };
    reaper.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(orphan);
    let _ = fd::wake_up(&reaper.counter);
}

fn start() -> io::Result<Arc<Reaper>> {
    let reaper = Arc::new(Reaper { arrivals: Mutex::default(), counter: fd::wake_up_counter()? });
    let epoll = Epoll::new()?;
    epoll.add(reaper.counter.as_fd(), ARRIVALS, READ)?;
    let shared = Arc::clone(&reaper);
    std::thread::Builder::new().name("sprog-reap".into()).stack_size(64 * 1024).spawn(
        move || {
            signal::block_for_helper_thread();
            let _ = reap_for_ever(&shared, &epoll);
        },
    )?;
    Ok(reaper)
}

fn reap_for_ever(reaper: &Reaper, epoll: &Epoll) -> io::Result<()> {
    let mut orphans: HashMap<u64, Orphan> = HashMap::new();
    let mut next_key = ARRIVALS + 1;
    let mut ready = Vec::new();
    loop {
        epoll.wait(&mut ready)?;
        for event in &ready {
            if event.key == ARRIVALS {
                fd::read(&reaper.counter, &mut [0; 8])?;
                let mut arrivals = reaper.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
                for orphan in arrivals.drain(..) {
                    if epoll.add(orphan.watch.fd(), next_key, READ).is_ok() {
                        orphans.insert(next_key, orphan);
                        next_key += 1;
                    }
                }
            } else if let Some(orphan) = orphans.get(&event.key)
                && !matches!(orphan.watch.reap(), Ok(None))
            {
                let _ = epoll.delete(orphan.watch.fd());
                orphans.remove(&event.key);
            }
        }
    }
}
