//! Seccomp: a child with a filter that hands some calls to its parent, and the parent's side of that.
//!
//! # Safety
//! Between fork and exec the child makes system calls only, on memory that was prepared before.
#![allow(unsafe_code)]

use std::ffi::{CString, OsString, c_char, c_int, c_long};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// The ioctls of seccomp_unotify(2): _IOWR('!', 0, struct seccomp_notif) and its answer.
const RECEIVE: libc::Ioctl = 0xc050_2100_u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101_u32 as libc::Ioctl;
const CONTINUE: u32 = 1;

/// What a look at the program costs while it makes no calls of ours.
const LOOK_MS: c_int = 20;
/// How long what the program started may go on when it has ended itself.
const AFTERLIFE: Duration = Duration::from_secs(5);

/// Where the child leaves its answer: not yet, a descriptor, or a negative errno; and then the parent that
/// it has a duplicate, for exec closes the descriptor.
const NOT_YET: i32 = i32::MIN;
const TAKEN: i32 = i32::MAX;

#[repr(C)]
#[derive(Default)]
struct Notification {
    id: u64,
    pid: u32,
    flags: u32,
    number: i32,
    architecture: u32,
    instruction: u64,
    arguments: [u64; 6],
}

#[repr(C)]
struct Answer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

pub struct Supervised {
    pid: i32,
    listener: OwnedFd,
}

/// Starts `program` with a filter for the system calls of these numbers.
pub fn start(numbers: &[i64], program: &[OsString]) -> io::Result<Supervised> {
    let strings = program
        .iter()
        .map(|argument| CString::new(argument.clone().into_vec()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut argv: Vec<*const c_char> = strings.iter().map(|string| string.as_ptr()).collect();
    argv.push(ptr::null());
    if strings.is_empty() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let filter = filter(numbers);
    let answer = shared_word()?;
    answer.store(NOT_YET, Ordering::SeqCst);
    // SAFETY: this program has one thread, so that the child may do anything.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => return Err(io::Error::last_os_error()),
        0 => become_program(&filter, answer, &argv),
        _ => {}
    }
    let number = loop {
        match answer.load(Ordering::SeqCst) {
            NOT_YET => std::thread::sleep(Duration::from_micros(200)),
            errno @ ..0 => return Err(io::Error::from_raw_os_error(-errno)),
            number => break number,
        }
    };
    let listener = fetch_descriptor(pid, number);
    answer.store(TAKEN, Ordering::SeqCst);
    Ok(Supervised { pid, listener: listener? })
}

/// Loads the number of the call, and hands it over if it is one of these.
fn filter(numbers: &[i64]) -> Vec<libc::sock_filter> {
    let statement = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let is_equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let answer = libc::BPF_RET | libc::BPF_K;
    let mut program = vec![statement(load, 0, 0, 0)];
    for &number in numbers {
        program.push(statement(is_equal, 0, 1, number as u32));
        program.push(statement(answer, 0, 0, libc::SECCOMP_RET_USER_NOTIF));
    }
    program.push(statement(answer, 0, 0, libc::SECCOMP_RET_ALLOW));
    program
}

/// A word that parent and child share. A pipe would need calls that may be among the listed ones.
fn shared_word() -> io::Result<&'static AtomicI32> {
    // SAFETY: a fresh anonymous mapping; nothing existing is touched.
    let memory = unsafe {
        libc::mmap(
            ptr::null_mut(),
            size_of::<AtomicI32>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: mapped for good, zeroed, aligned to a page.
    Ok(unsafe { &*memory.cast::<AtomicI32>() })
}

fn become_program(filter: &[libc::sock_filter], answer: &AtomicI32, argv: &[*const c_char]) -> ! {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: touches no memory.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is live and as long as it says.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    if listener < 0 {
        let errno = io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        answer.store(-errno, Ordering::SeqCst);
    } else {
        answer.store(listener as i32, Ordering::SeqCst);
        while answer.load(Ordering::SeqCst) != TAKEN {
            // SAFETY: touches no memory.
            unsafe { libc::sched_yield() };
        }
        // SAFETY: a null-terminated list of C strings, the first of which is there.
        unsafe { libc::execvp(argv[0], argv.as_ptr()) };
    }
    // SAFETY: ends this process.
    unsafe { libc::_exit(127) }
}

/// A duplicate of a descriptor of our child.
fn fetch_descriptor(pid: i32, number: i32) -> io::Result<OwnedFd> {
    let pidfd = descriptor(
        // SAFETY: touches no memory.
        unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) },
    )?;
    // SAFETY: touches no memory.
    descriptor(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0) })
}

fn descriptor(answer: c_long) -> io::Result<OwnedFd> {
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel's new descriptor, which nobody else knows.
    Ok(unsafe { OwnedFd::from_raw_fd(answer as c_int) })
}

impl Supervised {
    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// Has `judge` decide about each listed call (caller, number, arguments) until the program and
    /// what it started have ended. Answers the program's exit code; 128 and the number for a signal.
    pub fn serve(
        &self,
        mut judge: impl FnMut(u32, i64, [u64; 6]) -> Option<i32>,
    ) -> io::Result<u8> {
        let mut end: Option<(u8, Instant)> = None;
        loop {
            let mut polled =
                libc::pollfd { fd: self.listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one live pollfd.
            unsafe { libc::poll(&raw mut polled, 1, LOOK_MS) };
            if polled.revents & libc::POLLIN != 0 {
                self.answer_one(&mut judge);
            }
            end = end.or_else(|| self.exit_code().map(|code| (code, Instant::now())));
            if let Some((code, at)) = end
                && (polled.revents & libc::POLLHUP != 0 || at.elapsed() > AFTERLIFE)
            {
                return Ok(code);
            }
        }
    }

    fn answer_one(&self, judge: &mut impl FnMut(u32, i64, [u64; 6]) -> Option<i32>) {
        let mut call = Notification::default();
        // SAFETY: a live struct of the size that the number of the ioctl names, zeroed.
        let got = unsafe { libc::ioctl(self.listener.as_raw_fd(), RECEIVE, &raw mut call) };
        if got != 0 {
            // The caller was killed meanwhile.
            return;
        }
        let verdict = judge(call.pid, i64::from(call.number), call.arguments);
        let (error, flags) = verdict.map_or((0, CONTINUE), |errno| (-errno, 0));
        let mut answer = Answer { id: call.id, value: 0, error, flags };
        // SAFETY: as above.
        unsafe { libc::ioctl(self.listener.as_raw_fd(), SEND, &raw mut answer) };
    }

    fn exit_code(&self) -> Option<u8> {
        let mut status = 0;
        // SAFETY: a live out pointer; our own child.
        let ended = unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) };
        if ended != self.pid {
            return None;
        }
        Some(match libc::WIFEXITED(status) {
            true => libc::WEXITSTATUS(status) as u8,
            false => 128 + libc::WTERMSIG(status) as u8,
        })
    }
}
