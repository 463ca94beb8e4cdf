//! The groups of one child.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::hierarchy::{self, Place, Version};
use super::{Controller, Unavailable, leftovers};

/// The group of version 2 that the processes are in. The limits are those of the group above, so that
/// a program in it that uses this library too can make groups of its own, which the limits hold as well.
const LEAF: &str = "main";

/// Groups that hold a child and its descendants to their limits, removed when this value is gone and so is
/// the last process in them.
#[derive(Debug, Default)]
pub struct Groups {
    groups: Vec<Group>,
    /// How many processes there may be once the launcher has ended.
    settled: Option<u64>,
}

#[derive(Debug)]
struct Group {
    version: Version,
    path: PathBuf,
    limits_memory: bool,
}

/// What the kernel counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes: the most that all in the group had together, with the file cache and the kernel's own share.
    pub peak: Option<u64>,
    /// Whether one of them was killed because the limit was met.
    pub oom_killed: Option<bool>,
}

impl Groups {
    /// Makes the groups. `memory` in bytes; `processes` counts threads, as the kernel does. With `launched`
    /// there may be one more until [`Groups::settle`]. On failure nothing is left.
    pub fn open(
        memory: Option<u64>,
        processes: Option<u64>,
        launched: bool,
    ) -> Result<Groups, Unavailable> {
        let mut groups = Groups::default();
        if let Some(bytes) = memory {
            let limit = |group: &Group| limit_memory(group, bytes);
            groups.add(Controller::Memory, limit)?;
        }
        if let Some(count) = processes {
            let first = count.saturating_add(u64::from(launched));
            let limit = |group: &Group| write(&group.path, "pids.max", first);
            groups.add(Controller::Pids, limit)?;
            groups.settled = launched.then_some(count);
        }
        Ok(groups)
    }

    /// A limit on the group that stands for its hierarchy, which is made where there is none yet.
    fn add(
        &mut self,
        controller: Controller,
        limit: impl Fn(&Group) -> io::Result<()>,
    ) -> Result<(), Unavailable> {
        let unavailable = |reason| Unavailable { controller, reason };
        let place = hierarchy::place(controller).map_err(unavailable)?;
        let parent = |group: &Group| group.path.parent() == Some(&place.parent);
        let index = match self.groups.iter().position(parent) {
            Some(index) => index,
            None => {
                let failed = |error| format!("{}: {error}", place.parent.display());
                let made = Group::make(&place).map_err(|error| unavailable(failed(error)))?;
                self.groups.push(made);
                self.groups.len() - 1
            }
        };
        let Some(group) = self.groups.get_mut(index) else { return Ok(()) };
        let failed = |error| format!("{}: {error}", group.path.display());
        limit(group).map_err(|error| unavailable(failed(error)))?;
        group.limits_memory |= controller == Controller::Memory;
        Ok(())
    }

    /// The launcher has ended.
    pub fn settle(&self) -> io::Result<()> {
        let Some(count) = self.settled else { return Ok(()) };
        let group = self.groups.iter().find(|group| group.path.join("pids.max").exists());
        group.map_or(Ok(()), |group| write(&group.path, "pids.max", count))
    }

    /// The `cgroup.procs` files of version 1 by which a process enters.
    pub fn open_procs(&self) -> io::Result<Vec<File>> {
        let ones = self.groups.iter().filter(|group| group.version == Version::One);
        let open =
            |group: &Group| OpenOptions::new().write(true).open(group.path.join("cgroup.procs"));
        ones.map(open).collect()
    }

    /// Where a process belongs in version 2, if there is a group: it can be in no other of that version.
    pub fn entrance(&self) -> Option<PathBuf> {
        let group = self.groups.iter().find(|group| group.version == Version::Two)?;
        let leaf = group.path.join(LEAF);
        Some(if leaf.is_dir() { leaf } else { group.path.clone() })
    }

    pub fn figures(&self) -> Figures {
        self.groups.iter().find(|group| group.limits_memory).map(figures).unwrap_or_default()
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for group in self.groups.drain(..) {
            leftovers::remove(group.path);
        }
    }
}

impl Group {
    fn make(place: &Place) -> io::Result<Group> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        leftovers::sweep(&place.parent);
        let path = loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = place.parent.join(leftovers::name(number));
            match fs::create_dir(&path) {
                Ok(()) => break path,
                // Of a process that had our pid, perhaps in another namespace.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        if place.version == Version::Two && divide(&path).is_err() {
            // Then the processes are in the limited group itself, which does as well for them.
            let _ = fs::remove_dir(path.join(LEAF));
        }
        Ok(Group { version: place.version, path, limits_memory: false })
    }
}

/// Makes the leaf, and hands down to what else may be made beside it what there is.
fn divide(path: &Path) -> io::Result<()> {
    for controller in [Controller::Memory, Controller::Pids] {
        let _ = hierarchy::enable(path, controller.name());
    }
    fs::create_dir(path.join(LEAF))
}

/// Memory, and no swap instead of it.
fn limit_memory(group: &Group, bytes: u64) -> io::Result<()> {
    let path = &group.path;
    match group.version {
        Version::Two => {
            write(path, "memory.max", bytes)?;
            unless_missing(write(path, "memory.swap.max", 0))
        }
        Version::One => {
            write(path, "memory.limit_in_bytes", bytes)?;
            match write(path, "memory.memsw.limit_in_bytes", bytes) {
                // The kernel was started without accounting of swap.
                Err(error) if is_missing(&error) => {
                    unless_missing(write(path, "memory.swappiness", 0))
                }
                other => other,
            }
        }
    }
}

fn figures(group: &Group) -> Figures {
    let (peak, events) = match group.version {
        Version::Two => ("memory.peak", "memory.events"),
        Version::One => ("memory.max_usage_in_bytes", "memory.oom_control"),
    };
    let read = |name: &str| fs::read_to_string(group.path.join(name)).ok();
    Figures {
        peak: read(peak).and_then(|text| text.trim().parse().ok()),
        oom_killed: read(events).and_then(|text| oom_kills(&text)).map(|count| count > 0),
    }
}

fn oom_kills(events: &str) -> Option<u64> {
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

/// Into a file that is there: a hierarchy makes no other.
fn write(dir: &Path, name: &str, value: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(dir.join(name))?;
    io::Write::write_all(&mut file, value.to_string().as_bytes())
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if is_missing(&error) => Ok(()),
        other => other,
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_read_from_either_version() {
        assert_eq!(oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), Some(3));
        assert_eq!(
            oom_kills("low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\noom_group_kill 0\n"),
            Some(0)
        );
        assert_eq!(oom_kills("oom_kill_disable 0\n"), None);
    }

    #[test]
    fn a_group_is_made_counts_and_goes() {
        // Where this process may make none, there is nothing to see.
        let Ok(groups) = Groups::open(Some(64 << 20), Some(50), false) else { return };
        let paths: Vec<PathBuf> = groups.groups.iter().map(|group| group.path.clone()).collect();
        assert!(!paths.is_empty() && paths.iter().all(|path| path.is_dir()));
        let entrances =
            groups.open_procs().unwrap().len() + usize::from(groups.entrance().is_some());
        assert_eq!(entrances, paths.len());
        assert_eq!(groups.figures().oom_killed, Some(false));
        drop(groups);
        assert!(paths.iter().all(|path| !path.exists()));
    }
}
