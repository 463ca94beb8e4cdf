//! What /proc says of a process, whatever a program may call itself: the two parsers of its stat agree,
//! the figures of its status do not overflow, and a marker is found where it stands and nowhere else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sprog::sys::proc;
use sprog_tree::proc as tree;

const VARIABLE: &str = "SPROG_TREE";
const MARKER: &str = "abc";

/// The slow way: every entry of the variable, every part of its value.
fn bears_marker(environ: &[u8]) -> bool {
    String::from_utf8_lossy(environ).split('\0').any(|entry| match entry.split_once('=') {
        Some((VARIABLE, value)) => value.split(':').any(|part| part == MARKER),
        _ => false,
    })
}

fuzz_target!(|input: &[u8]| {
    let member = tree::parse_stat(input);
    let vitals = proc::parse_stat(input);
    if let (Some(member), Some(vitals)) = (member, vitals) {
        assert_eq!((member.state, member.threads), (vitals.state, vitals.threads));
    }
    let _ = proc::parse_status(input);
    assert_eq!(tree::is_marked(input, VARIABLE, MARKER), bears_marker(input));
});
