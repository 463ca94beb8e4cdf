//! What /proc says about processes, read without a fork of `ps` and with one buffer for all.

use std::fs::File;
use std::io::{self, Read};

use crate::Identity;

/// The fields of /proc/PID/stat (proc_pid_stat(5)) that tell where a process belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub identity: Identity,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// R, S, D, T, t, Z, X, I, ...
    pub state: u8,
    pub threads: u32,
}

impl Stat {
    /// Whether nothing of it runs any more. A process whose first thread has ended is a zombie by
    /// its state while the others go on.
    pub fn is_dead(&self) -> bool {
        matches!(self.state, b'X' | b'x') || (self.state == b'Z' && self.threads <= 1)
    }
}

/// The fields of a line of /proc/PID/stat from the third on, the state. The name of the program stands in
/// parentheses and may contain any, blanks and line ends too: what counts is the last closing one.
pub fn fields_of_stat(line: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let close = line.iter().rposition(|&byte| byte == b')')?;
    let rest = line.get(close + 1..)?;
    Some(rest.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()))
}

/// Parses a line of /proc/PID/stat.
pub fn parse_stat(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|&byte| byte == b'(')?;
    let pid = number(line.get(..open)?.trim_ascii())?;
    let mut fields = fields_of_stat(line)?;
    let state = *fields.next()?.first()?;
    let parent = number(fields.next()?)?;
    let group = number(fields.next()?)?;
    let session = number(fields.next()?)?;
    // From here the 20th field (threads) is 13 on, the 22nd (start time) 2 more.
    let threads = number(fields.nth(13)?)?;
    let start_time = number(fields.nth(1)?)?;
    Some(Stat { identity: Identity { pid, start_time }, parent, group, session, state, threads })
}

