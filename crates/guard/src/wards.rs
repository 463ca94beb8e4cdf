//! The wards: every tree that the guard has been told of, until nothing of it is left.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sprog_tree::{Identity, Tree};

use crate::proc;
use crate::protocol::{Details, Request};

/// How long after an exit it is first asked whether anything of the tree is left.
const FIRST_SWEEP: Duration = Duration::from_secs(2);
/// The longest time between two sweeps.
const RAREST_SWEEP: Duration = Duration::from_secs(60);
/// A sweep reads the environment of every process: at most this part of the guard's time.
const SHARE_OF_TIME: u32 = 50;

/// A tree that ends with the parent.
#[derive(Debug, PartialEq, Eq)]
pub struct Ward {
    pub tree: Tree,
    /// Its first process has ended: it is forgotten as soon as the rest has.
    pub exited: bool,
    /// Directories to remove when it is gone, the innermost first.
    pub directories: Vec<PathBuf>,
}

#[derive(Debug, Default)]
pub struct Wards {
    wards: HashMap<u64, Ward>,
    /// When to look for trees of which nothing is left, and how long to wait for the next time.
    sweep: Option<Instant>,
    interval: Duration,
}

impl Wards {
    pub fn new() -> Wards {
        Wards::default()
    }

    /// Whether the sender wants an answer.
    pub fn note(&mut self, request: Request) -> bool {
        match request {
            Request::Watch { ward, details } => {
                let ward = self.wards.entry(ward).insert_entry(Ward::new(details));
                if ward.get().exited {
                    self.sweep_soon();
                }
                return true;
            }
            Request::Born { ward, pid, now } => {
                // The message may have waited: what has this pid by now may have begun after it.
                let born = proc::stat(pid).filter(|stat| stat.start_time <= proc::ticks(now));
                if let (Some(ward), Some(stat)) = (self.wards.get_mut(&ward), born) {
                    ward.tree.root.get_or_insert(Identity { pid, start_time: stat.start_time });
                }
            }
            Request::Started { ward, pid, start_time } => {
                if let Some(ward) = self.wards.get_mut(&ward) {
                    ward.tree.root = Some(Identity { pid, start_time });
                }
            }
            Request::Exited { ward } => {
                if let Some(ward) = self.wards.get_mut(&ward) {
                    ward.exited = true;
                    self.sweep_soon();
                }
            }
            Request::Forget { ward } => {
                self.wards.remove(&ward);
            }
        }
        false
    }

    fn sweep_soon(&mut self) {
        self.interval = FIRST_SWEEP;
        self.sweep.get_or_insert_with(|| Instant::now() + FIRST_SWEEP);
    }

    /// How long the guard may sleep; `None`: until it is told something.
    pub fn rest(&self) -> Option<Duration> {
        self.sweep.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Forgets the exited trees of which nothing is left, if it is time to look for them; which ones.
    pub fn sweep_if_due(&mut self) -> Vec<u64> {
        let mut forgotten = Vec::new();
        let start = Instant::now();
        if self.sweep.is_none_or(|due| due > start) {
            return forgotten;
        }
        let mut markers: Option<HashSet<String>> = None;
        self.wards.retain(|&number, ward| {
            let lives = !ward.exited
                || match &ward.tree.cgroup {
                    Some(cgroup) => is_populated(cgroup),
                    None => markers.get_or_insert_with(proc::markers).contains(&ward.tree.marker),
                };
            if !lives {
                forgotten.push(number);
            }
            lives
        });
        let spent = start.elapsed();
        let wait = self.interval.max(spent * SHARE_OF_TIME);
        self.interval = (self.interval * 2).min(RAREST_SWEEP);
        let is_waiting = self.wards.values().any(|ward| ward.exited);
        self.sweep = is_waiting.then(|| Instant::now() + wait);
        forgotten
    }

    pub fn is_empty(&self) -> bool {
        self.wards.is_empty()
    }

    pub fn len(&self) -> usize {
        self.wards.len()
    }

    /// All of them, those in control groups, which end at once, first.
    pub fn all(&self) -> Vec<&Ward> {
        let mut all: Vec<&Ward> = self.wards.values().collect();
        all.sort_by_key(|ward| ward.tree.cgroup.is_none());
        all
    }
}

impl Ward {
    fn new(details: Details) -> Ward {
        let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
        let root = details.root.map(|(pid, start_time)| Identity { pid, start_time });
        let cgroup = (!details.cgroup.is_empty()).then(|| path(&details.cgroup));
        let directories = cgroup.iter().cloned();
        let directories = directories.chain(details.others.iter().map(|other| path(other)));
        Ward {
            directories: directories.collect(),
            tree: Tree { root, marker: details.marker, cgroup },
            exited: details.exited,
        }
    }
}

/// A group that is gone has nobody in it.
fn is_populated(cgroup: &Path) -> bool {
    match std::fs::read_to_string(cgroup.join("cgroup.events")) {
        Ok(events) => !events.lines().any(|line| line == "populated 0"),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(ward: u64, marker: &str) -> Request {
        let details = Details { marker: marker.into(), ..Details::default() };
        Request::Watch { ward, details }
    }

    #[test]
    fn a_ward_is_answered_for_once_and_told_of_as_it_lives() {
        let mut wards = Wards::new();
        assert!(wards.note(watch(1, "a")));
        assert!(!wards.note(Request::Started { ward: 1, pid: 7, start_time: 9 }));
        assert!(!wards.note(Request::Started { ward: 2, pid: 7, start_time: 9 }));
        let all = wards.all();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].tree.root, Some(Identity { pid: 7, start_time: 9 }));
    }

    #[test]
    fn a_pid_that_began_after_the_message_is_not_taken() {
        let pid = std::process::id().cast_signed();
        let start_time = proc::stat(pid).unwrap().start_time;
        let tick = 1_000_000_000 / 100;
        for (now, root) in [
            ((start_time - 1) * tick, None),
            ((start_time + 1) * tick, Some(Identity { pid, start_time })),
        ] {
            let mut wards = Wards::new();
            wards.note(watch(1, "a"));
            wards.note(Request::Born { ward: 1, pid, now });
            assert_eq!(wards.all()[0].tree.root, root);
        }
    }

    #[test]
    fn what_has_ended_is_forgotten_when_its_marker_is_found_nowhere() {
        let mut wards = Wards::new();
        wards.note(watch(1, "no-such-marker"));
        wards.note(watch(2, "another"));
        assert_eq!(wards.rest(), None);
        wards.note(Request::Exited { ward: 1 });
        assert!(wards.rest().is_some());
        assert!(wards.sweep_if_due().is_empty());
        assert_eq!(wards.len(), 2);
        wards.sweep = Some(Instant::now());
        assert_eq!(wards.sweep_if_due(), [1]);
        assert_eq!(wards.len(), 1);
        assert_eq!(wards.rest(), None);
        wards.note(Request::Forget { ward: 2 });
        assert!(wards.is_empty());
    }
}
