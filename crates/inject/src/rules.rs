//! What the rules file says. A rule a line:
//!
//! ```text
//! SYSCALL ERRNO [who=self|child|any] [from=N] [count=N] [every=N] [argI=VALUE]
//! ```
//!
//! `who` is the program itself (the default) or what it started; of the calls that match, those from
//! the `from`th on fail, `count` of them (all, if 0), or of each `every` all but the last. A line that
//! begins with `#` makes one version of the file differ from another, which starts the counting anew.

use crate::names;

/// A system call that is about to be made.
pub struct Call<'a> {
    pub name: &'a str,
    pub arguments: [u64; 6],
    /// It is the program's own, and not one of a process that it started.
    pub is_self: bool,
}

#[derive(Default)]
pub struct Rules(Vec<Rule>);

struct Rule {
    name: String,
    errno: i32,
    who: Who,
    from: u64,
    count: u64,
    every: u64,
    arguments: Vec<(usize, u64)>,
    seen: u64,
}

#[derive(PartialEq)]
enum Who {
    Itself,
    Child,
    Any,
}

impl Rules {
    /// Lines that are no rules are left out: a file may be read while it is written.
    pub fn parse(text: &str) -> Rules {
        Rules(text.lines().filter_map(Rule::parse).collect())
    }

    /// The errno with which a call is to fail, or `None`.
    pub fn judge(&mut self, call: &Call<'_>) -> Option<i32> {
        self.0.iter_mut().find_map(|rule| rule.judge(call))
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Rule> {
        let mut words = line.split_whitespace();
        let name = words.next().filter(|name| names::syscall(name).is_some())?.to_string();
        let errno = names::errno(words.next()?)?;
        let (who, arguments) = (Who::Itself, Vec::new());
        let mut rule = Rule { name, errno, who, from: 1, count: 0, every: 1, arguments, seen: 0 };
        for word in words {
            let (key, value) = word.split_once('=')?;
            match key {
                "who" => {
                    rule.who = match value {
                        "self" => Who::Itself,
                        "child" => Who::Child,
                        _ => Who::Any,
                    };
                }
                "from" => rule.from = value.parse().ok()?,
                "count" => rule.count = value.parse().ok()?,
                "every" => rule.every = value.parse().ok().filter(|&every| every > 0)?,
                _ => {
                    let index = key.strip_prefix("arg")?.parse().ok().filter(|&index| index < 6)?;
                    rule.arguments.push((index, value.parse().ok()?));
                }
            }
        }
        Some(rule)
    }

    fn judge(&mut self, call: &Call<'_>) -> Option<i32> {
        let is_whose = match self.who {
            Who::Itself => call.is_self,
            Who::Child => !call.is_self,
            Who::Any => true,
        };
        let is_meant = self.name == call.name
            && is_whose
            && self.arguments.iter().all(|&(index, value)| call.arguments[index] == value);
        if !is_meant {
            return None;
        }
        self.seen += 1;
        let past = self.seen.checked_sub(self.from)?;
        let is_counted = self.count == 0 || past < self.count;
        let is_turn = self.every == 1 || past % self.every != self.every - 1;
        (is_counted && is_turn).then_some(self.errno)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(rule: &str, calls: usize) -> Vec<bool> {
        let mut rules = Rules::parse(rule);
        let call = Call { name: "pipe2", arguments: [7; 6], is_self: true };
        (0..calls).map(|_| rules.judge(&call).is_some()).collect()
    }

    #[test]
    fn counts_from_the_first_that_is_meant() {
        assert_eq!(answers("pipe2 EMFILE", 2), [true, true]);
        assert_eq!(answers("pipe2 EMFILE from=2 count=1", 3), [false, true, false]);
        assert_eq!(answers("pipe2 EINTR every=2", 4), [true, false, true, false]);
        assert_eq!(answers("pipe2 EMFILE arg1=7", 1), [true]);
        assert_eq!(answers("pipe2 EMFILE arg1=8", 1), [false]);
        assert_eq!(answers("pipe2 EMFILE who=child", 1), [false]);
    }

    #[test]
    fn what_is_no_rule_is_left_out() {
        for text in
            ["", "# 1", "pipe2", "pipe2 NONSENSE", "nonsense EMFILE", "pipe2 EMFILE every=0"]
        {
            assert_eq!(answers(text, 1), [false], "{text}");
        }
    }
}
