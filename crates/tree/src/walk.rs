//! The members of a tree, found by a walk over /proc: who descends from its root, who carries its
//! marker, and who shares a session or a process group with those.
//!
//! What is looked at is one snapshot of all processes, so that a parent that ends meanwhile does
//! not break a line of descent. Nobody who started before the root can be a member; that spares
//! most of the reading on a machine with many processes.

use std::collections::{HashMap, HashSet};
use std::io;

use crate::proc::{Proc, Stat};
use crate::{Identity, Tree};

#[derive(Clone)]
pub struct Walk {
    root: Option<Identity>,
    marker: String,
    session: Option<i32>,
    /// Members of earlier passes. Each stays one, even if nothing tells it any more: it was
    /// reparented and has another environment now.
    known: HashSet<Identity>,
}

impl Walk {
    pub fn new(tree: &Tree) -> Walk {
        Walk {
            root: tree.root,
            marker: tree.marker.clone(),
            session: tree.session,
            known: HashSet::new(),
        }
    }

    /// The members that have not ended.
    pub fn pass(&mut self, proc: &mut Proc) -> io::Result<Vec<Identity>> {
        let candidates = self.candidates(proc)?;
        let mut certain = HashSet::new();
        for stat in &candidates {
            let identity = stat.identity;
            if Some(identity) == self.root
                || self.known.contains(&identity)
                || proc.is_marked(identity.pid, &self.marker)?
            {
                certain.insert(identity.pid);
            }
        }
        let members = close(&candidates, certain, self.session);
        let living = candidates
            .iter()
            .filter(|stat| members.contains(&stat.identity.pid) && !stat.is_dead())
            .map(|stat| stat.identity)
            .collect();
        self.known = candidates
            .iter()
            .map(|stat| stat.identity)
            .filter(|identity| members.contains(&identity.pid))
            .collect();
        Ok(living)
    }

    fn candidates(&self, proc: &mut Proc) -> io::Result<Vec<Stat>> {
        let oldest = self.root.map_or(0, |root| root.start_time);
        let own = std::process::id().cast_signed();
        let mut candidates = Vec::new();
        for pid in proc.pids()? {
            // Neither this process, nor the one that all orphans are given to.
            if pid == own || pid == 1 {
                continue;
            }
            if let Some(stat) = proc.stat(pid)?
                && stat.identity.start_time >= oldest
            {
                candidates.push(stat);
            }
        }
        Ok(candidates)
    }
}

/// All that belong with `members`: their descendants, who is in a session that was opened within
/// the tree, and who is in a process group whose leader is a member. `born_in` is the session that
/// the root was started in, to which others belong too.
fn close(processes: &[Stat], mut members: HashSet<i32>, born_in: Option<i32>) -> HashSet<i32> {
    let started: HashMap<i32, u64> =
        processes.iter().map(|stat| (stat.identity.pid, stat.identity.start_time)).collect();
    loop {
        let before = members.len();
        let (mut sessions, mut groups) = (HashSet::new(), HashSet::new());
        for stat in processes.iter().filter(|stat| members.contains(&stat.identity.pid)) {
            let pid = stat.identity.pid;
            // Nobody can join a session; so one that a member is in and the root was not born in
            // was opened by a member. The root's may be 0: it was opened outside of our namespace.
            if stat.session == pid || born_in.is_some_and(|born_in| stat.session != born_in) {
                sessions.insert(stat.session);
            }
            if stat.group == pid {
                groups.insert(pid);
            }
        }
        for stat in processes {
            let is_child = members.contains(&stat.parent)
                && started
                    .get(&stat.parent)
                    .is_some_and(|start| *start <= stat.identity.start_time);
            if is_child || sessions.contains(&stat.session) || groups.contains(&stat.group) {
                members.insert(stat.identity.pid);
            }
        }
        if members.len() == before {
            return members;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, group: i32, session: i32) -> Stat {
        let identity = Identity { pid, start_time: 100 };
        Stat { identity, parent, group, session, state: b'S', threads: 1 }
    }

    fn closed(processes: &[Stat], root: i32, born_in: Option<i32>) -> Vec<i32> {
        let mut members: Vec<i32> =
            close(processes, HashSet::from([root]), born_in).into_iter().collect();
        members.sort_unstable();
        members
    }

    #[test]
    fn descendants_are_members_in_whatever_order_they_are_listed() {
        let listed = [process(12, 11, 5, 5), process(11, 10, 5, 5), process(10, 5, 5, 5)];
        assert_eq!(closed(&listed, 10, Some(5)), [10, 11, 12]);
    }

    #[test]
    fn the_session_and_group_of_the_root_are_not_its_own() {
        let listed = [process(10, 5, 5, 5), process(20, 5, 5, 5), process(21, 20, 20, 5)];
        assert_eq!(closed(&listed, 10, Some(5)), [10]);
        assert_eq!(closed(&listed, 10, None), [10]);
    }

    #[test]
    fn a_session_that_was_opened_within_is() {
        // 11 opened a session and is gone; 12 is in it, 13 was orphaned in it.
        let listed = [process(10, 5, 5, 5), process(12, 10, 11, 11), process(13, 1, 13, 11)];
        assert_eq!(closed(&listed, 10, Some(5)), [10, 12, 13]);
        // The root was born in a session that was opened outside of our pid namespace.
        let listed = [process(10, 5, 5, 0), process(12, 10, 11, 11), process(20, 5, 5, 0)];
        assert_eq!(closed(&listed, 10, Some(0)), [10, 12]);
        // Without knowing where the root was born, only by a leader that is there.
        let listed = [process(10, 5, 10, 10), process(13, 1, 13, 10), process(14, 1, 14, 14)];
        assert_eq!(closed(&listed, 10, None), [10, 13]);
    }

    #[test]
    fn a_group_counts_if_its_leader_is_a_member() {
        let listed = [
            process(10, 5, 5, 5),
            process(11, 10, 11, 5),
            process(12, 1, 11, 5),
            process(30, 1, 5, 5),
        ];
        assert_eq!(closed(&listed, 10, Some(5)), [10, 11, 12]);
    }

    #[test]
    fn who_has_the_number_of_a_parent_is_not_the_parent() {
        let mut reused = process(11, 10, 5, 5);
        reused.identity.start_time = 200;
        let listed = [process(10, 5, 5, 5), reused, process(12, 11, 5, 5)];
        assert_eq!(closed(&listed, 10, Some(5)), [10, 11]);
    }
}
