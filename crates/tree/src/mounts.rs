//! Where hierarchies of control groups are mounted, and a process's place in them (cgroups(7)). Pure.

use std::path::{Component, Path, PathBuf};

/// A mounted hierarchy.
#[derive(Debug, PartialEq, Eq)]
pub struct Mount {
    /// `None` for version 2, else the controllers that are bound to it.
    pub controllers: Option<Vec<String>>,
    /// The group that is seen at `point`.
    pub root: PathBuf,
    pub point: PathBuf,
}

impl Mount {
    /// Where a group is to be seen through this mount; `None`: nowhere.
    pub fn seen(&self, group: &Path) -> Option<PathBuf> {
        let below = group.strip_prefix(&self.root).ok()?;
        // Who is outside of the namespace's own group is told so by `/..`: it is not within the mount.
        if below.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let is_root = below.as_os_str().is_empty();
        Some(if is_root { self.point.clone() } else { self.point.join(below) })
    }
}

/// The hierarchies in the text of /proc/self/mountinfo, version 2 first.
pub fn mounts(mountinfo: &str) -> Vec<Mount> {
    let mut found: Vec<Mount> = mountinfo.lines().filter_map(mount).collect();
    found.sort_by_key(|mount| mount.controllers.is_some());
    found
}

/// A line: `id parent device ROOT POINT options [more...] - TYPE source SUPER`.
fn mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut fields = left.split(' ').skip(3);
    let root = unescaped(fields.next()?);
    let point = unescaped(fields.next()?);
    let mut fields = right.split(' ');
    let controllers = match fields.next()? {
        "cgroup2" => None,
        "cgroup" => Some(fields.nth(1)?.split(',').map(str::to_owned).collect()),
        _ => return None,
    };
    Some(Mount { controllers, root, point })
}

/// Blanks, tabs, line ends and backslashes are written as three octal digits.
fn unescaped(text: &str) -> PathBuf {
    let mut pieces = text.split('\\');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(piece.get(3..).unwrap_or_default());
            }
            None => {
                plain.push('\\');
                plain.push_str(piece);
            }
        }
    }
    plain.into()
}

/// The group of a process, from the line of its /proc/PID/cgroup whose controllers are `wanted`; those of
/// version 2 are none.
pub fn own_path(own: &str, wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next()?;
        wanted(controllers).then(|| fields.next().map(PathBuf::from))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
        35 31 0:32 / /cg/memory rw,relatime - cgroup cgroup rw,memory\n\
        39 31 0:36 / /cg/a\\040b rw,relatime shared:9 - cgroup cgroup rw,cpu,pids\n\
        41 31 0:38 /docker/x /cg/unified rw,relatime - cgroup2 cgroup2 rw\n\
        42 31 0:39 / /proc rw - proc proc rw\n";

    #[test]
    fn mounts_are_read_with_their_controllers_and_blanks() {
        let found = mounts(HYBRID);
        let points: Vec<_> = found.iter().map(|mount| mount.point.to_str().unwrap()).collect();
        assert_eq!(points, ["/cg/unified", "/cg/memory", "/cg/a b"]);
        assert_eq!(found[0].controllers, None);
        assert_eq!(found[2].controllers.as_deref().unwrap(), ["rw", "cpu", "pids"]);
        assert_eq!(mounts(""), []);
    }

    #[test]
    fn a_mount_may_show_a_part_only() {
        let [two, one, _] = &mounts(HYBRID)[..] else { panic!() };
        let seen = |mount: &Mount, group: &str| mount.seen(Path::new(group));
        assert_eq!(seen(two, "/docker/x/y"), Some("/cg/unified/y".into()));
        assert_eq!(seen(two, "/docker/x"), Some("/cg/unified".into()));
        assert_eq!(seen(two, "/elsewhere"), None);
        assert_eq!(seen(two, "/docker/x/../y"), None);
        assert_eq!(seen(one, "/a/b"), Some("/cg/memory/a/b".into()));
        assert_eq!(seen(one, "/../.."), None);
    }

    #[test]
    fn odd_escapes_stay_as_they_are() {
        assert_eq!(unescaped("a\\134b\\"), Path::new("a\\b\\"));
        assert_eq!(unescaped("\\9"), Path::new("\\9"));
    }

    #[test]
    fn the_own_group_is_that_of_the_hierarchy() {
        let own = "4:memory:/a/b\n3:cpu,pids:/c\n0::/d:e\n";
        assert_eq!(own_path(own, |it| it == "memory"), Some("/a/b".into()));
        assert_eq!(own_path(own, str::is_empty), Some("/d:e".into()));
        assert_eq!(own_path(own, |it| it == "devices"), None);
    }
}
