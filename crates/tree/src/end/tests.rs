//! Trees of real processes, ended in both ways.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::{MARKER_VARIABLE, identify, session_of, unique_marker};

/// A shell below which are a daemon in a session of its own, its child, and an orphan.
const SCRIPT: &str = "setsid sh -c 'sleep 600 & sleep 600; exit' & (sleep 600 &); wait";
const MEMBERS: usize = 5;

struct Grown {
    child: Child,
    tree: Tree,
}

impl Grown {
    fn new(script: &str, group: Option<PathBuf>) -> Grown {
        let marker = unique_marker().unwrap();
        let entrance = group.as_deref().map(cgroup::entrance);
        let script = match &entrance {
            Some(entrance) => format!("echo 0 > {}; {script}", entrance.display()),
            None => script.to_string(),
        };
        let child = Command::new("sh")
            .args(["-c", &script])
            .env(MARKER_VARIABLE, &marker)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let root = identify(child.id().cast_signed()).unwrap();
        Grown { child, tree: Tree { root, marker, session: session_of(0), cgroup: group } }
    }

    /// Waits until so many members are there.
    fn hunt(&self, members: usize) -> Hunt {
        let mut hunt = Hunt::new(&self.tree).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while hunt.members().unwrap().len() < members {
            assert!(Instant::now() < deadline, "the tree does not grow");
            std::thread::sleep(Duration::from_millis(5));
        }
        hunt
    }

    fn finish(mut self) {
        self.child.wait().unwrap();
        assert_eq!(Hunt::new(&self.tree).unwrap().members().unwrap(), []);
        if let Some(group) = &self.tree.cgroup {
            cgroup::remove(group).unwrap();
        }
    }
}

fn group() -> Option<PathBuf> {
    cgroup::create(&cgroup::parent().ok()?).ok()
}

fn options(signal: i32, grace: u64) -> Options {
    Options { signal, grace: Duration::from_millis(grace) }
}

fn ends(group: Option<PathBuf>) {
    let grown = Grown::new(SCRIPT, group);
    let report = grown.hunt(MEMBERS).end(&options(libc::SIGTERM, 30_000)).unwrap();
    assert!(report.ended.len() >= MEMBERS && !report.escalated, "{report:?}");
    assert!(report.ended.iter().all(|member| !member.command.is_empty()), "{report:?}");
    assert_eq!(report.remaining, []);
    grown.finish();
}

fn escalates(group: Option<PathBuf>) {
    let grown = Grown::new(&format!("trap '' TERM; {SCRIPT}"), group);
    let report = grown.hunt(MEMBERS).end(&options(libc::SIGTERM, 20)).unwrap();
    assert!(report.escalated, "{report:?}");
    grown.finish();
}

#[test]
fn a_walk_ends_all() {
    ends(None);
    escalates(None);
}

#[test]
fn a_group_ends_all() {
    // Where none can be made there is nothing to show.
    if let Some(first) = group() {
        ends(Some(first));
        escalates(group());
    }
}

#[test]
fn a_frozen_group_can_be_killed() {
    let Some(group) = group() else { return };
    let grown = Grown::new(SCRIPT, Some(group.clone()));
    let mut hunt = grown.hunt(MEMBERS);
    assert!(hunt.freeze_and_kill(&group).unwrap().count >= MEMBERS);
    hunt.end(&options(libc::SIGKILL, 0)).unwrap();
    grown.finish();
}

#[test]
fn the_marker_alone_is_enough() {
    let grown = Grown::new(SCRIPT, None);
    drop(grown.hunt(MEMBERS));
    let unrooted = Tree { root: None, session: None, ..grown.tree.clone() };
    let report = crate::end(&unrooted, &options(libc::SIGKILL, 0)).unwrap();
    assert!(report.ended.len() >= MEMBERS, "{report:?}");
    assert!(!report.escalated, "SIGKILL was asked for");
    grown.finish();
}

#[test]
fn a_signal_to_all_says_how_many_there_are() {
    let grown = Grown::new(SCRIPT, None);
    let mut hunt = grown.hunt(MEMBERS);
    assert!(hunt.signal(0).unwrap().count >= MEMBERS);
    assert!(hunt.signal(libc::SIGKILL).unwrap().count >= MEMBERS);
    hunt.end(&options(libc::SIGKILL, 0)).unwrap();
    assert_eq!(hunt.signal(libc::SIGTERM).unwrap(), Sent::default());
    grown.finish();
}

#[test]
fn an_identity_of_another_time_is_nobody() {
    let grown = Grown::new("sleep 600; exit", None);
    let Some(mut root) = grown.tree.root else { panic!("no root") };
    let mut proc = Proc::open().unwrap();
    assert!(Process::open(&mut proc, root).unwrap().is_some());
    root.start_time += 1;
    assert!(Process::open(&mut proc, root).unwrap().is_none());
    crate::end(&grown.tree, &options(libc::SIGKILL, 0)).unwrap();
    grown.finish();
}
