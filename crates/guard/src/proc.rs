//! What /proc says of processes: who started one and when, and which markers are about.

use std::collections::HashSet;

use sprog_tree::MARKER_VARIABLE;

/// A part of /proc/PID/stat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub parent: i32,
    /// Clock ticks after boot.
    pub start_time: u64,
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
    let parent = fields.nth(1)?.parse().ok()?;
    let start_time = fields.nth(17)?.parse().ok()?;
    Some(Stat { parent, start_time })
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
        assert_eq!(parse(&line), Some(Stat { parent: 7, start_time: 22 }));
        assert_eq!(parse("12 (a) S"), None);
    }

    #[test]
    fn this_process_has_a_parent_and_a_beginning() {
        let stat = stat(std::process::id().cast_signed()).unwrap();
        assert_eq!(stat.parent, std::os::unix::process::parent_id().cast_signed());
        assert!(stat.start_time > 0);
    }

    #[test]
    fn markers_are_what_stands_between_colons() {
        assert_eq!(markers_in(b"A=1\0SPROG_TREE=x:y\0B=2"), ["x", "y"]);
        assert!(markers_in(b"XSPROG_TREE=x\0SPROG_TREES=y").is_empty());
    }
}
