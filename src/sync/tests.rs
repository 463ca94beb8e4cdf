//! Programs run to their end, with all that can get in the way.

use super::pipe::PIECE_BYTES;
use super::*;
use crate::sys::spawn::CStringArray;

const SOCKETS: [Stdio<'static>; 3] =
    [Stdio::Input(Channel::Socket), Stdio::Output(Channel::Socket), Stdio::Output(Channel::Socket)];
const FIFOS: [Stdio<'static>; 3] =
    [Stdio::Input(Channel::Fifo), Stdio::Output(Channel::Fifo), Stdio::Output(Channel::Fifo)];
const UNLIMITED: Limits = Limits {
    deadline: None,
    output: None,
    kill_signal: libc::SIGTERM,
    force_after: None,
    ends: None,
    ends_at_exit: false,
};

fn list(entries: &[&str]) -> CStringArray {
    let mut block = Vec::new();
    for entry in entries {
        block.extend_from_slice(entry.as_bytes());
        block.push(0);
    }
    CStringArray::from_terminated(block)
}

fn shell(
    script: &str,
    stdio: &[Stdio<'_>],
    input: &[u8],
    limits: &Limits,
) -> Result<Outcome, Failure> {
    let request = Request {
        file: b"/bin/sh",
        argv: &list(&["sh", "-c", script]),
        env: &list(&["PATH=/bin:/usr/bin"]),
        cwd: None,
        detached: false,
        uid: None,
        gid: None,
        stdio: &[],
        extras: None,
    };
    run(request, stdio, input, limits)
}

fn is_reaped(pid: i32) -> bool {
    !std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn input_and_outputs_flow_at_once() {
    let input: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let outcome = shell("exec cat", &SOCKETS, &input, &UNLIMITED).unwrap();
    assert_eq!(outcome.output[0], None);
    assert!(outcome.output[1].as_deref() == Some(&input));
    // Two copies need a name for the second one, which a socket has not.
    let outcome = shell("exec tee /dev/stderr", &FIFOS, &input, &UNLIMITED).unwrap();
    assert_eq!((outcome.errno, outcome.exit), (None, ExitStatus::Code(0)));
    assert!(outcome.output[1].as_deref() == Some(&input));
    assert!(outcome.output[2].as_deref() == Some(&input));
    assert!(is_reaped(outcome.pid));
}

#[test]
fn the_limit_of_output_counts_all_outputs_and_cuts_nothing() {
    let limits = Limits { output: Some(6), ..UNLIMITED };
    let script = "echo 1234; sleep 0.05; echo 5678 >&2; exec sleep 60";
    let outcome = shell(script, &SOCKETS, b"", &limits).unwrap();
    assert_eq!(outcome.errno, Some(libc::ENOBUFS));
    assert_eq!(outcome.exit, ExitStatus::Signal(libc::SIGTERM));
    assert_eq!(outcome.output[1].as_deref(), Some(&b"1234\n"[..]));
    assert_eq!(outcome.output[2].as_deref(), Some(&b"5678\n"[..]));
    let exact = Limits { output: Some(5), ..UNLIMITED };
    assert_eq!(shell("echo 1234", &SOCKETS, b"", &exact).unwrap().errno, None);
}

#[test]
fn what_exceeds_the_limit_is_at_most_one_piece() {
    let limits = Limits { output: Some(1_000_000), ..UNLIMITED };
    let outcome = shell("exec cat /dev/zero", &SOCKETS, b"", &limits).unwrap();
    let length = outcome.output[1].as_ref().unwrap().len();
    assert!((1_000_001..=1_000_000 + PIECE_BYTES).contains(&length), "{length}");
    assert!(is_reaped(outcome.pid));
}

#[test]
fn the_deadline_kills_and_does_not_wait_for_a_grandchild() {
    let start = Instant::now();
    let deadline = Some(start + Duration::from_millis(50));
    let limits = Limits { deadline, kill_signal: libc::SIGKILL, ..UNLIMITED };
    let outcome = shell("sleep 5 & echo a; sleep 5", &SOCKETS, b"", &limits).unwrap();
    assert_eq!(outcome.errno, Some(libc::ETIMEDOUT));
    assert_eq!(outcome.exit, ExitStatus::Signal(libc::SIGKILL));
    assert_eq!(outcome.output[1].as_deref(), Some(&b"a\n"[..]));
    assert!(start.elapsed() < Duration::from_secs(4));
    assert!(is_reaped(outcome.pid));
}

#[test]
fn without_a_limit_the_output_of_a_grandchild_is_waited_for() {
    let outcome = shell("(sleep 0.1; echo late) & exit 3", &SOCKETS, b"", &UNLIMITED).unwrap();
    assert_eq!(outcome.exit, ExitStatus::Code(3));
    assert_eq!(outcome.output[1].as_deref(), Some(&b"late\n"[..]));
}

#[test]
fn input_that_nobody_reads_is_epipe() {
    let input = vec![b'x'; 1_000_000];
    let outcome = shell("exit 4", &SOCKETS, &input, &UNLIMITED).unwrap();
    assert_eq!((outcome.errno, outcome.exit), (Some(libc::EPIPE), ExitStatus::Code(4)));
    let outcome = shell("exit 4", &FIFOS, &input, &UNLIMITED).unwrap();
    assert_eq!((outcome.errno, outcome.exit), (Some(libc::EPIPE), ExitStatus::Code(4)));
}

#[test]
fn a_program_that_is_not_there_is_its_errno() {
    let request = Request {
        file: b"/nonexistent/program",
        argv: &list(&["x"]),
        env: &list(&[]),
        cwd: None,
        detached: false,
        uid: None,
        gid: None,
        stdio: &[],
        extras: None,
    };
    assert_eq!(
        run(request, &SOCKETS, b"", &UNLIMITED).unwrap_err(),
        Failure { step: Step::Exec, errno: libc::ENOENT }
    );
}

#[test]
fn outputs_may_end_with_the_child() {
    let limits = Limits { ends_at_exit: true, ..UNLIMITED };
    let start = Instant::now();
    for stdio in [&SOCKETS, &FIFOS] {
        let outcome = shell("sleep 60 & echo $!; head -c 60000 /dev/zero", stdio, b"", &limits);
        let outcome = outcome.unwrap();
        let output = outcome.output[1].as_deref().unwrap();
        let line = output.iter().position(|&byte| byte == b'\n').unwrap();
        assert_eq!(output.len(), line + 1 + 60_000);
        let pid = std::str::from_utf8(&output[..line]).unwrap().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(50));
}

#[test]
fn what_a_first_signal_does_not_end_a_second_does() {
    let script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    // On a busy machine the shell may be hit before it is ready.
    for timeout in (0..12).map(|power| Duration::from_millis(50 << power)) {
        let deadline = Some(Instant::now() + timeout);
        let force_after = Some(Duration::from_millis(50));
        let limits = Limits { deadline, force_after, ..UNLIMITED };
        let outcome = shell(script, &SOCKETS, b"", &limits).unwrap();
        if outcome.output[1].as_deref() != Some(b"ready\n") {
            continue;
        }
        assert_eq!(outcome.exit, ExitStatus::Signal(libc::SIGKILL));
        assert_eq!((outcome.errno, outcome.forced), (Some(libc::ETIMEDOUT), true));
        return;
    }
    panic!("the shell was never ready");
}

#[test]
fn the_ends_of_an_output_are_kept() {
    let limits = Limits { ends: Some(KeptEnds::new(3, 4)), ..UNLIMITED };
    let script = "printf begin; head -c 5000000 /dev/zero; printf done; printf few >&2";
    let outcome = shell(script, &FIFOS, b"", &limits).unwrap();
    assert_eq!(outcome.output[1].as_deref(), Some(&b"begdone"[..]));
    assert_eq!(outcome.output[2].as_deref(), Some(&b"few"[..]));
    assert_eq!(outcome.dropped, [0, 5_000_002, 0]);
}

#[test]
fn two_outputs_may_be_one() {
    let stdio = [Stdio::Ignore, Stdio::Output(Channel::Fifo), Stdio::Same(1)];
    let outcome = shell("echo a; echo b >&2; echo c", &stdio, b"", &UNLIMITED).unwrap();
    assert_eq!(outcome.output[1].as_deref(), Some(&b"a\nb\nc\n"[..]));
    assert_eq!(outcome.output[2], None);
}
