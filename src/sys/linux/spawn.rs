//! Starting a program: the request, the two ways to clone, and what went wrong if it did not
//! start. What the child does between clone and exec is in `vfork`.
//!
//! # Safety
//! Unsafe only to adopt the pidfd number that clone returned, and to read the auxiliary vector.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use super::cstrings::CStringArray;
pub use super::extras::{Enrolment, Extras, Group};
use super::launcher::Launch;
use super::settings::settings;
use super::signal::Blocked;
pub use super::step::Step;
use super::vfork::{self, Child, Report};
use super::{busy, exit, lookup};

/// A program to start. Every option is applied in the child, in Node's order: session, stdio,
/// directory, groups, gid, uid, exec.
pub struct Request<'a> {
    /// Path, or bare name to look up in the PATH of `env`.
    pub file: &'a [u8],
    pub argv: &'a CStringArray,
    pub env: &'a CStringArray,
    pub cwd: Option<CString>,
    /// setsid: a new session and process group.
    pub detached: bool,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    /// What becomes descriptor 0, 1, 2, ... of the child; `None`, or no entry, is /dev/null below
    /// 3, and from 3 up nothing.
    pub stdio: &'a [Option<BorrowedFd<'a>>],
    /// What Node cannot ask for; `None` costs nothing.
    pub extras: Option<&'a Extras<'a>>,
}

/// A started child, not yet watched or reaped.
pub struct Spawned {
    pub pid: i32,
    pub pidfd: Option<OwnedFd>,
    /// Bytes: the peak of the memory that the child ran in before its exec, which counts as its own.
    pub peak_before: u64,
    /// Whether the launcher started it.
    pub launched: bool,
}

/// Why nothing was started: the step and its errno. Nothing is left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: Step,
    pub errno: i32,
}

impl Failure {
    fn at_clone(error: &io::Error) -> Failure {
        Failure { step: Step::Clone, errno: error.raw_os_error().unwrap_or(libc::EIO) }
    }
}

/// Starts the program. Returns when it can no longer fail before its exec is done (the kernel lets a vfork's parent
/// go some 50 us before that), or is known to have failed; where the file is busy, after some 7 ms.
pub fn spawn(request: &Request<'_>) -> Result<Spawned, Failure> {
    spawn_again(request, busy::steps())
}

/// The same, but how long it is tried again, where the file is busy, is the caller's choice: after each of `steps`.
pub fn spawn_again(
    request: &Request<'_>,
    steps: impl Iterator<Item = Duration>,
) -> Result<Spawned, Failure> {
    busy::retry(
        steps,
        || spawn_by(request, memory_is_shared()),
        |started| matches!(started, Err(Failure { step: Step::Exec, errno: libc::ETXTBSY })),
    )
}

fn spawn_by(request: &Request<'_>, share_memory: bool) -> Result<Spawned, Failure> {
    let candidates = lookup::candidates(request.file, request.env.variable(c"PATH"))
        .map_err(|errno| Failure { step: Step::Exec, errno })?;
    let mut shell_argv: Vec<*const c_char> = Vec::with_capacity(request.argv.len() + 2);
    shell_argv.extend([c"/bin/sh".as_ptr(), ptr::null()]);
    shell_argv.extend(request.argv.pointers().iter().skip(1));
    if request.argv.is_empty() {
        shell_argv.push(ptr::null());
    }
    let mut descriptors: Vec<i32> =
        request.stdio.iter().map(|fd| fd.map_or(-1, |fd| fd.as_raw_fd())).collect();
    // Nobody is started without standard streams, however short the list.
    descriptors.resize(descriptors.len().max(3), -1);
    let mut child = Child {
        argv: request.argv.pointers().as_ptr(),
        envp: request.env.pointers().as_ptr(),
        candidates: candidates.pointers().as_ptr(),
        shell_argv: shell_argv.as_mut_ptr(),
        cwd: request.cwd.as_ref().map_or(ptr::null(), |cwd| cwd.as_ptr()),
        new_session: request.detached,
        uid: request.uid.map_or(-1, i64::from),
        gid: request.gid.map_or(-1, i64::from),
        descriptor_count: descriptors.len() as i32,
        descriptors: descriptors.as_mut_ptr(),
        extras: request.extras.map_or(ptr::null(), |extras| ptr::from_ref(extras).cast()),
        launcher: ptr::null(),
        enters_group: false,
        report_pipe: -1,
        report: Report::default(),
        peak_before: 0,
    };
    let Some(launch) = launch(request, &candidates, child.descriptor_count)? else {
        return start(&mut child, share_memory);
    };
    let launcher = launch.launcher();
    child.launcher = &raw const launcher;
    launch.conclude(&start(&mut child, share_memory)?)
}

/// By the launcher, where that is asked for.
fn launch(
    request: &Request<'_>,
    candidates: &CStringArray,
    targets: i32,
) -> Result<Option<Launch>, Failure> {
    if request.extras.is_some_and(|extras| extras.launched) {
        return Launch::new(candidates, request.argv, targets).map(Some);
    }
    Ok(None)
}

