//! The end of all wards, when the parent is gone.

use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sprog_tree::{Options, Tree, cgroup};

use crate::wards::{Ward, Wards};

/// How often an attempt that failed is made again, and after what time.
const ATTEMPTS: u32 = 100;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);
/// How long a directory may take to be removable: the kernel counts the last process of a group for a
/// moment after it is gone.
const REMOVAL: Duration = Duration::from_secs(2);

/// Ends everything that the wards lead to, by SIGKILL, and removes their control groups; returns when that
/// is done.
pub fn end_all(wards: &Wards) {
    // Groups end at once, and all at the same time.
    for ward in wards.iter() {
        if let Some(group) = &ward.tree.cgroup {
            end(&Tree { cgroup: Some(group.clone()), ..Tree::default() });
        }
    }
    // One walk for all that bear the marker, instead of one for each ward.
    if !wards.common().marker.is_empty() {
        end(wards.common());
    }
    // A first process that has no marker any more: one that has wiped its environment, or has not come
    // to its exec.
    for ward in wards.iter().filter(|ward| lives(ward)) {
        end(&Tree { cgroup: None, ..ward.tree.clone() });
    }
    for ward in wards.iter() {
        if let Some(group) = &ward.tree.cgroup {
            remove(group);
        }
    }
}

fn lives(ward: &Ward) -> bool {
    let Some(root) = ward.tree.root else { return false };
    // What cannot be found out is taken for alive.
    sprog_tree::identify(root.pid).map_or(true, |now| now == Some(root))
}

/// What fails for a moment (no descriptors, no memory) is done again.
fn end(tree: &Tree) {
    let options = Options { signal: libc::SIGKILL, grace: Duration::ZERO };
    for _ in 0..ATTEMPTS {
        match sprog_tree::end(tree, &options) {
            Ok(_) => return,
            // The group is gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(_) => sleep(BETWEEN_ATTEMPTS),
        }
    }
}

/// With the groups that programs of ours in it have made for trees of their own.
fn remove(group: &Path) {
    let deadline = Instant::now() + REMOVAL;
    while let Err(error) = cgroup::remove(group) {
        if error.raw_os_error() != Some(libc::EBUSY) || Instant::now() > deadline {
            return;
        }
        sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_removed_with_those_within_it() {
        let group = std::env::temp_dir().join(format!("sprog-burial-{}", std::process::id()));
        std::fs::create_dir_all(group.join("sprog.tree-1/sprog.tree-2")).unwrap();
        std::fs::create_dir(group.join("sprog.tree-3")).unwrap();
        remove(&group);
        assert!(!group.exists());
    }
}
