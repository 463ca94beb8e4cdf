//! The wards: every tree that the guard has been told of, until nothing of it is left that only its ward
//! could lead to. The marker leads to all processes that keep their environment, whatever
//! ward they are of; so a ward whose first process has ended is needed for its control groups only.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sprog_tree::{Identity, Tree, cgroup};

use crate::clock;
use crate::protocol::{Details, Request};

/// How long after an exit it is first asked whether anybody is left in its groups.
const FIRST_SWEEP: Duration = Duration::from_secs(1);
/// The longest time between two sweeps.
const RAREST_SWEEP: Duration = Duration::from_secs(60);
/// At most this part of the guard's time goes into sweeps.
const SHARE_OF_TIME: u32 = 50;

/// A tree that ends with the parent.
#[derive(Debug, PartialEq, Eq)]
pub struct Ward {
    pub tree: Tree,
    /// Its first process has ended.
    exited: bool,
}

#[derive(Debug, Default)]
pub struct Wards {
    wards: HashMap<u64, Ward>,
    /// Whatever bears the marker that all wards have in common, those too that are forgotten.
    common: Tree,
    /// When to look for groups that are empty, and how long to wait for the next time.
    sweep: Option<Instant>,
    interval: Duration,
}

impl Wards {
    /// `marker` is what all wards have in common; `session` that of the parent, in which they begin.
    pub fn new(marker: String, session: Option<i32>) -> Wards {
        let common = Tree { marker, session, ..Tree::default() };
        Wards { common, ..Wards::default() }
    }

    /// Whether the sender wants an answer.
    pub fn note(&mut self, request: Request) -> bool {
        match request {
            Request::Watch { ward, details } => {
                let exited = details.exited;
                self.wards.insert(ward, Ward::new(details, &self.common));
                if exited {
                    self.exited(ward);
                }
                return true;
            }
            Request::Born { ward, pid, now } => {
                if let Some(ward) = self.wards.get_mut(&ward)
                    && let Ok(Some(born)) = sprog_tree::identify(pid)
                    // The message may have waited: who has this pid by now may have begun after it.
                    && born.start_time <= clock::ticks(now)
                {
                    // The last word counts: a start that failed may have been made again.
                    ward.tree.root = Some(born);
                }
            }
            Request::Started { ward, pid, start_time } => {
                if let Some(ward) = self.wards.get_mut(&ward) {
                    ward.tree.root = Some(Identity { pid, start_time });
                }
            }
            Request::Exited { ward } => self.exited(ward),
            Request::Forget { ward } => {
                self.wards.remove(&ward);
            }
        }
        false
    }

    fn exited(&mut self, number: u64) {
        let Some(ward) = self.wards.get_mut(&number) else { return };
        ward.exited = true;
        if ward.tree.cgroup.is_none() {
            self.wards.remove(&number);
            return;
        }
        self.interval = FIRST_SWEEP;
        self.sweep.get_or_insert_with(|| Instant::now() + FIRST_SWEEP);
    }

