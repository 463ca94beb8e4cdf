//! The child's side of a spawn: from clone to exec, with nothing but system calls.
//!
//! # Safety
//! With CLONE_VM the child runs in the parent's memory while the parent's calling thread is
//! suspended (CLONE_VFORK). Between clone and exec it therefore allocates nothing, takes no lock,
//! calls no libc function with state (glibc's setuid family would signal every thread of the
//! parent), and does not panic: no indexing, no arithmetic that can overflow. It runs on a stack
//! of its own, with every signal blocked until all handlers are reset, so that no handler of the
//! parent can run in it. The library is linked with -z now: the first call of a libc function from
//! here must not run the dynamic linker.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::ffi::{c_char, c_int, c_long, c_void};
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use super::clone3::{Birth, clone_into_group};
use super::extras::{self, Extras};
use super::launcher::{self, Launcher};
use super::signal::{FIRST_REAL_TIME, KERNEL_SET_BYTES, MAX_SIGNAL};
use super::stack::{self, STACK_BYTES};
use super::step::Step;
use super::syscall::syscall;

/// What the child reports before it gives up; all zero after a successful exec.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Report {
    pub step: i32,
    pub errno: i32,
}

/// Everything the child needs, laid out by the parent. All pointers outlive the child's use of
/// them: the parent is suspended, or the child has a copy of its memory. A child that shares it writes
/// here, not only the report: a `Child` serves one start.
#[repr(C)]
pub(super) struct Child {
    pub argv: *const *const c_char,
    pub envp: *const *const c_char,
    /// Null-terminated list of paths to try.
    pub candidates: *const *const c_char,
    /// `/bin/sh`, a slot for the script, then argv from 1 on: for ENOEXEC.
    pub shell_argv: *mut *const c_char,
    /// Null: stay where the parent is.
    pub cwd: *const c_char,
    pub new_session: bool,
    /// -1: keep.
    pub uid: i64,
    pub gid: i64,
    /// Source descriptor of every target from 0 on; -1 means /dev/null below 3, else nothing.
    pub descriptors: *mut c_int,
    pub descriptor_count: c_int,
    /// Null: nothing beyond what Node does.
    pub extras: *const Extras<'static>,
    /// Null: the child becomes the program itself.
    pub launcher: *const Launcher,
    /// Whether the child must enter the group of `extras` itself: it was not born there.
    pub enters_group: bool,
    /// Where to report: this memory if it is shared (-1), else a pipe.
    pub report_pipe: c_int,
    pub report: Report,
    /// What the child leaves here just before exec, in bytes: the peak of the memory that it ran in until
    /// then, which it will be billed for as its own.
    pub peak_before: u64,
}

/// Runs in the child; returns only if the spawn failed, and then the child exits.
pub(super) extern "C" fn child_main(argument: *mut c_void) -> c_int {
    let child = argument.cast::<Child>();
    // SAFETY: `argument` is the `Child` that `clone_child` was given, alive by its contract.
    let Err((step, errno)) = unsafe { prepare_and_exec(child) };
    let report = Report { step: step as i32, errno };
    // SAFETY: as above.
    unsafe { (*child).report = report };
    // SAFETY: as above.
    let pipe = unsafe { (*child).report_pipe };
    if pipe >= 0 {
        let (at, length) = (&raw const report as c_long, size_of::<Report>() as c_long);
        let _ = syscall(libc::SYS_write, [pipe.into(), at, length]);
    }
    127
}

pub(super) type Failure = (Step, c_int);

/// A system call that the start needs.
pub(super) fn attempt<const N: usize>(
    step: Step,
    number: c_long,
    arguments: [c_long; N],
) -> Result<(), Failure> {
    match syscall(number, arguments) {
        Ok(_) => Ok(()),
        Err(errno) => Err((step, errno)),
    }
}

