//! Mounted control groups and a process's place in them, from texts like /proc/self/mountinfo and
//! /proc/self/cgroup: what is found is within a mount.
//!
//! The input is the one text, a NUL, and the other.
#![no_main]

use std::path::Component;

use libfuzzer_sys::fuzz_target;
use sprog_tree::mounts::{Mount, mounts, own_path};

/// The kernel gives no other.
fn is_absolute(mount: &Mount) -> bool {
    mount.root.is_absolute() && mount.point.is_absolute()
}

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let (mountinfo, own) = text.split_once('\0').unwrap_or((&text, ""));
    let found = mounts(mountinfo);
    assert!(found.is_sorted_by_key(|mount| mount.controllers.is_some()));
    let unified = own_path(own, str::is_empty);
    let bound = own_path(own, |controllers| controllers.split(',').any(|it| it == "memory"));
    for group in unified.iter().chain(&bound) {
        for mount in found.iter().filter(|mount| is_absolute(mount)) {
            let Some(place) = mount.seen(group) else { continue };
            let below = place.strip_prefix(&mount.point).expect("it is within the mount");
            assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
            assert_eq!(mount.root.join(below), *group);
        }
    }
});