    /// How long the guard may sleep; `None`: until it is told something.
    pub fn rest(&self) -> Option<Duration> {
        self.sweep.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Forgets those whose first process has ended and whose groups nobody is in, if it is time to look
    /// for them; which ones.
    pub fn sweep_if_due(&mut self) -> Vec<u64> {
        let start = Instant::now();
        if self.sweep.is_none_or(|due| due > start) {
            return Vec::new();
        }
        let is_over = |ward: &Ward| {
            ward.exited && !ward.tree.cgroup.as_ref().is_some_and(|group| is_populated(group))
        };
        let mut forgotten = Vec::new();
        for (number, ward) in self.wards.extract_if(|_, ward| is_over(ward)) {
            forgotten.push(number);
            // The parent does so, too, but not for what a worker thread that has ended had started.
            if let Some(group) = &ward.tree.cgroup {
                let _ = cgroup::remove(group);
            }
        }
        let wait = self.interval.max(start.elapsed() * SHARE_OF_TIME);
        self.interval = (self.interval * 2).min(RAREST_SWEEP);
        let is_waiting = self.wards.values().any(|ward| ward.exited);
        self.sweep = is_waiting.then(|| Instant::now() + wait);
        forgotten
    }

    pub fn iter(&self) -> impl Iterator<Item = &Ward> {
        self.wards.values()
    }

    /// Whatever bears the marker that all wards, and all that there were, have in common.
    pub fn common(&self) -> &Tree {
        &self.common
    }
}

impl Ward {
    fn new(details: Details, common: &Tree) -> Ward {
        let root = details.root.map(|(pid, start_time)| Identity { pid, start_time });
        let cgroup = Some(details.cgroup).filter(|path| !path.is_empty());
        let cgroup = cgroup.map(|path| PathBuf::from(OsString::from_vec(path)));
        Ward { tree: Tree { root, cgroup, ..common.clone() }, exited: details.exited }
    }
}

/// What cannot be found out is taken for yes.
fn is_populated(group: &Path) -> bool {
    cgroup::is_populated(group).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(ward: u64, cgroup: &str) -> Request {
        Request::Watch { ward, details: Details { cgroup: cgroup.into(), ..Details::default() } }
    }

    fn roots(wards: &Wards) -> Vec<Option<Identity>> {
        wards.iter().map(|ward| ward.tree.root).collect()
    }

    #[test]
    fn a_ward_is_answered_for_once_and_told_of_as_it_lives() {
        let mut wards = Wards::default();
        assert!(wards.note(watch(1, "")));
        assert!(!wards.note(Request::Started { ward: 1, pid: 7, start_time: 9 }));
        assert!(!wards.note(Request::Started { ward: 2, pid: 7, start_time: 9 }));
        assert_eq!(roots(&wards), [Some(Identity { pid: 7, start_time: 9 })]);
    }

    #[test]
    fn a_pid_that_began_after_the_message_is_not_taken() {
        let own = sprog_tree::identify(std::process::id().cast_signed()).unwrap().unwrap();
        let tick = 1_000_000_000 / 100;
        for (ticks, root) in [(own.start_time - 1, None), (own.start_time + 1, Some(own))] {
            let mut wards = Wards::default();
            wards.note(watch(1, ""));
            wards.note(Request::Born { ward: 1, pid: own.pid, now: ticks * tick });
            assert_eq!(roots(&wards), [root]);
        }
    }

    #[test]
    fn of_what_has_ended_the_marker_is_kept() {
        let mut wards = Wards::new("a".into(), Some(1));
        wards.note(watch(1, ""));
        wards.note(Request::Exited { ward: 1 });
        assert!(roots(&wards).is_empty());
        assert_eq!(wards.rest(), None);
        assert_eq!(wards.common().marker, "a");
    }

    #[test]
    fn a_group_is_kept_until_nobody_is_in_it() {
        let group = std::env::temp_dir().join(format!("sprog-wards-{}", std::process::id()));
        let within = group.join("sprog.tree-1");
        std::fs::create_dir_all(&within).unwrap();
        let events = |text: &str| std::fs::write(group.join("cgroup.events"), text).unwrap();
        let mut wards = Wards::default();
        wards.note(watch(1, group.to_str().unwrap()));
        wards.note(watch(2, "/nowhere"));
        wards.note(Request::Exited { ward: 1 });
        assert!(wards.sweep_if_due().is_empty(), "it is not time yet");
        let mut sweep = || {
            wards.sweep = Some(Instant::now());
            wards.sweep_if_due()
        };
        events("populated 1\nfrozen 0\n");
        assert!(sweep().is_empty() && within.exists());
        events("populated 0\nfrozen 0\n");
        assert_eq!(sweep(), [1]);
        assert!(!within.exists());
        std::fs::remove_dir_all(&group).unwrap();
        assert_eq!(roots(&wards).len(), 1);
        assert_eq!(wards.rest(), None);
    }
}
