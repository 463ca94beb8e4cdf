//! A child and all its descendants, as one thing that is struck at its time, while the loop stands
//! still and after the child itself has exited.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::target::Target;
use crate::deadlines::Victim;
use crate::tree::Tree;

pub struct WholeTree {
    tree: Arc<Tree>,
    /// Its first process; `None` once that has exited.
    root: Option<Arc<Target>>,
    /// Whether the tree has been told to end. From then on it does not matter whether the root has.
    is_ending: AtomicBool,
}

impl WholeTree {
    /// A tree that is left alone if its root has exited by the first strike, as a timeout does.
    pub fn running(tree: Arc<Tree>, root: Arc<Target>) -> WholeTree {
        WholeTree { tree, root: Some(root), is_ending: AtomicBool::new(false) }
    }

    /// A tree that has been sent a signal already.
    pub fn ending(tree: Arc<Tree>, root: Option<Arc<Target>>) -> WholeTree {
        WholeTree { tree, root, is_ending: AtomicBool::new(true) }
    }

    fn send(&self, signal: i32) -> bool {
        self.tree.strike(signal).is_ok_and(|sent| sent.count > 0)
    }

    /// The first strike. The root is not reaped before it is done.
    fn strike_running(&self, signal: i32, note: &dyn Fn()) -> bool {
        let Some(root) = &self.root else { return false };
        let hit = root.while_running(|watch| {
            // Before the signal: the end of the root must not be known without it.
            note();
            // Where the tree cannot be looked through, or the root has left its group.
            self.send(signal) || watch.kill(signal).is_ok()
        });
        let hit = hit.unwrap_or(false);
        self.is_ending.store(hit, Ordering::Release);
        hit
    }

    fn strike_ending(&self, signal: i32, note: &dyn Fn()) -> bool {
        if self.tree.signal(0).is_ok_and(|sent| sent.count + sent.denied > 0) {
            note();
            if self.send(signal) {
                return true;
            }
        }
        self.root.as_ref().is_some_and(|root| root.signal_if_running(signal, note))
    }
}

impl Victim for WholeTree {
    fn strike(&self, signal: i32, note: &dyn Fn()) -> bool {
        if self.is_ending.load(Ordering::Acquire) {
            self.strike_ending(signal, note)
        } else {
            self.strike_running(signal, note)
        }
    }
}
