//! Programs that are known to start: they have been started before, and have not changed since.
//!
//! Only what is settled counts: native programs (a script's interpreter may go without a trace in the script)
//! that nobody has touched for a while, so that who builds a program and runs it, or removes it as soon as it
//! runs, never meets one that is.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, Stat};

use super::cstrings::CStringArray;

/// Seconds for which a file has to have been left alone.
const SETTLED: u64 = 60;
/// More programs than this are forgotten again.
const MAX_KNOWN: usize = 256;

static KNOWN: Mutex<Option<HashMap<Vec<u8>, Identity>>> = Mutex::new(None);

/// Any change of a file, its mode and owner too, changes this.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    changed: (i64, u64),
}

/// The file that exec will come upon.
pub(super) struct Sighting<'a> {
    path: &'a [u8],
    identity: Identity,
}

/// Which of the paths that are tried in turn is that of a program.
pub(super) fn sight(candidates: &CStringArray) -> Option<Sighting<'_>> {
    candidates.iter().find_map(|path| {
        let stat = rustix::fs::stat(path).ok().filter(is_program)?;
        Some(Sighting { path, identity: Identity::of(&stat) })
    })
}

fn is_program(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o111 != 0
}

impl Sighting<'_> {
    pub(super) fn is_known(&self) -> bool {
        known().as_ref().is_some_and(|known| known.get(self.path) == Some(&self.identity))
    }

    /// It has been started.
    pub(super) fn remember(&self) {
        if !self.identity.is_settled() || !is_native(self.path) {
            return;
        }
        let mut known = known();
        let known = known.get_or_insert_default();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(self.path.to_vec(), self.identity);
    }
}

impl Identity {
    fn of(stat: &Stat) -> Identity {
        Identity {
            device: stat.st_dev,
            inode: stat.st_ino,
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }

    fn is_settled(&self) -> bool {
        let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else { return false };
        u64::try_from(self.changed.0).is_ok_and(|changed| changed + SETTLED < now.as_secs())
    }
}

/// An ELF file (elf(5)).
fn is_native(path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let mut start = [0; 4];
    let file = File::open(std::ffi::OsStr::from_bytes(path));
    file.and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"\x7fELF"
}

fn known() -> MutexGuard<'static, Option<HashMap<Vec<u8>, Identity>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(block: &[u8]) -> CStringArray {
        CStringArray::from_terminated(block.to_vec())
    }

    #[test]
    fn the_first_program_on_the_way_is_seen() {
        let candidates = list(b"/nonexistent/sh\0/etc\0/etc/passwd\0/bin/sh\0/bin/true\0");
        assert_eq!(sight(&candidates).unwrap().path, b"/bin/sh");
        assert!(sight(&list(b"/nonexistent/sh\0/etc/passwd\0")).is_none());
    }

    #[test]
    fn a_program_is_known_until_it_changes() {
        let candidates = list(b"/bin/cat\0");
        let mut seen = sight(&candidates).unwrap();
        seen.remember();
        assert!(seen.is_known());
        seen.identity.changed.1 ^= 1;
        assert!(!seen.is_known());
    }

    #[test]
    fn neither_scripts_nor_new_files_are() {
        use std::os::unix::fs::PermissionsExt;
        let directory = std::env::temp_dir().join(format!("sprog-known-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let copy = directory.join("copy");
        std::fs::copy("/bin/true", &copy).unwrap();
        let script = directory.join("script");
        std::fs::write(&script, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
        for (file, age) in [(&copy, 0), (&script, 2 * SETTLED)] {
            let mut path = file.as_os_str().as_encoded_bytes().to_vec();
            path.push(0);
            let candidates = list(&path);
            let mut seen = sight(&candidates).unwrap();
            seen.identity.changed.0 -= age as i64;
            seen.remember();
            assert!(!seen.is_known());
        }
        std::fs::remove_dir_all(directory).unwrap();
    }
}
