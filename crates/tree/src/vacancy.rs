//! Groups that are removed when they become empty: the kernel says so through their
//! `cgroup.events` (cgroups(7)).

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::cgroup;
use crate::proc::is_want;

/// How long after a want of descriptors or memory it is tried again to watch a group.
const RETRY: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

#[derive(Default)]
pub struct Vacancies {
    groups: Vec<(PathBuf, File)>,
    /// Those for which there was no descriptor.
    unwatched: Vec<PathBuf>,
}

/// What a wait was ended by.
#[derive(Debug)]
pub struct Change {
    /// Groups that were removed, and are watched no more.
    pub gone: Vec<PathBuf>,
    /// Whether there is something to read from the descriptor that wakes.
    pub woken: bool,
}

impl Vacancies {
    /// Removes the group when it is empty. `true`: it is gone already. One that may not be watched at
    /// all stays.
    pub fn watch(&mut self, group: PathBuf) -> bool {
        if self.groups.iter().any(|(known, _)| *known == group) || self.unwatched.contains(&group) {
            return false;
        }
        // Opened before the look: what changes afterwards is told.
        match File::open(group.join("cgroup.events")) {
            Ok(_) if is_removed(&group) => return true,
            Ok(file) => self.groups.push((group, file)),
            Err(error) if cgroup::is_gone(&error) => return true,
            Err(error) if is_want(&error) => self.unwatched.push(group),
            Err(_) => {}
        }
        false
    }

    /// Waits until a group has changed, and then removes it if it is empty, or until there is
    /// something to read from `wake`.
    pub fn wait(&mut self, wake: BorrowedFd<'_>) -> io::Result<Change> {
        let mut polled = vec![PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        let files = self.groups.iter().map(|(_, file)| PollFd::new(file, PollFlags::PRI));
        polled.extend(files);
        let timeout = (!self.unwatched.is_empty()).then_some(&RETRY);
        match rustix::event::poll(&mut polled, timeout) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut changed = polled.iter().map(|entry| !entry.revents().is_empty());
        let woken = changed.next().unwrap_or_default();
        let changed: Vec<bool> = changed.collect();
        let mut gone = Vec::new();
        let mut kept = Vec::with_capacity(changed.len());
        for ((group, file), changed) in std::mem::take(&mut self.groups).into_iter().zip(changed) {
            // What was told once is told again until the file is read by this very descriptor.
            match if changed { read(&file) } else { Ok(()) } {
                Err(error) if cgroup::is_gone(&error) => gone.push(group),
                Err(_) => self.unwatched.push(group),
                Ok(()) if changed && is_removed(&group) => gone.push(group),
                Ok(()) => kept.push((group, file)),
            }
        }
        self.groups = kept;
        for group in std::mem::take(&mut self.unwatched) {
            if self.watch(group.clone()) {
                gone.push(group);
            }
        }
        Ok(Change { gone, woken })
    }
}

fn read(file: &File) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_at(&mut [0; 256], 0).map(|_| ())
}

fn is_removed(group: &Path) -> bool {
    matches!(cgroup::is_populated(group), Ok(false)) && cgroup::remove(group).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn only_what_is_gone_is_taken_for_gone() {
        let group = std::env::temp_dir().join(format!("sprog-vacancy-{}", std::process::id()));
        std::fs::create_dir(&group).unwrap();
        let mut vacancies = Vacancies::default();
        assert!(vacancies.watch(group.join("nowhere")));
        // A file that is there, and cannot be opened.
        std::os::unix::fs::symlink("cgroup.events", group.join("cgroup.events")).unwrap();
        assert!(!vacancies.watch(group.clone()));
        std::fs::remove_file(group.join("cgroup.events")).unwrap();
        std::fs::write(group.join("cgroup.events"), "populated 1\n").unwrap();
        assert!(!vacancies.watch(group.clone()));
        assert_eq!(vacancies.groups.len(), 1);
        std::fs::remove_dir_all(&group).unwrap();
    }

    #[test]
    fn what_could_not_be_watched_is_tried_again() {
        let (ours, _theirs) = std::io::pipe().unwrap();
        let mut vacancies = Vacancies::default();
        vacancies.unwatched.push("/nowhere".into());
        let change = vacancies.wait(ours.as_fd()).unwrap();
        assert_eq!((change.gone, change.woken), (vec!["/nowhere".into()], false));
        assert!(vacancies.unwatched.is_empty());
        assert!(is_want(&io::Error::from_raw_os_error(libc::EMFILE)));
    }
}