/// Whether it is a want of descriptors or memory, which says nothing about what was to be read.
pub(crate) fn is_want(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

/// A field as a number.
pub fn number<N: std::str::FromStr>(field: &[u8]) -> Option<N> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// Whether a block of environment entries, each ended by a NUL, has `marker` among the
/// colon-separated values of `variable`.
pub fn is_marked(environ: &[u8], variable: &str, marker: &str) -> bool {
    environ
        .split(|&byte| byte == 0)
        .filter_map(|entry| entry.strip_prefix(variable.as_bytes())?.strip_prefix(b"="))
        .any(|value| value.split(|&byte| byte == b':').any(|part| part == marker.as_bytes()))
}

/// A reader of /proc. It keeps no descriptor between two calls.
pub struct Proc {
    buffer: Vec<u8>,
}

impl Default for Proc {
    fn default() -> Proc {
        Proc::new()
    }
}

impl Proc {
    pub fn new() -> Proc {
        Proc { buffer: Vec::with_capacity(4096) }
    }

    /// Fails where /proc is not mounted or tells nothing.
    pub fn open() -> io::Result<Proc> {
        let mut proc = Proc::new();
        match proc.stat(std::process::id().cast_signed())? {
            Some(_) => Ok(proc),
            None => Err(io::Error::from_raw_os_error(libc::ENOENT)),
        }
    }

    /// The processes that there are, as far as they can be seen.
    pub fn pids(&self) -> io::Result<Vec<i32>> {
        let mut pids = Vec::with_capacity(256);
        for entry in std::fs::read_dir("/proc")? {
            if let Some(pid) = number(entry?.file_name().as_encoded_bytes()) {
                pids.push(pid);
            }
        }
        Ok(pids)
    }

    /// `None`: it is gone, or hidden from us.
    pub fn stat(&mut self, pid: i32) -> io::Result<Option<Stat>> {
        Ok(self.read(pid, "stat")?.and_then(parse_stat))
    }

    /// Whether the process carries the marker. One whose environment may not be read does not.
    pub fn is_marked(&mut self, pid: i32, marker: &str) -> io::Result<bool> {
        let environ = self.read(pid, "environ")?;
        Ok(environ.is_some_and(|environ| is_marked(environ, crate::MARKER_VARIABLE, marker)))
    }

    /// The name of the program, at most 15 bytes; empty where the process is gone.
    pub fn command(&mut self, pid: i32) -> io::Result<String> {
        let name = self.read(pid, "comm")?.unwrap_or_default();
        Ok(String::from_utf8_lossy(name.trim_ascii_end()).into_owned())
    }

    /// The membership in the cgroup v2 hierarchy: the path of the line that starts with `0::`.
    pub fn cgroup(&mut self, pid: i32) -> io::Result<Option<String>> {
        let Some(lines) = self.read(pid, "cgroup")? else { return Ok(None) };
        let path = lines.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"0::"));
        Ok(path.map(|path| String::from_utf8_lossy(path).into_owned()))
    }

    /// Only a want is an error.
    fn read(&mut self, pid: i32, name: &str) -> io::Result<Option<&[u8]>> {
        let read = File::open(format!("/proc/{pid}/{name}")).and_then(|mut file| {
            self.buffer.clear();
            file.read_to_end(&mut self.buffer)
        });
        match read {
            Ok(_) => Ok(Some(&self.buffer)),
            Err(error) if is_want(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = b"42 (a) b (c\n) S 1 2 3 34816 4 5 6 7 8 9 10 11 12 13 20 0 6 0 777 1 2\n";
        let stat = parse_stat(line).unwrap();
        assert_eq!(stat.identity, Identity { pid: 42, start_time: 777 });
        assert_eq!((stat.parent, stat.group, stat.session), (1, 2, 3));
        assert_eq!((stat.state, stat.threads), (b'S', 6));
    }

    #[test]
    fn what_is_cut_short_or_no_number_is_nothing() {
        let line = b"42 (a) S 1 2 3 34816 4 5 6 7 8 9 10 11 12 13 20 0 6 0 777 1 2\n";
        for end in 0..line.len() - 5 {
            let stat = parse_stat(&line[..end]);
            assert!(stat.is_none_or(|stat| stat.identity.start_time <= 777));
        }
        assert_eq!(parse_stat(b""), None);
        assert_eq!(parse_stat(b") S ("), None);
        assert_eq!(parse_stat(b"x (a) S 1 2 3 4"), None);
    }

    #[test]
    fn a_zombie_with_threads_is_alive() {
        let of = |state: &str, threads: u32| {
            let line = format!("1 (a) {state} 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 5 0");
            parse_stat(line.as_bytes()).unwrap().is_dead()
        };
        assert!(of("Z", 1) && of("X", 1));
        assert!(!of("Z", 2) && !of("S", 1) && !of("T", 1));
    }

    #[test]
    fn a_marker_counts_as_a_whole_part_of_the_right_variable() {
        let marked = |environ: &[u8]| is_marked(environ, "SPROG_TREE", "abc");
        assert!(marked(b"A=1\0SPROG_TREE=abc\0B=2\0"));
        assert!(marked(b"SPROG_TREE=outer:abc:inner\0"));
        assert!(!marked(b"SPROG_TREE=abcd\0X_SPROG_TREE=abc\0SPROG_TREES=abc\0"));
        assert!(!marked(b"A=SPROG_TREE=abc\0"));
        assert!(!marked(b""));
    }

    #[test]
    fn this_process_is_found_and_what_is_no_process_is_not() {
        let mut proc = Proc::open().unwrap();
        let own = std::process::id().cast_signed();
        assert!(proc.pids().unwrap().contains(&own));
        let stat = proc.stat(own).unwrap().unwrap();
        assert_eq!(stat.identity.pid, own);
        assert!(!stat.is_dead() && stat.identity.start_time > 0);
        assert!(!proc.command(own).unwrap().is_empty());
        assert_eq!(proc.stat(0).unwrap(), None);
        assert_eq!(proc.command(-1).unwrap(), "");
    }
}
