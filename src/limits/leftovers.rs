//! Groups that are done with: a group cannot be removed as long as a process is in it, and a descendant of
//! the child may live on. It is tried again: in a while, when the next group is made, and at exit. What
//! a program leaves behind all the same, the next one removes.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use sprog_tree::cgroup;

use crate::offload;
use crate::sys::{exit_hook, proc};

const PREFIX: &str = "sprog.limits-";

const FIRST_RETRY: Duration = Duration::from_millis(10);
const SLOWEST_RETRY: Duration = Duration::from_secs(2);

/// A group younger than this may be one that a process of another pid namespace has made and not entered.
const MIN_AGE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Leftovers {
    waiting: Vec<PathBuf>,
    /// Whether somebody tries again by himself.
    retrying: bool,
    swept: HashSet<PathBuf>,
}

fn leftovers() -> MutexGuard<'static, Leftovers> {
    static LEFTOVERS: LazyLock<Mutex<Leftovers>> = LazyLock::new(Mutex::default);
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of this process's group of a number.
pub fn name(number: u64) -> String {
    format!("{PREFIX}{}-{number}", std::process::id())
}

/// Removes a group, now or when it is empty.
pub fn remove(path: PathBuf) {
    if is_gone(&path) {
        return;
    }
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| exit_hook::at_exit(try_again));
    let mut leftovers = leftovers();
    leftovers.waiting.push(path);
    if !std::mem::replace(&mut leftovers.retrying, true) {
        drop(leftovers);
        retry_after(FIRST_RETRY);
    }
}

/// Removes what programs that are gone have left in `parent`; and of our own what has become empty.
pub fn sweep(parent: &Path) {
    try_again();
    if !leftovers().swept.insert(parent.to_owned()) {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(owner) else { continue };
        let age =
            entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
        if proc::vitals(owner).is_none() && age.is_some_and(|age| age > MIN_AGE) {
            let _ = cgroup::remove(&entry.path());
        }
    }
}

/// The process that a group is named after.
fn owner(name: &str) -> Option<i32> {
    name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()
}

fn try_again() {
    leftovers().waiting.retain(|path| !is_gone(path));
}

fn retry_after(delay: Duration) {
    let retry = move || {
        let mut leftovers = leftovers();
        leftovers.waiting.retain(|path| !is_gone(path));
        leftovers.retrying = !leftovers.waiting.is_empty();
        if leftovers.retrying {
            drop(leftovers);
            retry_after((delay * 2).min(SLOWEST_RETRY));
        }
    };
    if !offload::after(delay, retry) {
        // No thread can be had: the next group, or the exit, tries again.
        leftovers().retrying = false;
    }
}

/// Removes it with the groups within: the leaf, and what a program in it has left.
fn is_gone(path: &Path) -> bool {
    cgroup::remove(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_owner() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert_eq!(owner(&name(7)), Some(pid));
        assert_eq!(owner("sprog.limits-12"), None);
        assert_eq!(owner("sprog.tree-12-1"), None);
        assert_eq!(owner("user.slice"), None);
    }

    #[test]
    fn what_cannot_be_removed_yet_is_removed_later() {
        let path = std::env::temp_dir().join(format!("sprog-leftover-{}", std::process::id()));
        fs::create_dir_all(path.join("main")).unwrap();
        // A file is what a process is to a real group.
        fs::write(path.join("main/process"), "").unwrap();
        remove(path.clone());
        assert!(path.exists());
        fs::remove_file(path.join("main/process")).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while path.exists() && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!path.exists());
    }
}