fn start(child: &mut Child, share_memory: bool) -> Result<Spawned, Failure> {
    if share_memory {
        match start_sharing(child) {
            // A sandbox that refuses these clone flags, or a kernel without them: copy instead.
            // Not so if a child has run: then it is its launcher that was refused.
            Err(Failure {
                step: Step::Clone,
                errno: libc::EINVAL | libc::ENOSYS | libc::EPERM,
            }) if child.report.errno == 0 => {}
            other => return other,
        }
    }
    start_copying(child)
}

/// clone with CLONE_VM and CLONE_VFORK: the cost does not grow with this process's memory.
fn start_sharing(child: &mut Child) -> Result<Spawned, Failure> {
    let changes_ids = child.uid >= 0 || child.gid >= 0;
    // A child that changes its ids takes that flag from the memory that we all share, until its exec. Two at
    // a time would each restore what the other one had made of it.
    static CHANGING_IDS: Mutex<()> = Mutex::new(());
    let _alone = changes_ids.then(|| CHANGING_IDS.lock().unwrap_or_else(PoisonError::into_inner));
    let dumpable = if changes_ids { vfork::dumpable() } else { -1 };
    let cloned = {
        let _blocked = Blocked::all();
        vfork::clone_child(child, true).map_err(|error| Failure::at_clone(&error))?
    };
    if changes_ids {
        vfork::restore_dumpable(dumpable);
    }
    conclude(cloned, child.report, child.peak_before)
}

/// clone without sharing: this process's page tables are copied, and the report comes by a pipe.
fn start_copying(child: &mut Child) -> Result<Spawned, Failure> {
    let (reader, writer) = super::fd::pipe().map_err(|error| Failure::at_clone(&error))?;
    // Above every target, or placing stdio would overwrite it.
    let lifted = rustix::io::fcntl_dupfd_cloexec(&writer, child.descriptor_count.max(3))
        .map_err(|error| Failure::at_clone(&error.into()))?;
    // The only writer left must be the child, or its exec would not end the pipe.
    drop(writer);
    child.report_pipe = lifted.as_raw_fd();
    let cloned = {
        let _blocked = Blocked::all();
        vfork::clone_child(child, false).map_err(|error| Failure::at_clone(&error))?
    };
    drop(lifted);
    let mut bytes = [0_u8; size_of::<Report>()];
    // Less than a whole report is EOF: the exec closed the pipe, or the child was killed.
    let report = match super::fd::read(&reader, &mut bytes) {
        Ok(count) if count == bytes.len() => Report {
            step: i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            errno: i32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        },
        _ => Report::default(),
    };
    // The copy begins with what is resident now, which is no more than our peak.
    conclude(cloned, report, super::proc::own_peak().unwrap_or(u64::MAX))
}

/// A child that reported a failure is exiting: it is reaped here, so that no zombie is left.
fn conclude(cloned: vfork::Cloned, report: Report, peak_before: u64) -> Result<Spawned, Failure> {
    // SAFETY: clone stored a new descriptor there, which nobody else knows.
    let pidfd = (cloned.pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(cloned.pidfd) });
    if report.errno == 0 {
        busy::note_start();
        let pidfd = pidfd.filter(|_| settings().uses_pidfds);
        return Ok(Spawned { pid: cloned.pid, pidfd, peak_before, launched: false });
    }
    exit::reap_ended(cloned.pid);
    Err(Failure { step: Step::from_report(report.step), errno: report.errno })
}

/// Whether clone(CLONE_VM) really shares memory. qemu-user and valgrind succeed without sharing,
/// and then a report through memory would be lost: the first spawn sends a probe child that does
/// nothing but report. `SPROG_SPAWN=fork` in the environment chooses the copying way.
///
/// Only a definite answer is remembered. A probe that could not be started for want of
/// descriptors or processes says nothing: the spawn that asked will meet the same want.
pub fn memory_is_shared() -> bool {
    static SHARED: OnceLock<bool> = OnceLock::new();
    if let Some(shared) = SHARED.get() {
        return *shared;
    }
    let answer = if settings().copies_memory { Some(false) } else { probe_sharing() };
    match answer {
        Some(shared) => *SHARED.get_or_init(|| shared),
        None => true,
    }
}

fn probe_sharing() -> Option<bool> {
    let none = [ptr::null::<c_char>()];
    let mut shell = [ptr::null::<c_char>(); 2];
    let mut probe = Child {
        argv: none.as_ptr(),
        envp: none.as_ptr(),
        candidates: none.as_ptr(),
        shell_argv: shell.as_mut_ptr(),
        cwd: ptr::null(),
        new_session: false,
        uid: -1,
        gid: -1,
        descriptors: ptr::dangling_mut(),
        descriptor_count: 0,
        extras: ptr::null(),
        launcher: ptr::null(),
        enters_group: false,
        report_pipe: -1,
        report: Report::default(),
        peak_before: 0,
    };
    match start_sharing(&mut probe) {
        // No candidate to exec: the report of a probe that shares our memory is this ENOENT.
        Err(Failure { step: Step::Exec, errno: libc::ENOENT }) => Some(true),
        Err(Failure { errno: libc::EINVAL | libc::ENOSYS | libc::EPERM, .. }) => Some(false),
        Err(_) => None,
        // It ended without a word in our memory.
        Ok(unshared) => {
            exit::kill_and_reap(unshared.pid);
            Some(false)
        }
    }
}

