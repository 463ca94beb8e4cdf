//! The steps of a spawn, as numbers that pass from the child to its parent and on to JS.

/// The step of a spawn at which it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Step {
    /// Planning and clone itself, in the parent.
    Clone = 1,
    Session = 2,
    Stdio = 3,
    Chdir = 4,
    Gid = 5,
    Uid = 6,
    Exec = 7,
    /// Entering a control group.
    Cgroup = 8,
    /// A resource limit (setrlimit).
    Limit = 9,
    Nice = 10,
    Affinity = 11,
    NoNewPrivileges = 12,
}

impl Step {
    /// What a child reported.
    pub(super) fn from_report(number: i32) -> Step {
        const IN_THE_CHILD: [Step; 11] = [
            Step::Clone,
            Step::Session,
            Step::Stdio,
            Step::Chdir,
            Step::Gid,
            Step::Uid,
            Step::Cgroup,
            Step::Limit,
            Step::Nice,
            Step::Affinity,
            Step::NoNewPrivileges,
        ];
        IN_THE_CHILD.into_iter().find(|step| *step as i32 == number).unwrap_or(Step::Exec)
    }
}
