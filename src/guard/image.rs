//! The guard program, which the addon carries in itself, made into something that can be exec'ed: a
//! memfd, or, where the system forbids programs in memory, a file that is gone once it runs.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sprog_guard::protocol::NAME;

use crate::sys::memory_file;
use crate::sys::settings::settings;

/// Compressed by build.rs.
static PROGRAM: &[u8] = include_bytes!(env!("SPROG_GUARD_IMAGE"));

/// The program under a path that lasts as long as this value.
pub enum Image {
    Memory(OwnedFd),
    File { directory: PathBuf },
}

impl Image {
    pub fn in_memory() -> io::Result<Image> {
        Ok(Image::Memory(memory_file::executable(NAME, &program()?)?))
    }

    /// In a new directory that only this user can enter.
    pub fn in_file() -> io::Result<Image> {
        let mut outcome = Err(io::Error::from_raw_os_error(libc::ENOENT));
        for parent in places() {
            outcome = write_below(&parent);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    pub fn path(&self) -> Vec<u8> {
        match self {
            Image::Memory(file) => format!("/proc/self/fd/{}", file.as_raw_fd()).into_bytes(),
            Image::File { directory } => program_in(directory).into_os_string().into_vec(),
        }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if let Image::File { directory } = self {
            let _ = fs::remove_dir_all(directory);
        }
    }
}

/// Not kept: a guard is seldom started, and this takes a millisecond or two.
fn program() -> io::Result<Vec<u8>> {
    let program = miniz_oxide::inflate::decompress_to_vec_zlib(PROGRAM);
    program.map_err(|_| io::Error::from_raw_os_error(libc::ENOEXEC))
}

fn program_in(directory: &Path) -> PathBuf {
    directory.join(NAME)
}

/// Where a file may be put, and perhaps run from: the best first.
fn places() -> Vec<PathBuf> {
    let fixed = ["/dev/shm", "/var/tmp", "/run"].map(PathBuf::from);
    settings().temporary.iter().cloned().chain(fixed).collect()
}

fn write_below(parent: &Path) -> io::Result<Image> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = parent.join(format!("sprog-guard-{}-{number}", std::process::id()));
    // A directory that is there already, perhaps somebody else's, is refused.
    DirBuilder::new().mode(0o700).create(&directory)?;
    let image = Image::File { directory };
    let Image::File { directory } = &image else { return Ok(image) };
    let options = OpenOptions::new().write(true).create_new(true).mode(0o700).to_owned();
    options.open(program_in(directory))?.write_all(&program()?)?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addon is for glibc 2.28 and later, and so is what it carries: build/glibc.rs.
    #[test]
    fn the_program_asks_for_no_newer_glibc_than_the_addon() {
        let program = program().unwrap();
        let text = String::from_utf8_lossy(&program);
        let minors = text.split("GLIBC_2.").skip(1).filter_map(|rest| {
            rest.split(|character: char| !character.is_ascii_digit()).next()?.parse::<u32>().ok()
        });
        assert_eq!(minors.filter(|&minor| minor > 28).collect::<Vec<_>>(), []);
    }

    #[test]
    fn both_images_are_programs_and_the_file_goes_with_its_directory() {
        for image in [Image::in_memory().unwrap(), Image::in_file().unwrap()] {
            let path = PathBuf::from(std::ffi::OsString::from_vec(image.path()));
            let link = fs::read_link(&path).ok();
            assert!(fs::read(&path).unwrap().starts_with(b"\x7fELF"));
            drop(image);
            // The number of its descriptor may be another's by now.
            let is_another = link.is_some() && fs::read_link(&path).ok() != link;
            assert!(is_another || !path.exists());
        }
    }
}