/// Whether this process was started with more rights than its user has (set-id, file
/// capabilities): its libc and Node then ignore parts of the environment, NODE_OPTIONS too, and so
/// will a child of the same executable.
pub fn ignores_environment() -> bool {
    // SAFETY: reads a value that the kernel left at start-up.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::exit::{ExitStatus, ExitWatch};
    use std::os::fd::AsFd;

    fn list(entries: &[&str]) -> CStringArray {
        let mut block = Vec::new();
        for entry in entries {
            block.extend_from_slice(entry.as_bytes());
            block.push(0);
        }
        CStringArray::from_terminated(block)
    }

    fn wait(spawned: Spawned) -> ExitStatus {
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd).unwrap();
        loop {
            let mut polled =
                [rustix::event::PollFd::from_borrowed_fd(watch.fd(), rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut polled, None).unwrap();
            if let Some(status) = watch.reap().unwrap() {
                return status;
            }
        }
    }

    fn request<'a>(
        file: &'a str,
        argv: &'a CStringArray,
        env: &'a CStringArray,
        stdio: &'a [Option<BorrowedFd<'a>>],
    ) -> Request<'a> {
        let file = file.as_bytes();
        Request {
            file,
            argv,
            env,
            cwd: None,
            detached: false,
            uid: None,
            gid: None,
            stdio,
            extras: None,
        }
    }

    #[test]
    fn a_program_runs_with_its_output_in_our_pipe() {
        let (reader, writer) = crate::sys::fd::pipe().unwrap();
        let argv = list(&["sh", "-c", "echo $0 $X; exit 3", "name"]);
        let env = list(&["X=value", "PATH=/bin:/usr/bin"]);
        let stdio = [None, Some(writer.as_fd()), None];
        let spawned = spawn(&request("sh", &argv, &env, &stdio)).ok().unwrap();
        assert_eq!(wait(spawned), ExitStatus::Code(3));
        let mut buffer = [0; 64];
        let count = crate::sys::fd::read(&reader, &mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"name value\n");
    }

    #[test]
    fn both_ways_report_the_failing_step_and_leave_no_child() {
        let argv = list(&["x"]);
        let env = list(&["PATH=/nonexistent"]);
        for share_memory in [memory_is_shared(), false] {
            let missing = request("x", &argv, &env, &[]);
            let expected = Failure { step: Step::Exec, errno: libc::ENOENT };
            assert_eq!(spawn_by(&missing, share_memory).err(), Some(expected));
            let bad_cwd = Request {
                cwd: Some(c"/nonexistent".into()),
                ..request("/bin/true", &argv, &env, &[])
            };
            let expected = Failure { step: Step::Chdir, errno: libc::ENOENT };
            assert_eq!(spawn_by(&bad_cwd, share_memory).err(), Some(expected));
        }
    }

    #[test]
    fn swapped_descriptors_do_not_overwrite_each_other() {
        let (one_reader, one) = crate::sys::fd::pipe().unwrap();
        let (two_reader, two) = crate::sys::fd::pipe().unwrap();
        let argv = list(&["sh", "-c", "echo out; echo err >&2"]);
        let env = list(&["PATH=/bin:/usr/bin"]);
        let stdio = [None, Some(two.as_fd()), Some(one.as_fd())];
        for share_memory in [memory_is_shared(), false] {
            let request = request("sh", &argv, &env, &stdio);
            let spawned = spawn_by(&request, share_memory).ok().unwrap();
            assert_eq!(wait(spawned), ExitStatus::Code(0));
            let mut buffer = [0; 8];
            assert_eq!(crate::sys::fd::read(&two_reader, &mut buffer).unwrap(), 4);
            assert_eq!(&buffer[..4], b"out\n");
            assert_eq!(crate::sys::fd::read(&one_reader, &mut buffer).unwrap(), 4);
            assert_eq!(&buffer[..4], b"err\n");
        }
    }

    #[test]
    fn a_killed_child_reports_its_signal() {
        let argv = list(&["sleep", "60"]);
        let env = list(&["PATH=/bin:/usr/bin"]);
        let spawned = spawn(&request("sleep", &argv, &env, &[])).ok().unwrap();
        let watch = ExitWatch::new(spawned.pid, spawned.pidfd).unwrap();
        assert_eq!(watch.reap().unwrap(), None);
        watch.kill(libc::SIGKILL).unwrap();
        let mut polled =
            [rustix::event::PollFd::from_borrowed_fd(watch.fd(), rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut polled, None).unwrap();
        assert_eq!(watch.reap().unwrap(), Some(ExitStatus::Signal(libc::SIGKILL)));
    }
}
