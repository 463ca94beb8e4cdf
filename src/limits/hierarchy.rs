//! Where control groups can be made: the mounted hierarchies, and this process's place in each
//! (cgroups(7)).
//!
//! Version 2 knows no processes beside groups that are limited, so a process that is in a group that is
//! not a hierarchy's root makes its groups beside its own, under their common parent. Version 1 lets it make
//! them within its own.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};
use sprog_tree::mounts::{Mount, mounts, own_path};

use super::Controller;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    One,
    Two,
}

/// A directory in which groups with a controller can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub version: Version,
    pub parent: PathBuf,
}

/// Where a group with this controller can be made, or why nowhere.
pub fn place(controller: Controller) -> Result<Place, String> {
    let read = |path| match fs::read(path) {
        // Somebody else's mount may be called what is no UTF-8.
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) => Err(format!("{path}: {error}")),
    };
    let mounts = mounts(&read("/proc/self/mountinfo")?);
    let own = read("/proc/self/cgroup")?;
    place_in(controller, &mounts, &own)
}

fn place_in(controller: Controller, mounts: &[Mount], own: &str) -> Result<Place, String> {
    let name = controller.name();
    let mut reasons = Vec::new();
    for mount in mounts {
        let found = match &mount.controllers {
            None => place_two(mount, own, name),
            Some(bound) if bound.iter().any(|it| it == name) => place_one(mount, own, name),
            Some(_) => continue,
        };
        match found {
            Ok(place) => return Ok(place),
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        reasons.push("no control groups are mounted".into());
    }
    Err(reasons.join("; "))
}

fn place_one(mount: &Mount, own: &str, name: &str) -> Result<Place, String> {
    // A container may see its own group as the root of the mount, under another name.
    let parent = own_path(own, |controllers| controllers.split(',').any(|it| it == name))
        .and_then(|path| mount.seen(&path))
        .filter(|path| path.is_dir())
        .unwrap_or_else(|| mount.point.clone());
    writable(&parent)?;
    Ok(Place { version: Version::One, parent })
}

fn place_two(mount: &Mount, own: &str, name: &str) -> Result<Place, String> {
    let dir = own_path(own, str::is_empty)
        .and_then(|path| mount.seen(&path))
        .filter(|path| path.is_dir())
        .ok_or_else(|| format!("the group of this process is not under {}", shown(&mount.point)))?;
    if !lists(&dir.join("cgroup.controllers"), name) {
        return Err(format!("{} has no {name} controller", shown(&dir)));
    }
    let at = |parent: PathBuf| Place { version: Version::Two, parent };
    if lists(&dir.join("cgroup.subtree_control"), name) && writable(&dir).is_ok() {
        return Ok(at(dir));
    }
    // Allowed where no process is in the way, as in the root of the whole hierarchy.
    if writable(&dir).is_ok() && enable(&dir, name).is_ok() {
        return Ok(at(dir));
    }
    let parent = match dir.parent() {
        Some(parent) if dir != mount.point => parent.to_owned(),
        _ => {
            return Err(format!(
                "processes stand directly in {}, so that it cannot be divided",
                shown(&dir)
            ));
        }
    };
    writable(&parent)?;
    // Whoever moves a process needs this file of the group that is above both places.
    writable(&parent.join("cgroup.procs"))?;
    Ok(at(parent))
}

/// Hands a controller down to the groups within `dir`.
pub(super) fn enable(dir: &Path, name: &str) -> std::io::Result<()> {
    fs::write(dir.join("cgroup.subtree_control"), format!("+{name}"))
}

fn lists(file: &Path, name: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.split_ascii_whitespace().any(|it| it == name))
}

fn writable(path: &Path) -> Result<(), String> {
    // By the ids that count for opening, and told of read-only mounts too.
    rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)
        .map_err(|error| format!("{} cannot be written ({error})", shown(path)))
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directories and files that look like a hierarchy.
    fn pretend(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("sprog-{name}-{}", std::process::id()));
        for (file, text) in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn in_version_two_groups_stand_beside_that_of_this_process() {
        let root = pretend(
            "beside",
            &[
                ("cgroup.procs", ""),
                ("cgroup.subtree_control", "memory pids"),
                ("app/cgroup.controllers", "memory pids\n"),
                ("cgroup.controllers", "memory pids\n"),
            ],
        );
        let mount = Mount { controllers: None, root: "/".into(), point: root.clone() };
        // Nothing can be enabled in the group of this process: the file is a directory.
        fs::create_dir_all(root.join("app/cgroup.subtree_control")).unwrap();
        let place = place_in(Controller::Memory, &[mount], "0::/app\n").unwrap();
        assert_eq!(place, Place { version: Version::Two, parent: root.clone() });
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_group_that_is_handed_to_us_whole_is_divided() {
        let files = [("app/cgroup.controllers", "pids"), ("app/cgroup.subtree_control", "pids")];
        let root = pretend("whole", &files);
        let mount = Mount { controllers: None, root: "/".into(), point: root.clone() };
        let place = place_in(Controller::Pids, &[mount], "0::/app\n").unwrap();
        assert_eq!(place.parent, root.join("app"));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn where_nothing_can_be_made_the_reasons_are_told() {
        let files = [("cgroup.controllers", "cpu"), ("v1/tasks", "")];
        let root = pretend("nowhere", &files);
        let two = Mount { controllers: None, root: "/".into(), point: root.clone() };
        let reason = place_in(Controller::Memory, &[two], "0::/\n").unwrap_err();
        assert!(reason.contains("no memory controller"), "{reason}");
        let reason = place_in(Controller::Memory, &[], "0::/\n").unwrap_err();
        assert!(reason.contains("no control groups"), "{reason}");
        let one = Mount {
            controllers: Some(vec!["memory".into()]),
            root: "/".into(),
            point: root.join("missing"),
        };
        let reason = place_in(Controller::Memory, &[one], "1:memory:/\n").unwrap_err();
        assert!(reason.contains("cannot be written"), "{reason}");
        fs::remove_dir_all(root).unwrap();
    }
}
