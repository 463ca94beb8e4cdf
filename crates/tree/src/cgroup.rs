//! Control groups (v2) for trees. Nothing but the hierarchy itself is needed, no controller: a
//! group holds all descendants of what entered it, whatever they do to session, group or parent.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Identity;
use crate::mounts::mounts;
use crate::proc::Proc;

/// What the groups of this package are called: the prefix, then pid, start time and pid namespace of
/// the program that made them, and a number.
const PREFIX: &str = "sprog.tree-";

/// Where groups can be made: the group of this process, if the hierarchy is mounted, this process
/// may write there, and the kernel can freeze or kill groups (5.2, 5.14).
pub fn parent() -> io::Result<PathBuf> {
    // Where it was found to be, for the group that this process is in.
    static LAST: Mutex<Option<(String, PathBuf)>> = Mutex::new(None);
    let own = Proc::open()?.cgroup(std::process::id().cast_signed())?;
    let own = own.ok_or_else(unavailable)?;
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((group, directory)) = &*last
        && *group == own
    {
        return Ok(directory.clone());
    }
    // As bytes: somebody else's mount may be called what is no UTF-8.
    let mounts = fs::read("/proc/self/mountinfo")?;
    let directory = locate(&String::from_utf8_lossy(&mounts), &own).ok_or_else(unavailable)?;
    // Moving a process down from here takes the right to write this file.
    open(&entrance(&directory))?;
    *last = Some((own, directory.clone()));
    Ok(directory)
}

fn unavailable() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOTSUP)
}

const PROCS: &str = "cgroup.procs";

/// The file that a process writes "0" to in order to enter the group.
pub fn entrance(group: &Path) -> PathBuf {
    group.join(PROCS)
}

/// An existing control file, for writing. fs::write would try to create it.
fn open(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).open(path)
}

fn set(group: &Path, name: &str) -> io::Result<()> {
    open(&group.join(name))?.write_all(b"1")
}

/// The directory of a group, from /proc/self/mountinfo and its path in /proc/self/cgroup. `None`:
/// not mounted, or not within what is mounted.
fn locate(mountinfo: &str, group: &str) -> Option<PathBuf> {
    let mut mounts = mounts(mountinfo).into_iter().filter(|mount| mount.controllers.is_none());
    mounts.find_map(|mount| mount.seen(Path::new(group)))
}

/// Makes a group for one tree below `parent`. The first call of a program also removes what dead
/// programs left there.
pub fn create(parent: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut proc = Proc::open()?;
    let own = std::process::id().cast_signed();
    let start = proc.stat(own)?.map_or(0, |stat| stat.identity.start_time);
    let namespace = pid_namespace();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    if count == 0 {
        sweep(parent, namespace, &mut proc);
    }
    let path = parent.join(format!("{PREFIX}{own}-{start}-{namespace}-{count}"));
    fs::create_dir(&path)?;
    let usable = is_usable(&path);
    if !usable.as_ref().is_ok_and(|usable| *usable) {
        let _ = fs::remove_dir(&path);
        return Err(usable.err().unwrap_or_else(unavailable));
    }
    Ok(path)
}

/// A group below a threaded one takes no processes.
fn is_usable(path: &Path) -> io::Result<bool> {
    let can_end = path.join("cgroup.kill").exists() || path.join("cgroup.freeze").exists();
    Ok(can_end && fs::read_to_string(path.join("cgroup.type"))?.trim_end() == "domain")
}

/// Removes the empty groups whose makers are gone. Whether those of another pid namespace are cannot
/// be seen from here.
fn sweep(parent: &Path, namespace: u64, proc: &mut Proc) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(maker) = name.to_str().and_then(|name| maker(name, namespace)) else { continue };
        let found = proc.stat(maker.pid);
        if found.is_ok_and(|stat| stat.is_none_or(|stat| stat.identity != maker)) {
            let _ = remove(&entry.path());
        }
    }
}

