//! What becomes of the control groups of trees: each is removed when its last process has ended,
//! whoever that is, by a thread that sleeps until the kernel tells. What is empty at the end of the
//! program is removed then; what is not, by the next program of ours that makes a group there.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use sprog_tree::cgroup;
use sprog_tree::vacancy::Vacancies;

use crate::sys::{exit_hook, fd, signal, unwind};

/// Groups that are there.
static GROUPS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

struct Keeper {
    arrivals: Mutex<Vec<PathBuf>>,
    counter: OwnedFd,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A group that was made, for the end of the program.
pub fn note(group: &Path) {
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| exit_hook::at_exit(remove_at_exit));
    lock(&GROUPS).push(group.to_path_buf());
}

fn remove_at_exit() {
    for group in lock(&GROUPS).drain(..) {
        let _ = cgroup::remove(&group);
    }
}

fn forget(group: &Path) {
    lock(&GROUPS).retain(|known| known != group);
}

/// Removes the group now, or as soon as it is empty. May be called again.
pub fn release(group: &Path) {
    if !lock(&GROUPS).iter().any(|known| known == group) {
        return;
    }
    if cgroup::remove(group).is_ok() {
        forget(group);
        return;
    }
    // Without a thread or descriptors the group stays until the end of the program.
    static KEEPER: Mutex<Option<Arc<Keeper>>> = Mutex::new(None);
    let mut slot = lock(&KEEPER);
    if slot.is_none() {
        *slot = start().ok();
    }
    let Some(keeper) = &*slot else { return };
    lock(&keeper.arrivals).push(group.to_path_buf());
    let _ = fd::wake_up(&keeper.counter);
}

fn start() -> io::Result<Arc<Keeper>> {
    let keeper = Arc::new(Keeper { arrivals: Mutex::default(), counter: fd::wake_up_counter()? });
    let shared = Arc::clone(&keeper);
    std::thread::Builder::new().name("sprog-groups".into()).stack_size(128 * 1024).spawn(
        move || {
            signal::block_for_helper_thread();
            let mut vacancies = Vacancies::default();
            unwind::go_on(|| turn(&shared, &mut vacancies))
        },
    )?;
    Ok(keeper)
}

fn turn(keeper: &Keeper, vacancies: &mut Vacancies) -> io::Result<()> {
    let change = vacancies.wait(keeper.counter.as_fd())?;
    for group in &change.gone {
        forget(group);
    }
    if change.woken {
        // Read first: who arrives between the two is seen now, and once more for nothing.
        let read = fd::read(&keeper.counter, &mut [0; 8]);
        let arrived = std::mem::take(&mut *lock(&keeper.arrivals));
        for group in arrived {
            if vacancies.watch(group.clone()) {
                forget(&group);
            }
        }
        read?;
    }
    Ok(())
}
