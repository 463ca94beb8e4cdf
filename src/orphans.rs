//! Children whose JS environment is gone (a worker thread that ended): they run on, as under
//! Node, but somebody has to wait for them, or each would stay a zombie for as long as this
//! process lives. One thread for all of them, started with the first.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::process::Orphan;
use crate::sys::epoll::{Epoll, Interest};
use crate::sys::{fd, signal, unwind};

const READ: Interest = Interest { read: true, write: false };
/// Key of the wake-up counter in the reaper's set; children count from 1.
const ARRIVALS: u64 = 0;

struct Reaper {
    arrivals: Mutex<Vec<Orphan>>,
    counter: OwnedFd,
}

impl Reaper {
    fn arrivals(&self) -> MutexGuard<'_, Vec<Orphan>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    reaper.arrivals().push(orphan);
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
            let mut orphans = Orphans { by_key: HashMap::new(), next_key: ARRIVALS + 1 };
            unwind::go_on(|| orphans.turn(&shared, &epoll))
        },
    )?;
    Ok(reaper)
}

/// Those that are waited for.
struct Orphans {
    by_key: HashMap<u64, Orphan>,
    next_key: u64,
}

impl Orphans {
    fn turn(&mut self, reaper: &Reaper, epoll: &Epoll) -> io::Result<()> {
        let mut ready = Vec::new();
        epoll.wait(&mut ready)?;
        for event in ready {
            if event.key == ARRIVALS {
                let read = fd::read(&reaper.counter, &mut [0; 8]);
                let arrived = std::mem::take(&mut *reaper.arrivals());
                for orphan in arrived {
                    self.take_in(orphan, epoll);
                }
                read?;
            } else if let Some(orphan) = self.by_key.get(&event.key)
                // One that makes us panic would do so for ever.
                && unwind::contain(true, || orphan.try_exit().is_some())
            {
                orphan.with_fd(|fd| fd.map(|fd| epoll.delete(fd)));
                self.by_key.remove(&event.key);
            }
        }
        Ok(())
    }

    fn take_in(&mut self, orphan: Orphan, epoll: &Epoll) {
        let key = self.next_key;
        if orphan.with_fd(|fd| fd.is_some_and(|fd| epoll.add(fd, key, READ).is_ok())) {
            self.by_key.insert(key, orphan);
            self.next_key += 1;
        }
    }
}