fn maker(name: &str, namespace: u64) -> Option<Identity> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    let pid = parts.next()?.parse().ok()?;
    let start_time = parts.next()?.parse().ok()?;
    let its: u64 = parts.next()?.parse().ok()?;
    (its == namespace).then_some(Identity { pid, start_time })
}

/// The number of our pid namespace, from a link such as `pid:[4026531836]`; 0 if it cannot be read.
fn pid_namespace() -> u64 {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digits: String = link.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Removes a group and those within it, all of which must be empty: EBUSY otherwise. One that is
/// gone already is fine.
pub fn remove(group: &Path) -> io::Result<()> {
    for below in subgroups(group) {
        remove(&below)?;
    }
    match fs::remove_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn subgroups(group: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(group) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// Whether any process is in the group or below it.
pub fn is_populated(group: &Path) -> io::Result<bool> {
    match fs::read_to_string(group.join("cgroup.events")) {
        Ok(events) => Ok(events.lines().any(|line| line == "populated 1")),
        // ENODEV: removed while it was open.
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether it was the group that was not there.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV))
}

/// The processes in the group and below it that have not ended. Each is looked at again after
/// its number was read: whoever has that number by then is not in the group.
pub fn members(group: &Path, proc: &mut Proc) -> io::Result<Vec<Identity>> {
    let mut pids = HashSet::new();
    collect(group, &mut pids)?;
    let mut members = Vec::with_capacity(pids.len());
    for pid in pids {
        // The start time first: if the number changes hands afterwards, the group will not match,
        // and if it did before, the one who has it is looked at.
        let Some(stat) = proc.stat(pid)? else { continue };
        if !stat.is_dead() && is_member(group, pid, proc)? {
            members.push(stat.identity);
        }
    }
    Ok(members)
}

/// By the end of the path: what stands before may be hidden by a namespace, and the name of a group
/// of ours is unique.
fn is_member(group: &Path, pid: i32, proc: &mut Proc) -> io::Result<bool> {
    let Some(name) = group.file_name() else { return Ok(false) };
    let path = proc.cgroup(pid)?;
    Ok(path.is_some_and(|path| Path::new(&path).components().any(|part| part.as_os_str() == name)))
}

fn collect(group: &Path, pids: &mut HashSet<i32>) -> io::Result<()> {
    match fs::read_to_string(entrance(group)) {
        // Processes outside of our pid namespace are listed as 0.
        Ok(text) => pids.extend(
            text.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|&pid| pid > 0),
        ),
        Err(error) if is_gone(&error) => return Ok(()),
        // A threaded group lists its processes in the group above.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
        Err(error) => return Err(error),
    }
    for below in subgroups(group) {
        collect(&below, pids)?;
    }
    Ok(())
}

/// Kills all that is in the group, also what is being forked at this moment. `Ok(false)`: the
/// kernel cannot (before 5.14).
pub fn kill(group: &Path) -> io::Result<bool> {
    match set(group, "cgroup.kill") {
        Ok(()) => Ok(true),
        Err(error) if is_gone(&error) => Ok(!group.join("cgroup.freeze").exists()),
        Err(error) => Err(error),
    }
}

/// Stops all that is in the group, so that nothing is forked any more.
pub fn freeze(group: &Path) -> io::Result<()> {
    match set(group, "cgroup.freeze") {
        Err(error) if is_gone(&error) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw
";

    #[test]
    fn the_hierarchy_is_found_where_it_is_mounted() {
        let at = |group| locate(HYBRID, group);
        assert_eq!(at("/"), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(at("/a/b"), Some("/sys/fs/cgroup/unified/a/b".into()));
        assert_eq!(at("/../a"), None);
        assert_eq!(locate("", "/"), None);
    }

    #[test]
    fn the_name_of_a_group_tells_its_maker() {
        let name = format!("{PREFIX}12-345-9-6");
        assert_eq!(maker(&name, 9), Some(Identity { pid: 12, start_time: 345 }));
        assert_eq!(maker(&name, 8), None);
        assert_eq!(maker("sprog.tree-x", 9), None);
        assert_eq!(maker("user.slice", 9), None);
        assert_ne!(pid_namespace(), 0);
    }
}
