//! Limits that only a control group can hold a whole family of processes to: memory, and how many there
//! are. A group is made for each child that is given one, under a hierarchy in which this process may;
//! the child enters it before its exec; when the last process in it has ended it is removed.
//!
//! Names: `sprog.limits-PID-NUMBER`, where PID is the process that made it.

mod group;
mod hierarchy;
mod leftovers;

pub use group::{Figures, Groups};

/// What a group can limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    Memory,
    Pids,
}

impl Controller {
    pub fn name(self) -> &'static str {
        match self {
            Controller::Memory => "memory",
            Controller::Pids => "pids",
        }
    }
}

/// Why no group can hold a child to a limit: a sentence for the program's author.
#[derive(Debug)]
pub struct Unavailable {
    pub controller: Controller,
    pub reason: String,
}