/// # Safety
/// `child` points to a complete `Child`; called once, in the child.
unsafe fn prepare_and_exec(child: *mut Child) -> Result<Infallible, Failure> {
    // SAFETY: by contract.
    let child = unsafe { &mut *child };
    reset_signal_handlers();
    // SAFETY: null, or alive like everything that `child` points to.
    let extras = unsafe { child.extras.as_ref() };
    if let Some(extras) = extras {
        extras::apply_first(extras, child.enters_group)?;
    }
    if child.new_session {
        attempt(Step::Session, libc::SYS_setsid, [])?;
    }
    // SAFETY: the array has `descriptor_count` elements.
    let descriptors = unsafe {
        std::slice::from_raw_parts_mut(
            child.descriptors,
            child.descriptor_count.unsigned_abs() as usize,
        )
    };
    if let Err(errno) = place_descriptors(descriptors, child.descriptor_count) {
        return Err((Step::Stdio, errno));
    }
    if !child.cwd.is_null() {
        attempt(Step::Chdir, libc::SYS_chdir, [child.cwd as c_long])?;
    }
    if let Some(extras) = extras {
        extras::apply_last(extras)?;
    }
    if child.uid >= 0 || child.gid >= 0 {
        // Unchecked, as in Node: an unprivileged process may not, and then keeps its groups.
        let _ = syscall(libc::SYS_setgroups, [0, 0]);
    }
    if child.gid >= 0 {
        attempt(Step::Gid, libc::SYS_setgid, [child.gid as c_long])?;
    }
    if child.uid >= 0 {
        attempt(Step::Uid, libc::SYS_setuid, [child.uid as c_long])?;
    }
    super::signal::set_mask(0);
    child.peak_before = super::wait::peak_so_far();
    // SAFETY: null, or alive like everything that `child` points to.
    if let Some(launcher) = unsafe { child.launcher.as_ref() } {
        return Err((Step::Clone, launcher::exec(launcher, child.envp)));
    }
    // SAFETY: the lists are null-terminated and outlive the child's use of them.
    Err((Step::Exec, unsafe { exec(child) }))
}

/// Every handler goes, since it must not run in memory that is the parent's once signals are unblocked. An ignored
/// signal, which exec would keep so, is default again, unless it is a real-time one: those libuv leaves as they are.
fn reset_signal_handlers() {
    // handler SIG_DFL, no flags, no restorer, empty mask: four words on 64-bit kernels.
    let default_action = [0_u64; 4];
    let mut before = [0_u64; 4];
    let (at, old) = (default_action.as_ptr() as c_long, before.as_mut_ptr() as c_long);
    for number in 1..=MAX_SIGNAL {
        // SIGKILL and SIGSTOP answer EINVAL, which is fine.
        let arguments = [number.into(), at, old, KERNEL_SET_BYTES as c_long];
        let _ = syscall(libc::SYS_rt_sigaction, arguments);
        let [handler, ..] = before;
        if number >= FIRST_REAL_TIME && handler == libc::SIG_IGN as u64 {
            let arguments = [number.into(), old, 0, KERNEL_SET_BYTES as c_long];
            let _ = syscall(libc::SYS_rt_sigaction, arguments);
        }
    }
}

/// Two passes. First every source that stands below its own target, and so could be overwritten
/// before its turn, is lifted above all targets; then each is put in its place. A source that is
/// its own target only loses close-on-exec.
fn place_descriptors(sources: &mut [c_int], count: c_int) -> Result<(), c_int> {
    for (target, source) in (0..).zip(sources.iter_mut()) {
        if *source >= 0 && *source < target {
            let above = [(*source).into(), libc::F_DUPFD_CLOEXEC.into(), count.into()];
            *source = syscall(libc::SYS_fcntl, above)? as c_int;
        }
    }
    for (target, source) in (0..).zip(sources.iter()) {
        if *source >= 0 {
            place(*source, target)?;
        } else if target < 3 {
            place_dev_null(target)?;
        }
    }
    Ok(())
}

fn place(source: c_int, target: c_int) -> Result<(), c_int> {
    if source == target {
        syscall(libc::SYS_fcntl, [source.into(), libc::F_SETFD.into(), 0])?;
    } else {
        syscall(libc::SYS_dup3, [source.into(), target.into(), 0])?;
    }
    if target < 3 {
        // Programs expect blocking standard streams; Node leaves its own non-blocking.
        let off: c_int = 0;
        let request = libc::FIONBIO as c_long;
        let _ = syscall(libc::SYS_ioctl, [target.into(), request, &raw const off as c_long]);
    }
    Ok(())
}

fn place_dev_null(target: c_int) -> Result<(), c_int> {
    let access = if target == 0 { libc::O_RDONLY } else { libc::O_RDWR };
    let path = c"/dev/null".as_ptr() as c_long;
    let opened = syscall(libc::SYS_openat, [libc::AT_FDCWD.into(), path, access.into()])?;
    if opened == c_long::from(target) {
        return Ok(());
    }
    let placed = syscall(libc::SYS_dup3, [opened, target.into(), 0]);
    let _ = syscall(libc::SYS_close, [opened]);
    placed.map(|_| ())
}

