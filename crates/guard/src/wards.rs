//! The wards: every tree that the guard has been told of, until nothing of it is left that only its ward
//! could lead to. The marker leads to all processes that keep their environment, whatever
//! ward they are of; so a ward whose first process has ended is needed for its control groups only.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sprog_tree::{Identity, Tree};

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
    /// Of its control groups; the one that ends it is the first.
    pub directories: Vec<PathBuf>,
}

#[derive(Debug, Default)]
pub struct Wards {
    wards: HashMap<u64, Ward>,
    /// Of all wards that there ever were: who bears one is to end, too, when all wards are gone.
    markers: BTreeSet<String>,
    /// The session of the parent, in which all trees begin.
    session: Option<i32>,
    /// When to look for groups that are empty, and how long to wait for the next time.
    sweep: Option<Instant>,
    interval: Duration,
}

impl Wards {
    /// `session` is that of the parent; `markers`, separated by colons, are known before anything is said.
    pub fn new(session: Option<i32>, markers: &str) -> Wards {
        let markers = markers.split(':').filter(|marker| !marker.is_empty());
        Wards { session, markers: markers.map(str::to_owned).collect(), ..Wards::default() }
    }

    /// Whether the sender wants an answer.
    pub fn note(&mut self, request: Request) -> bool {
        match request {
            Request::Watch { ward, details } => {
                self.markers.insert(details.marker.clone());
                let exited = details.exited;
                self.wards.insert(ward, Ward::new(details, self.session));
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
                    ward.tree.root.get_or_insert(born);
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
        if ward.directories.is_empty() {
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
        let is_over = |ward: &Ward| ward.exited && !ward.directories.iter().any(|at| populated(at));
        let mut forgotten = Vec::new();
        for (number, ward) in self.wards.extract_if(|_, ward| is_over(ward)) {
            forgotten.push(number);
            // The parent does so, too, but not for what a worker thread that has ended had started.
            for directory in &ward.directories {
                let _ = std::fs::remove_dir(directory);
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

    /// One tree for each marker, without a root: all that bear it.
    pub fn marked(&self) -> impl Iterator<Item = Tree> {
        let session = self.session;
        let tree =
            move |marker: &String| Tree { marker: marker.clone(), session, ..Tree::default() };
        self.markers.iter().map(tree)
    }

    pub fn len(&self) -> usize {
        self.wards.len()
    }

    pub fn is_empty(&self) -> bool {
        self.wards.is_empty()
    }
}

impl Ward {
    fn new(details: Details, session: Option<i32>) -> Ward {
        let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
        let root = details.root.map(|(pid, start_time)| Identity { pid, start_time });
        let cgroup = (!details.cgroup.is_empty()).then(|| path(&details.cgroup));
        let others = details.others.iter().map(|other| path(other));
        Ward {
            directories: cgroup.iter().cloned().chain(others).collect(),
            tree: Tree { root, marker: details.marker, session, cgroup },
            exited: details.exited,
        }
    }
}

/// Whether there is anybody in the group: in v2 also in those below it. Nobody is in one that is gone.
fn populated(group: &Path) -> bool {
    let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match std::fs::read_to_string(group.join("cgroup.events")) {
        Ok(events) => return !events.lines().any(|line| line == "populated 0"),
        Err(error) if !is_gone(&error) => return true,
        Err(_) => {}
    }
    match std::fs::read(group.join("cgroup.procs")) {
        Ok(members) => !members.is_empty(),
        Err(error) => !is_gone(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(marker: &str, cgroup: &str) -> Details {
        Details { marker: marker.into(), cgroup: cgroup.into(), ..Details::default() }
    }

    fn watch(ward: u64, marker: &str, cgroup: &str) -> Request {
        Request::Watch { ward, details: details(marker, cgroup) }
    }

    fn roots(wards: &Wards) -> Vec<Option<Identity>> {
        wards.iter().map(|ward| ward.tree.root).collect()
    }

    #[test]
    fn a_ward_is_answered_for_once_and_told_of_as_it_lives() {
        let mut wards = Wards::new(None, "");
        assert!(wards.note(watch(1, "a", "")));
        assert!(!wards.note(Request::Started { ward: 1, pid: 7, start_time: 9 }));
        assert!(!wards.note(Request::Started { ward: 2, pid: 7, start_time: 9 }));
        assert_eq!(roots(&wards), [Some(Identity { pid: 7, start_time: 9 })]);
    }

    #[test]
    fn a_pid_that_began_after_the_message_is_not_taken() {
        let own = sprog_tree::identify(std::process::id().cast_signed()).unwrap().unwrap();
        let tick = 1_000_000_000 / 100;
        for (ticks, root) in [(own.start_time - 1, None), (own.start_time + 1, Some(own))] {
            let mut wards = Wards::new(None, "");
            wards.note(watch(1, "a", ""));
            wards.note(Request::Born { ward: 1, pid: own.pid, now: ticks * tick });
            assert_eq!(roots(&wards), [root]);
        }
    }

    #[test]
    fn of_what_has_ended_the_marker_is_kept() {
        let mut wards = Wards::new(None, "c:b");
        wards.note(watch(1, "a", ""));
        wards.note(Request::Exited { ward: 1 });
        assert!(wards.is_empty());
        assert_eq!(wards.rest(), None);
        let markers: Vec<String> = wards.marked().map(|tree| tree.marker).collect();
        assert_eq!(markers, ["a", "b", "c"]);
    }

    #[test]
    fn a_group_is_kept_until_nobody_is_in_it() {
        let group = std::env::temp_dir().join(format!("sprog-wards-{}", std::process::id()));
        std::fs::create_dir(&group).unwrap();
        let events = |text: &str| std::fs::write(group.join("cgroup.events"), text).unwrap();
        let mut wards = Wards::new(None, "");
        wards.note(watch(1, "a", group.to_str().unwrap()));
        wards.note(watch(2, "a", "/nowhere"));
        wards.note(Request::Exited { ward: 1 });
        assert!(wards.sweep_if_due().is_empty(), "it is not time yet");
        let mut sweep = || {
            wards.sweep = Some(Instant::now());
            wards.sweep_if_due()
        };
        events("populated 1\nfrozen 0\n");
        assert!(sweep().is_empty());
        events("populated 0\nfrozen 0\n");
        assert_eq!(sweep(), [1]);
        std::fs::remove_dir_all(&group).unwrap();
        assert_eq!(wards.len(), 1);
        assert_eq!(wards.rest(), None);
    }
}
