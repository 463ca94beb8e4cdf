//! Sending signals to a whole tree, and ending it: the signal, the time it is given, then SIGKILL
//! until nothing is left.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::proc::Proc;
use crate::process::{Process, wait_for_all};
use crate::walk::Walk;
use crate::{Identity, Member, Options, Report, Tree, cgroup};

/// So many processes are waited for at once, by a descriptor each; then it is looked who is left.
const WAITED_FOR: usize = 64;

/// A pass that finds new members is followed by another one, at most so many times: one that forks
/// without end, and may not be stopped, would hold the caller for ever.
const MAX_PASSES: usize = 64;

/// A tree and what has been found out about it. Passes over the same one should use the same value:
/// it remembers members that nothing else tells any more.
pub struct Hunt {
    proc: Proc,
    ground: Ground,
    /// Everybody who was alive in a pass, with the command as it was then.
    seen: HashMap<Identity, String>,
    /// Whether `end` had to use SIGKILL.
    forced: bool,
}

/// What one pass found, and what became of its signals.
struct Pass {
    members: Vec<Identity>,
    sent: Sent,
}

#[derive(Clone)]
enum Ground {
    Group(PathBuf),
    Walk(Walk),
}

/// What became of a signal to everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// How many processes got it.
    pub count: usize,
    /// How many may not be signalled by this process.
    pub denied: usize,
}

impl Hunt {
    /// Another one with the same memory, for another thread.
    pub fn another(&self) -> Hunt {
        Hunt { proc: Proc::new(), ground: self.ground.clone(), seen: HashMap::new(), forced: false }
    }

    /// Fails without /proc.
    pub fn new(tree: &Tree) -> io::Result<Hunt> {
        let ground = match &tree.cgroup {
            Some(path) => Ground::Group(path.clone()),
            None => Ground::Walk(Walk::new(tree)),
        };
        Ok(Hunt { proc: Proc::open()?, ground, seen: HashMap::new(), forced: false })
    }

    /// The processes of the tree that have not ended, the oldest first: a shell that saw its command
    /// end before it is told itself would go on with the next one.
    pub fn members(&mut self) -> io::Result<Vec<Identity>> {
        let mut members = match &mut self.ground {
            Ground::Group(group) => cgroup::members(group, &mut self.proc),
            Ground::Walk(walk) => walk.pass(&mut self.proc),
        }?;
        members.sort_unstable_by_key(|identity| (identity.start_time, identity.pid));
        Ok(members)
    }

    /// Sends a signal to every member, also to those that appear meanwhile. SIGKILL reaches all of
    /// a tree that forks, too: it is stopped first. Does not wait for anybody to end.
    pub fn signal(&mut self, signal: i32) -> io::Result<Sent> {
        if signal == libc::SIGKILL {
            return self.kill();
        }
        let mut sent = Sent::default();
        let mut told = HashSet::new();
        if signal == 0 {
            // Only asks whether anybody is there.
            return Ok(self.send_to_fresh(0, &mut told)?.sent);
        }
        self.send_until_all_told(signal, &mut told, &mut sent)?;
        Ok(sent)
    }

    /// Ends the tree; returns when its last process has ended. Processes that may not be signalled
    /// are the only ones that can be left.
    pub fn end(&mut self, options: &Options) -> io::Result<Report> {
        let gently = options.signal != libc::SIGKILL;
        let remaining =
            if gently && self.ends_by(options)? { HashSet::new() } else { self.end_by_force()? };
        let escalated = gently && self.forced;
        self.settle(&remaining)?;
        let mut ended = HashMap::new();
        let mut remains = Vec::new();
        for (identity, command) in std::mem::take(&mut self.seen) {
            if remaining.contains(&identity) {
                remains.push(Member { pid: identity.pid, command });
            } else {
                ended.insert(identity.pid, Member { pid: identity.pid, command });
            }
        }
        let mut ended: Vec<Member> = ended.into_values().collect();
        ended.sort_by_key(|member| member.pid);
        Ok(Report { ended, escalated, remaining: remains })
    }

    /// The signal and the time that it is given. Whether all have ended.
    fn ends_by(&mut self, options: &Options) -> io::Result<bool> {
        // `None`: a time that no clock will reach.
        let deadline = Instant::now().checked_add(options.grace);
        let mut told = HashSet::new();
        loop {
            let pass = self.send_to_fresh(options.signal, &mut told)?;
            if pass.members.is_empty() {
                return Ok(true);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(false);
            }
            // Not at once again: what a member starts to clean up is not to be signalled. Whoever was
            // missed has its turn when the others have ended.
            self.wait(&pass.members, deadline)?;
        }
    }

