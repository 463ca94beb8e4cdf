//! The launcher: a program of some hundred bytes between this process and a child whose memory is to be
//! known exactly.
//!
//! The kernel bills a process for the memory that it ran in before its exec, and a child that shares ours
//! is billed for ours. The launcher's is so small that it does not count. It becomes what was cloned, and
//! starts the program from its own memory with CLONE_PARENT, which makes that our child and not its;
//! tells us by a pipe which process that is, or why it is none; and ends.
//!
//! It is given, as arguments: the number of the pipe's descriptor, the paths to try, an empty argument,
//! and the arguments of the program. Its code is assembler, since it must run where neither libc nor a
//! loader is; the file around it is put together here, and run from memory.
//!
//! # Safety
//! Unsafe only to read the code's bytes between its two symbols.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int, c_long};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;
use std::sync::OnceLock;

use super::cstrings::CStringArray;
use super::spawn::{Failure, Spawned};
use super::step::Step;
use super::syscall::syscall;
use super::{exit, fd, memory_file};

#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(include_str!("launcher/x86_64.s"));
#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(include_str!("launcher/aarch64.s"));

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

unsafe extern "C" {
    static sprog_launcher_start: [u8; 0];
    static sprog_launcher_end: [u8; 0];
}

/// Where the file's one segment is loaded.
const BASE: u64 = 0x40_0000;
const HEADER_BYTES: usize = 64;
const SEGMENT_BYTES: usize = 56;
const CODE_AT: u64 = (HEADER_BYTES + 2 * SEGMENT_BYTES) as u64;

/// What the child needs to become the launcher. Its pointers are to what [`Launch`] keeps.
#[repr(C)]
pub(super) struct Launcher {
    program: c_int,
    report: c_int,
    argv: *const *const c_char,
}

/// A start by the launcher, while it goes on.
pub(super) struct Launch {
    program: OwnedFd,
    reader: OwnedFd,
    report: OwnedFd,
    number: CString,
    argv: Vec<*const c_char>,
}

impl Launch {
    /// `targets` is how many descriptors the child has: ours must not be in their way.
    pub(super) fn new(
        candidates: &CStringArray,
        argv: &CStringArray,
        targets: c_int,
    ) -> Result<Launch, Failure> {
        let failed = |error: io::Error| Failure {
            step: Step::Clone,
            errno: error.raw_os_error().unwrap_or(libc::EIO),
        };
        let above = |fd: &OwnedFd| rustix::io::fcntl_dupfd_cloexec(fd, targets.max(3));
        let program = above(program().map_err(failed)?).map_err(|error| failed(error.into()))?;
        let (reader, writer) = fd::pipe().map_err(failed)?;
        let report = above(&writer).map_err(|error| failed(error.into()))?;
        let number = CString::new(report.as_raw_fd().to_string()).unwrap_or_default();
        let mut launch = Launch { program, reader, report, number, argv: Vec::new() };
        launch.argv.push(launch.number.as_ptr());
        // Each list ends with a null.
        launch.argv.extend(candidates.pointers().iter().take_while(|it| !it.is_null()));
        launch.argv.push(c"".as_ptr());
        launch.argv.extend(argv.pointers().iter().take_while(|it| !it.is_null()));
        if argv.is_empty() {
            // As the kernel has it: nobody is started without a name.
            launch.argv.push(c"".as_ptr());
        }
        launch.argv.push(ptr::null());
        Ok(launch)
    }

    pub(super) fn launcher(&self) -> Launcher {
        Launcher {
            program: self.program.as_raw_fd(),
            report: self.report.as_raw_fd(),
            argv: self.argv.as_ptr(),
        }
    }

    /// The program that the launcher, which was `started`, has started in its turn.
    pub(super) fn conclude(self, started: &Spawned) -> Result<Spawned, Failure> {
        drop(self.report);
        let mut bytes = [0_u8; 8];
        let count = fd::read(&self.reader, &mut bytes);
        exit::reap_ended(started.pid);
        let [a, b, c, d, e, f, g, h] = bytes;
        let pid = i32::from_ne_bytes([a, b, c, d]);
        let errno = i32::from_ne_bytes([e, f, g, h]);
        if !count.is_ok_and(|count| count == bytes.len()) {
            // The launcher was killed before it came to tell.
            return Err(Failure { step: Step::Clone, errno: libc::ECHILD });
        }
        if errno != 0 {
            let step = if pid > 0 { Step::Exec } else { Step::Clone };
            if pid > 0 {
                exit::reap_ended(pid);
            }
            return Err(Failure { step, errno });
        }
        // Whoever watches it opens a pidfd.
        Ok(Spawned { pid, pidfd: None, peak_before: 0, launched: true })
    }
}

