//! waitid(2) as the kernel has it: how a child ended and what it used, by one system call. The wrappers
//! of libc and rustix leave out the second, and wait4(2) knows no pidfds.

use std::ffi::{c_int, c_long};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::exit::ExitStatus;
use super::syscall::syscall;

/// What a process used, with those of its children that ended and that it waited for (getrusage(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Microseconds of CPU time.
    pub user: u64,
    pub system: u64,
    /// Bytes: the most memory that one of them had at once. What a process had before its exec counts,
    /// and with CLONE_VM that is the memory of its parent.
    pub peak: u64,
    pub minor_faults: u64,
    pub major_faults: u64,
    /// Blocks of 512 bytes.
    pub blocks_read: u64,
    pub blocks_written: u64,
    pub voluntary_switches: u64,
    pub involuntary_switches: u64,
}

/// Whose end to wait for.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    Pidfd(BorrowedFd<'a>),
    Pid(i32),
}

/// The kernel's struct rusage: two times in seconds and microseconds, fourteen numbers.
type RawUsage = [c_long; 18];

/// The kernel's siginfo_t, 128 bytes; what tells of a child begins at the fifth word.
#[repr(C, align(8))]
struct SigInfo([c_int; 32]);

/// Reaps a child that has ended; `None` if it has not.
pub(super) fn reap(whose: Whose<'_>) -> io::Result<Option<(ExitStatus, Usage)>> {
    let (kind, id) = match whose {
        Whose::Pidfd(fd) => (libc::P_PIDFD, fd.as_raw_fd()),
        Whose::Pid(pid) => (libc::P_PID, pid),
    };
    let options = libc::WEXITED | libc::WNOHANG;
    let mut info = SigInfo([0; 32]);
    let mut usage: RawUsage = [0; 18];
    loop {
        let into = [&raw mut info as c_long, &raw mut usage as c_long];
        let arguments = [kind.into(), id.into(), into[0], options.into(), into[1]];
        match syscall(libc::SYS_waitid, arguments) {
            Ok(_) => break,
            Err(libc::EINTR) => {}
            Err(other) => return Err(io::Error::from_raw_os_error(other)),
        }
    }
    let [_, _, code, _, pid, _, status, ..] = info.0;
    if pid == 0 {
        return Ok(None);
    }
    let status = match code {
        libc::CLD_EXITED => ExitStatus::Code(status),
        _ => ExitStatus::Signal(status),
    };
    Ok(Some((status, usage_of(&usage))))
}

/// The most memory that the calling process has had, in bytes. One system call and nothing else, so that
/// a child may ask before its exec: it is told of the memory that it runs in, its parent's.
pub(super) fn peak_so_far() -> u64 {
    let mut usage: RawUsage = [0; 18];
    let _ = syscall(libc::SYS_getrusage, [libc::RUSAGE_SELF.into(), &raw mut usage as c_long]);
    usage_of(&usage).peak
}

fn usage_of(raw: &RawUsage) -> Usage {
    let raw = raw.map(c_long::cast_unsigned);
    let micros = |seconds: u64, rest: u64| seconds.wrapping_mul(1_000_000).wrapping_add(rest);
    let [user_s, user_us, system_s, system_us, peak_kb, _, _, _, minor, major, _, rest @ ..] = raw;
    let [read, written, _, _, _, voluntary, involuntary] = rest;
    Usage {
        user: micros(user_s, user_us),
        system: micros(system_s, system_us),
        peak: peak_kb.wrapping_mul(1024),
        minor_faults: minor,
        major_faults: major,
        blocks_read: read,
        blocks_written: written,
        voluntary_switches: voluntary,
        involuntary_switches: involuntary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_this_process_is_its_own() {
        let peak = peak_so_far();
        let told = crate::sys::proc::own_peak().unwrap();
        assert!(peak >= told.saturating_sub(1 << 22), "{peak} {told}");
    }

    #[test]
    fn who_is_no_child_is_an_error() {
        assert_eq!(reap(Whose::Pid(1)).unwrap_err().raw_os_error(), Some(libc::ECHILD));
    }

    #[test]
    fn numbers_come_from_where_the_kernel_puts_them() {
        let mut raw: RawUsage = [0; 18];
        for (value, place) in (1..).zip(&mut raw) {
            *place = value;
        }
        let usage = usage_of(&raw);
        assert_eq!((usage.user, usage.system, usage.peak), (1_000_002, 3_000_004, 5 * 1024));
        assert_eq!((usage.minor_faults, usage.major_faults), (9, 10));
        assert_eq!((usage.blocks_read, usage.blocks_written), (12, 13));
        assert_eq!((usage.voluntary_switches, usage.involuntary_switches), (17, 18));
    }
}