    /// SIGKILL until nobody is left but those who may not be signalled.
    fn end_by_force(&mut self) -> io::Result<HashSet<Identity>> {
        loop {
            let members = self.noted()?;
            if members.is_empty() {
                return Ok(HashSet::new());
            }
            self.forced = true;
            self.kill()?;
            let mut denied = HashSet::new();
            let mut mortal = Vec::new();
            for identity in members {
                let Some(process) = Process::open(&mut self.proc, identity)? else { continue };
                match process.send(&mut self.proc, 0) {
                    Ok(_) => mortal.push(identity),
                    Err(error) if is_denied(&error) => drop(denied.insert(identity)),
                    Err(error) => return Err(error),
                }
            }
            // A group is killed by the kernel itself, who needs no leave.
            let by_kernel = matches!(self.ground, Ground::Group(_));
            if mortal.is_empty() && !by_kernel && !denied.is_empty() {
                return Ok(denied);
            }
            mortal.extend(denied.into_iter().filter(|_| by_kernel));
            self.wait(&mortal, None)?;
        }
    }

    /// SIGKILL for everybody, at once.
    fn kill(&mut self) -> io::Result<Sent> {
        match &self.ground {
            Ground::Group(group) => {
                let group = group.clone();
                let count = self.noted()?.len();
                if count > 0 && !cgroup::kill(&group)? {
                    return self.freeze_and_kill(&group);
                }
                Ok(Sent { count, denied: 0 })
            }
            Ground::Walk(_) => self.stop_and_kill(),
        }
    }

    /// Before cgroup.kill: in a frozen group nobody forks, and SIGKILL works all the same.
    fn freeze_and_kill(&mut self, group: &Path) -> io::Result<Sent> {
        cgroup::freeze(group)?;
        let mut sent = Sent::default();
        self.send_until_all_told(libc::SIGKILL, &mut HashSet::new(), &mut sent)?;
        Ok(sent)
    }

    /// Who is stopped forks no more; when a pass finds nobody new, all are.
    fn stop_and_kill(&mut self) -> io::Result<Sent> {
        let mut stopped = HashSet::new();
        self.send_until_all_told(libc::SIGSTOP, &mut stopped, &mut Sent::default())?;
        let mut sent = Sent::default();
        for identity in stopped {
            sent.add(self.send(identity, libc::SIGKILL)?);
        }
        Ok(sent)
    }

    /// Passes until one finds nobody new.
    fn send_until_all_told(
        &mut self,
        signal: i32,
        told: &mut HashSet<Identity>,
        sent: &mut Sent,
    ) -> io::Result<()> {
        for _ in 0..MAX_PASSES {
            let fresh = self.send_to_fresh(signal, told)?.sent;
            sent.add(fresh);
            if fresh == Sent::default() {
                break;
            }
        }
        Ok(())
    }

    /// One pass: the signal for those who have not been told yet.
    fn send_to_fresh(&mut self, signal: i32, told: &mut HashSet<Identity>) -> io::Result<Pass> {
        let members = self.noted()?;
        let mut sent = Sent::default();
        for identity in &members {
            if told.insert(*identity) {
                sent.add(self.send(*identity, signal)?);
            }
        }
        Ok(Pass { members, sent })
    }

    fn send(&mut self, identity: Identity, signal: i32) -> io::Result<Sent> {
        let Some(process) = Process::open(&mut self.proc, identity)? else {
            return Ok(Sent::default());
        };
        match process.send(&mut self.proc, signal) {
            Ok(sent) => Ok(Sent { count: sent.into(), denied: 0 }),
            Err(error) if is_denied(&error) => Ok(Sent { count: 0, denied: 1 }),
            Err(error) => Err(error),
        }
    }

    /// The members, with a note of each for the report.
    fn noted(&mut self) -> io::Result<Vec<Identity>> {
        let members = self.members()?;
        for identity in &members {
            if !self.seen.contains_key(identity) {
                let command = self.proc.command(identity.pid)?;
                self.seen.insert(*identity, command);
            }
        }
        Ok(members)
    }

    /// Waits for the last of those that were seen. A process leaves the list of its group when it
    /// begins to exit, and may take long to give back its memory.
    fn settle(&mut self, remaining: &HashSet<Identity>) -> io::Result<()> {
        let seen: Vec<Identity> = self.seen.keys().copied().collect();
        for identity in seen.into_iter().filter(|identity| !remaining.contains(identity)) {
            self.wait(&[identity], None)?;
        }
        Ok(())
    }

    fn wait(&mut self, members: &[Identity], deadline: Option<Instant>) -> io::Result<()> {
        let mut processes = Vec::new();
        for identity in members.iter().take(WAITED_FOR) {
            match Process::open(&mut self.proc, *identity) {
                Ok(Some(process)) => processes.push(process),
                Ok(None) => {}
                // Those that there are descriptors for are enough to go on.
                Err(_) if !processes.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        wait_for_all(processes, &mut self.proc, deadline)
    }
}

impl Sent {
    fn add(&mut self, other: Sent) {
        self.count += other.count;
        self.denied += other.denied;
    }
}

fn is_denied(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EPERM)
}

#[cfg(test)]
mod tests;
