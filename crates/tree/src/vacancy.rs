//! Groups that are removed when they become empty: the kernel says so through their
//! `cgroup.events` (cgroups(7)).

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use rustix::event::{PollFd, PollFlags};

use crate::cgroup;

#[derive(Default)]
pub struct Vacancies {
    groups: Vec<(PathBuf, File)>,
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
    /// Removes the group when it is empty. `true`: it is gone already, or cannot be watched.
    pub fn watch(&mut self, group: PathBuf) -> bool {
        if self.groups.iter().any(|(known, _)| *known == group) {
            return false;
        }
        // Opened before the look: what changes afterwards is told.
        let Ok(file) = File::open(group.join("cgroup.events")) else { return true };
        let is_gone = is_removed(&group);
        if !is_gone {
            self.groups.push((group, file));
        }
        is_gone
    }

    /// Waits until a group has changed, and then removes it if it is empty, or until there is
    /// something to read from `wake`.
    pub fn wait(&mut self, wake: BorrowedFd<'_>) -> io::Result<Change> {
        let mut polled = vec![PollFd::from_borrowed_fd(wake, PollFlags::IN)];
        let files = self.groups.iter().map(|(_, file)| PollFd::new(file, PollFlags::PRI));
        polled.extend(files);
        match rustix::event::poll(&mut polled, None) {
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
            if changed && (is_read(&file).is_err() || is_removed(&group)) {
                gone.push(group);
            } else {
                kept.push((group, file));
            }
        }
        self.groups = kept;
        Ok(Change { gone, woken })
    }
}

fn is_read(file: &File) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_at(&mut [0; 256], 0).map(|_| ())
}

fn is_removed(group: &std::path::Path) -> bool {
    matches!(cgroup::is_populated(group), Ok(false)) && cgroup::remove(group).is_ok()
}
