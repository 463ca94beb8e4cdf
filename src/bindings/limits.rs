//! What is found out or made before a spawn with limits, so that JS can say why it cannot be.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use napi_derive::napi;

use super::environment::Environment;
use crate::limits::Groups;
use crate::sys::{launcher, restrictions};

/// Groups that were made and that no child has yet, by number.
#[derive(Default)]
pub(super) struct PendingGroups {
    groups: RefCell<HashMap<u32, Groups>>,
    next: Cell<u32>,
}

impl PendingGroups {
    fn insert(&self, groups: Groups) -> u32 {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        self.groups.borrow_mut().insert(number, groups);
        number
    }

    /// Gives them away; none for a number that is not known.
    pub(super) fn take(&self, number: u32) -> Groups {
        self.groups.borrow_mut().remove(&number).unwrap_or_default()
    }
}

/// What came of making groups: a number, or what cannot be had and why.
#[napi(object, object_from_js = false)]
pub struct OpenedGroups {
    /// For `SpawnExtras.groups`, or for `discardGroups` if nothing comes of the spawn.
    pub groups: Option<u32>,
    /// For `SpawnExtras.cgroup`: the group of version 2, if there is one. A process is in one of
    /// that version.
    pub cgroup: Option<String>,
    /// 'memory' or 'pids': the controller that is not to be had.
    #[napi(ts_type = "'memory' | 'pids'")]
    pub lacking: Option<String>,
    pub reason: Option<String>,
}

#[napi]
impl Environment {
    /// Makes groups that limit memory (bytes) and processes (with their threads), and for which the
    /// launcher does not count.
    #[napi(catch_unwind)]
    pub fn open_groups(
        &self,
        memory: Option<f64>,
        processes: Option<f64>,
        launched: bool,
    ) -> OpenedGroups {
        // JS has refused negative numbers and fractions.
        let whole = |number: f64| number as u64;
        match Groups::open(memory.map(whole), processes.map(whole), launched) {
            Ok(groups) => OpenedGroups {
                cgroup: groups.entrance().map(|path| path.to_string_lossy().into_owned()),
                groups: Some(self.inner.groups.insert(groups)),
                lacking: None,
                reason: None,
            },
            Err(error) => OpenedGroups {
                groups: None,
                cgroup: None,
                lacking: Some(error.controller.name().into()),
                reason: Some(error.reason),
            },
        }
    }

    /// Removes groups that no child has been given.
    #[napi(catch_unwind)]
    pub fn discard_groups(&self, groups: u32) {
        drop(self.inner.groups.take(groups));
    }

    /// Why the launcher, for exact usage, cannot be had; null where it can.
    #[napi(catch_unwind)]
    pub fn exact_usage_problem(&self) -> Option<String> {
        launcher::check().err().map(|error| error.to_string())
    }

    /// The first of these processors that is not there, or -1.
    #[napi(catch_unwind)]
    pub fn missing_processor(&self, numbers: Vec<u32>) -> f64 {
        let missing = |&&number: &&u32| !restrictions::is_online(number);
        numbers.iter().find(missing).map_or(-1.0, |&number| f64::from(number))
    }
}