/// In the child: becomes the launcher. Returns, with the errno, only if that failed.
/// `launcher` is what [`Launch::launcher`] gave, whose Launch is alive; `envp` ends with a null.
pub(super) fn exec(launcher: &Launcher, envp: *const *const c_char) -> c_int {
    let inherited = syscall(libc::SYS_fcntl, [launcher.report.into(), libc::F_SETFD.into(), 0]);
    if let Err(errno) = inherited {
        return errno;
    }
    let empty = c"".as_ptr() as c_long;
    let flags = libc::AT_EMPTY_PATH.into();
    let program = launcher.program.into();
    let arguments = [program, empty, launcher.argv as c_long, envp as c_long, flags];
    syscall(libc::SYS_execveat, arguments).err().unwrap_or(libc::EINVAL)
}

/// Whether the launcher can be had; else why not.
pub fn check() -> io::Result<()> {
    program().map(|_| ())
}

/// The file, in memory, made once.
fn program() -> io::Result<&'static OwnedFd> {
    static PROGRAM: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(program) = PROGRAM.get() {
        return Ok(program);
    }
    // Sealed: nobody who is started by it may change it for the next.
    let made = memory_file::executable("sprog-launcher", &image())?;
    Ok(PROGRAM.get_or_init(|| made))
}

fn code() -> &'static [u8] {
    let start = (&raw const sprog_launcher_start).cast::<u8>();
    let end = (&raw const sprog_launcher_end).cast::<u8>();
    let length = end.addr().saturating_sub(start.addr());
    // SAFETY: both symbols are in one section of this library, in this order, with the code between.
    unsafe { std::slice::from_raw_parts(start, length) }
}

/// An ELF executable: a header, a segment with everything in it, and a stack that is not executable.
fn image() -> Vec<u8> {
    let code = code();
    let size = CODE_AT + code.len() as u64;
    let mut image = Vec::with_capacity(size as usize);
    // 64 bits, little-endian, version 1, System V.
    image.extend([0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let (executable, version) = (2_u16, 1_u32);
    image.extend(executable.to_le_bytes());
    image.extend(MACHINE.to_le_bytes());
    image.extend(version.to_le_bytes());
    let (entry, segments_at, sections_at) = (BASE + CODE_AT, HEADER_BYTES as u64, 0_u64);
    for word in [entry, segments_at, sections_at] {
        image.extend(word.to_le_bytes());
    }
    image.extend(0_u32.to_le_bytes());
    for half in [HEADER_BYTES as u16, SEGMENT_BYTES as u16, 2, 0, 0, 0] {
        image.extend(half.to_le_bytes());
    }
    const LOAD: u32 = 1;
    const GNU_STACK: u32 = 0x6474_e551;
    const READ_EXECUTE: u32 = 5;
    const READ_WRITE: u32 = 6;
    segment(&mut image, LOAD, READ_EXECUTE, [0, BASE, BASE, size, size, 0x1_0000]);
    segment(&mut image, GNU_STACK, READ_WRITE, [0, 0, 0, 0, 0, 16]);
    image.extend(code);
    image
}

/// Offset, address, physical address, size in the file, size in memory, alignment.
fn segment(image: &mut Vec<u8>, kind: u32, flags: u32, words: [u64; 6]) {
    image.extend(kind.to_le_bytes());
    image.extend(flags.to_le_bytes());
    for word in words {
        image.extend(word.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_small_and_as_long_as_it_says() {
        let image = image();
        assert!(image.len() < 1024, "{}", image.len());
        assert_eq!(image.len() as u64, CODE_AT + code().len() as u64);
        assert_eq!(&image[..4], b"\x7fELF");
        assert!(check().is_ok());
    }
}
