//! What /proc says of processes: when one began, and which markers are about.

use std::collections::HashSet;

use sprog_tree::MARKER_VARIABLE;

/// What is needed of /proc/PID/stat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Clock ticks after boot.
    pub start_time: u64,
}

/// Clock ticks after boot at a time of CLOCK_BOOTTIME in nanoseconds. /proc counts a hundred a second
/// on every architecture that we run on (USER_HZ).
pub fn ticks(nanoseconds: u64) -> u64 {
    nanoseconds / (1_000_000_000 / 100)
}

/// `None` if there is no such process.
pub fn stat(pid: i32) -> Option<Stat> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name of the program, in parentheses, may hold blanks and parentheses of its own: what counts
/// comes after the last one. proc(5) numbers the fields from 1; the state, the third, comes first here.
fn parse(line: &str) -> Option<Stat> {
    let (_, fields) = line.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let start_time = fields.nth(19)?.parse().ok()?;
    Some(Stat { start_time })
}

/// The markers of all trees that any process, whose environment may be read, is in.
pub fn markers() -> HashSet<String> {
    let mut found = HashSet::new();
    let Ok(listing) = std::fs::read_dir("/proc") else { return found };
    for entry in listing.flatten() {
        if !entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        if let Ok(environment) = std::fs::read(entry.path().join("environ")) {
            found.extend(markers_in(&environment));
        }
    }
    found
}

fn markers_in(environment: &[u8]) -> Vec<String> {
    let variables = environment.split(|&byte| byte == 0);
    let value = |variable: &[u8]| -> Option<String> {
        let value = variable.strip_prefix(MARKER_VARIABLE.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    };
    let values = variables.filter_map(value);
    values.flat_map(|value| value.split(':').map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let mut line = String::from("12 (a) b (c)) S 7");
        for field in 5..=30 {
            line.push_str(&format!(" {field}"));
        }
        assert_eq!(parse(&line), Some(Stat { start_time: 22 }));
        assert_eq!(parse("12 (a) S"), None);
    }

    #[test]
    fn this_process_has_begun_in_the_past() {
        let stat = stat(std::process::id().cast_signed()).unwrap();
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let now = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
        assert!((1..=ticks(now)).contains(&stat.start_time));
    }

    #[test]
    fn markers_are_what_stands_between_colons() {
        assert_eq!(markers_in(b"A=1\0SPROG_TREE=x:y\0B=2"), ["x", "y"]);
        assert!(markers_in(b"XSPROG_TREE=x\0SPROG_TREES=y").is_empty());
    }
}
