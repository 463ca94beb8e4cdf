//! What /proc tells of one process: state, CPU times, memory, threads. A file is read by one call into
//! a buffer on the stack, so that asking costs three system calls and no memory.

use std::io::{self, Write};

use rustix::fs::{Mode, OFlags};
use sprog_tree::proc::{fields_of_stat, number};

/// Figures of a process at one moment (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// As ps shows it: `R`, `S`, `D`, `T` (stopped), `t` (traced), `Z`, `X`, `I`.
    pub state: u8,
    /// Microseconds, in steps of a clock tick (10 ms), of all threads, ended ones too.
    pub user: u64,
    pub system: u64,
    /// The same of its children that have ended and were waited for.
    pub waited_user: u64,
    pub waited_system: u64,
    pub threads: u32,
    /// Bytes. The kernel counts per processor and sums up late: some 100 KiB for each may be missing.
    pub rss: u64,
}

/// Memory of a process at one moment, in bytes, exact on new kernels (proc_pid_status(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub rss: u64,
    /// The most that it has had since it began its program (VmHWM).
    pub peak: u64,
}

/// The figures of `pid`, a zombie's too; `None` where there is no such process, or none that may be seen.
pub fn vitals(pid: i32) -> Option<Vitals> {
    let mut buffer = [0; 1024];
    parse_stat(read(pid, "stat", &mut buffer).ok()?)
}

/// `None` where there is no such process, and for one that has no memory any more: a zombie.
pub fn memory(pid: i32) -> Option<Memory> {
    // The lines wanted stand in the first 1 KiB, unless the process is in hundreds of groups.
    let mut buffer = [0; 8192];
    parse_status(read(pid, "status", &mut buffer).ok()?)
}

/// Our own peak, in bytes; `None` where /proc is not mounted.
pub fn own_peak() -> Option<u64> {
    let pid = i32::try_from(std::process::id()).ok()?;
    memory(pid).map(|memory| memory.peak)
}

/// What is in /proc/PID/NAME, as far as it fits.
pub(super) fn read<'a>(pid: i32, name: &str, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut path = [0_u8; 64];
    let mut rest = &mut path[..];
    write!(rest, "/proc/{pid}/{name}")?;
    let unused = rest.len();
    let length = path.len() - unused;
    let file = rustix::fs::open(&path[..length], OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut filled = 0;
    while filled < buffer.len() {
        match super::fd::read(&file, &mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(&buffer[..filled])
}

/// What a line of /proc/PID/stat says.
pub fn parse_stat(text: &[u8]) -> Option<Vitals> {
    let mut fields = fields_of_stat(text)?;
    let state = *fields.next()?.first()?;
    // The state is the third field of the manual page; from here on `nth` counts what is skipped.
    let user = number(fields.nth(10)?)?;
    let system = number(fields.next()?)?;
    let waited_user = number(fields.next()?)?;
    let waited_system = number(fields.next()?)?;
    let threads = number(fields.nth(2)?)?;
    let pages: u64 = number(fields.nth(3)?)?;
    Some(Vitals {
        state,
        user: ticks_to_micros(user),
        system: ticks_to_micros(system),
        waited_user: ticks_to_micros(waited_user),
        waited_system: ticks_to_micros(waited_system),
        threads,
        rss: pages.saturating_mul(rustix::param::page_size() as u64),
    })
}

/// What the text of /proc/PID/status says.
pub fn parse_status(text: &[u8]) -> Option<Memory> {
    Some(Memory { rss: kilobytes(text, b"\nVmRSS:")?, peak: kilobytes(text, b"\nVmHWM:")? })
}

/// The value of a line such as `VmRSS:     1234 kB`, in bytes.
fn kilobytes(text: &[u8], name: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(text, name)? + name.len();
    let digits = text.get(at..)?.trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    Some(number::<u64>(digits.get(..end)?)?.saturating_mul(1024))
}

fn ticks_to_micros(ticks: u64) -> u64 {
    ticks.saturating_mul(1_000_000) / rustix::param::clock_ticks_per_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_hides_nothing() {
        let text = b"42 (a) (b\n c) S 1 42 42 0 -1 4194560 100 0 0 0 250 30 7 8 20 0 3 0 123456 \
            4096000 200 18446744073709551615 1 1 0 0 0\n";
        let vitals = parse_stat(text).unwrap();
        assert_eq!((vitals.state, vitals.threads), (b'S', 3));
        assert_eq!((vitals.user, vitals.system), (2_500_000, 300_000));
        assert_eq!((vitals.waited_user, vitals.waited_system), (70_000, 80_000));
        assert_eq!(vitals.rss, 200 * rustix::param::page_size() as u64);
    }

    #[test]
    fn what_is_no_stat_is_nothing() {
        for text in [&b""[..], b"42", b"42 (x)", b"42 (x) S 1", b"42 (x) S x 1 1 1"] {
            assert_eq!(parse_stat(text), None);
        }
    }

    #[test]
    fn this_process_is_alive_and_has_memory() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let own = vitals(pid).unwrap();
        assert!(own.threads > 0 && own.rss > 0);
        let memory = memory(pid).unwrap();
        assert!(memory.peak >= memory.rss && memory.rss > 0);
        assert!(own_peak().unwrap() >= memory.peak);
    }

    #[test]
    fn a_pid_of_nobody_is_nothing() {
        assert_eq!(vitals(i32::MAX), None);
        assert_eq!(memory(i32::MAX), None);
    }

    #[test]
    fn a_zombie_has_no_memory() {
        assert_eq!(parse_status(b"Name:\tx\nState:\tZ (zombie)\nPid:\t42\n"), None);
        let text = b"Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t    3000 kB\nVmRSS:\t    2000 kB\n";
        assert_eq!(parse_status(text), Some(Memory { rss: 2_048_000, peak: 3_072_000 }));
    }
}