/// execvp's rules (exec(3)): go on after a candidate that is not there, remember that one could
/// not be executed, hand a file without a known format to /bin/sh.
///
/// # Safety
/// The lists of `child` are null-terminated; `shell_argv` has a second slot.
unsafe fn exec(child: &mut Child) -> c_int {
    let mut last = libc::ENOENT;
    let mut denied = false;
    let mut candidate = child.candidates;
    loop {
        // SAFETY: within the list: the loop ends at its null.
        let path = unsafe { *candidate };
        if path.is_null() {
            return if denied { libc::EACCES } else { last };
        }
        last = execve(path, child.argv, child.envp);
        match last {
            libc::ENOEXEC => {
                // SAFETY: the array has a second slot, which is there for this.
                let slot = unsafe { child.shell_argv.add(1) };
                // SAFETY: as above.
                unsafe { *slot = path };
                return execve(c"/bin/sh".as_ptr(), child.shell_argv, child.envp);
            }
            libc::EACCES => denied = true,
            libc::ENOENT | libc::ESTALE | libc::ENOTDIR | libc::ENODEV | libc::ETIMEDOUT => {}
            other => return other,
        }
        // SAFETY: not past the terminating null.
        candidate = unsafe { candidate.add(1) };
    }
}

/// Returns only if it failed, with the errno.
fn execve(path: *const c_char, argv: *const *const c_char, envp: *const *const c_char) -> c_int {
    let arguments = [path as c_long, argv as c_long, envp as c_long];
    syscall(libc::SYS_execve, arguments).err().unwrap_or(libc::EINVAL)
}

/// What clone answered: the pid, and a pidfd where the kernel knows CLONE_PIDFD (Linux 5.2; it is
/// ignored before, and the number stays -1).
pub(super) struct Cloned {
    pub pid: i32,
    pub pidfd: c_int,
}

/// Clones a child that runs `child_main` on `child`. With `shared_memory` the call returns when
/// the child has exec'ed or exited; else at once, and the child has a copy of everything.
pub(super) fn clone_child(child: &mut Child, shared_memory: bool) -> io::Result<Cloned> {
    let mut pidfd: c_int = -1;
    let sharing = if shared_memory { libc::CLONE_VM | libc::CLONE_VFORK } else { 0 };
    let flags = sharing | libc::CLONE_PIDFD | libc::SIGCHLD;
    let top = stack::top()?;
    let stack = top.wrapping_byte_sub(STACK_BYTES);
    // SAFETY: null, or alive by the contract of `Child`.
    if let Some(group) = unsafe { child.extras.as_ref() }.and_then(|extras| extras.group.as_ref()) {
        let directory = group.directory.as_raw_fd();
        // An attempt with other flags may have gone before.
        child.enters_group = false;
        let birth = Birth {
            flags: sharing | libc::CLONE_PIDFD,
            pidfd: &raw mut pidfd,
            stack,
            stack_bytes: STACK_BYTES,
            group: directory,
        };
        // SAFETY: as for clone below.
        let born = unsafe { clone_into_group(&birth, child_main, ptr::from_mut(child).cast()) };
        match born {
            Ok(pid) => return Ok(Cloned { pid, pidfd }),
            // A want of processes or memory is one for the other way, too.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::ENOMEM)) => {
                return Err(error);
            }
            // No clone3, or no leave: the child tells which, when it tries to enter.
            Err(_) => child.enters_group = true,
        }
        // A birth that fails late leaves a number here that is no descriptor any more.
        pidfd = -1;
    }
    // SAFETY: `top` is the end of a stack that no other child uses (the thread's own, and clone
    // with CLONE_VFORK returns only when the child has left it; without CLONE_VM the child has
    // its own copy). `child` outlives the call. The pidfd goes to a live local.
    let pid =
        unsafe { libc::clone(child_main, top, flags, ptr::from_mut(child).cast(), &raw mut pidfd) };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Cloned { pid, pidfd })
}

/// Whether this process is dumpable (PR_GET_DUMPABLE).
pub(super) fn dumpable() -> c_int {
    // SAFETY: touches no memory.
    unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) }
}

/// A child in our memory that changes its ids makes this process non-dumpable too: the flag is
/// the memory's (prctl(2)). Puts back what `dumpable` said.
pub(super) fn restore_dumpable(value: c_int) {
    if value == 0 || value == 1 {
        // SAFETY: touches no memory.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, value, 0, 0, 0) };
    }
}
