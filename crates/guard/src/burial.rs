//! The end of all wards, when the parent is gone.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sprog_tree::Options;

use crate::wards::Ward;

/// How often an attempt that failed is made again, and after what time.
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);
/// How long a directory may take to be removable: the kernel counts the last process of a group for a
/// moment after it is gone.
const REMOVAL: Duration = Duration::from_secs(2);

/// Ends each tree by SIGKILL and removes its control groups; returns when that is done.
pub fn end_all(wards: &[&Ward]) {
    for ward in wards {
        end(ward);
    }
    for directory in wards.iter().flat_map(|ward| &ward.directories) {
        remove(directory);
    }
}

fn end(ward: &Ward) {
    let options = Options { signal: libc::SIGKILL, grace: Duration::ZERO };
    for _ in 0..ATTEMPTS {
        if sprog_tree::end(&ward.tree, &options).is_ok() {
            return;
        }
        sleep(BETWEEN_ATTEMPTS);
    }
}

fn remove(directory: &Path) {
    let deadline = Instant::now() + REMOVAL;
    while let Err(error) = std::fs::remove_dir(directory) {
        if error.raw_os_error() != Some(libc::EBUSY) || Instant::now() > deadline {
            return;
        }
        sleep(Duration::from_millis(5));
    }
}
