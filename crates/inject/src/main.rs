//! Runs a program some of whose system calls fail, when a file of rules says so:
//!
//! ```text
//! sprog-inject RULES-FILE SYSCALL[,SYSCALL...] PROGRAM [ARGUMENT...]
//! ```
//!
//! The listed calls of the program and of all that it starts are handed to this process by seccomp's
//! user notification (seccomp_unotify(2), Linux 5.5), which lets them go on or answers them with an
//! error. The file is read anew at each call, so that the program itself decides when a fault begins
//! and ends. What failed is noted, a name a line, in RULES-FILE.hits. The exit code is the program's.
//! 125 says that this system has no such means; the reason is on stderr.

mod names;
mod rules;
mod sys;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rules::{Call, Rules};

const NO_MEANS: u8 = 125;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(file), Some(listed)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: sprog-inject RULES-FILE SYSCALL,... PROGRAM [ARGUMENT...]");
        return ExitCode::from(NO_MEANS);
    };
    let program: Vec<OsString> = arguments.collect();
    match run(Path::new(&file), &listed.to_string_lossy(), &program) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("sprog-inject: {message}");
            ExitCode::from(NO_MEANS)
        }
    }
}

fn run(file: &Path, listed: &str, program: &[OsString]) -> Result<u8, String> {
    let numbers = listed
        .split(',')
        .map(|name| names::syscall(name).ok_or(format!("no system call {name}")))
        .collect::<Result<Vec<_>, _>>()?;
    let supervised = sys::start(&numbers, program).map_err(|error| error.to_string())?;
    let mut faults = Faults::new(file);
    let code = supervised.serve(|caller, number, arguments| {
        let name = names::name_of(number)?;
        let is_self = thread_group(caller) == Some(supervised.pid());
        faults.judge(&Call { name, arguments, is_self })
    });
    code.map_err(|error| error.to_string())
}

/// The rules as they stand in the file now.
struct Faults {
    file: PathBuf,
    hits: PathBuf,
    text: String,
    rules: Rules,
}

impl Faults {
    fn new(file: &Path) -> Faults {
        let mut hits = file.as_os_str().to_owned();
        hits.push(".hits");
        let (file, hits) = (file.to_owned(), PathBuf::from(hits));
        Faults { file, hits, text: String::new(), rules: Rules::default() }
    }

    /// The errno with which a call is to fail, or `None`.
    fn judge(&mut self, call: &Call<'_>) -> Option<i32> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        if text != self.text {
            self.rules = Rules::parse(&text);
            self.text = text;
        }
        let errno = self.rules.judge(call)?;
        let noted = fs::OpenOptions::new().create(true).append(true).open(&self.hits);
        if let Ok(mut hits) = noted {
            let _ = writeln!(hits, "{}", call.name);
        }
        Some(errno)
    }
}

/// The process that a thread belongs to.
fn thread_group(thread: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Tgid:"))?.trim().parse().ok()
}
