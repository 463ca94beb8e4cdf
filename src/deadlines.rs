//! Signals that are due at a time, sent by a thread of ours, so that they come while the JS
//! thread is busy: a timeout, and the SIGKILL after a signal that was of no use. One thread for
//! all of them, started with the first.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::sys::{signal, unwind};

/// What can be struck: a child, or its whole tree.
pub trait Victim: Send + Sync {
    /// Sends a signal, and tells whether it reached something that had not ended yet. `note` is called
    /// in that case, before anybody can learn of the end.
    fn strike(&self, signal: i32, note: &dyn Fn()) -> bool;
}

/// One signal, due so long after the one before it (the first: after the arming).
#[derive(Clone, Copy, Debug)]
pub struct Strike {
    pub after: Duration,
    pub signal: i32,
    /// What to note once it has hit.
    pub mark: u32,
}

/// Strikes to come; dropped, they do not.
pub struct Deadline {
    armed: Arc<Armed>,
    is_detached: bool,
    is_kept_once_begun: bool,
}

struct Armed {
    victim: Arc<dyn Victim>,
    strikes: Vec<Strike>,
    marks: Arc<AtomicU32>,
    id: u64,
}

struct Schedule {
    /// By time, then in the order of arming: what is armed, and which of its strikes is due.
    due: BTreeMap<(Instant, u64), (Arc<Armed>, usize)>,
    /// When what is armed is due next; nothing once that is over or cancelled.
    times: BTreeMap<u64, Option<Instant>>,
    next_id: u64,
    is_running: bool,
}

static SCHEDULE: Mutex<Schedule> = Mutex::new(Schedule {
    due: BTreeMap::new(),
    times: BTreeMap::new(),
    next_id: 0,
    is_running: false,
});
/// Told when something is due earlier than all else.
static CHANGED: Condvar = Condvar::new();

fn schedule() -> MutexGuard<'static, Schedule> {
    SCHEDULE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the thread started, if it is not yet: what is to be armed later can then not fail.
pub fn get_ready() -> io::Result<()> {
    let mut schedule = schedule();
    if !schedule.is_running {
        std::thread::Builder::new()
            .name("sprog-deadline".into())
            .stack_size(64 * 1024)
            .spawn(strike_for_ever)?;
        schedule.is_running = true;
    }
    Ok(())
}

/// Strikes the victim at its times, until one strike finds it ended or refuses, or the answer is
/// dropped. `marks` gets the marks of those that hit. A time that no clock reaches never comes.
pub fn arm(
    victim: &Arc<dyn Victim>,
    strikes: Vec<Strike>,
    marks: &Arc<AtomicU32>,
) -> io::Result<Deadline> {
    get_ready()?;
    let mut schedule = schedule();
    let id = schedule.next_id;
    schedule.next_id += 1;
    let armed =
        Arc::new(Armed { victim: Arc::clone(victim), strikes, marks: Arc::clone(marks), id });
    schedule.times.insert(id, None);
    schedule.plan(&armed, 0, Instant::now());
    Ok(Deadline { armed, is_detached: false, is_kept_once_begun: false })
}

impl Deadline {
    /// What is still to come comes, with nobody to cancel it.
    pub fn detach(mut self) {
        self.is_detached = true;
    }

    /// Once the first strike is made, the others are not cancelled any more.
    pub fn kept_once_begun(self) -> Deadline {
        let armed = Arc::clone(&self.armed);
        self.detach();
        Deadline { armed, is_detached: false, is_kept_once_begun: true }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if self.is_detached {
            return;
        }
        let id = self.armed.id;
        let mut schedule = schedule();
        if self.is_kept_once_begun && schedule.has_begun(id) {
            return;
        }
        if let Some(Some(time)) = schedule.times.remove(&id) {
            schedule.due.remove(&(time, id));
        }
    }
}

impl Schedule {
    /// Whether a strike was made, or is being made at this moment: then it is not on the list.
    fn has_begun(&self, id: u64) -> bool {
        let Some(Some(time)) = self.times.get(&id) else { return false };
        self.due.get(&(*time, id)).is_none_or(|&(_, index)| index > 0)
    }

    /// Puts a strike on the list, unless it was cancelled, or there is none of this index.
    fn plan(&mut self, armed: &Arc<Armed>, index: usize, from: Instant) {
        let Some(time) = self.times.get_mut(&armed.id) else { return };
        let strike = armed.strikes.get(index);
        *time = strike.and_then(|strike| from.checked_add(strike.after));
        let Some(time) = *time else {
            self.times.remove(&armed.id);
            return;
        };
        self.due.insert((time, armed.id), (Arc::clone(armed), index));
        CHANGED.notify_one();
    }
}

fn strike_for_ever() {
    signal::block_for_helper_thread();
    unwind::go_on(|| {
        strike_or_wait(schedule());
        Ok(())
    })
}

fn strike_or_wait(mut schedule: MutexGuard<'_, Schedule>) {
    let now = Instant::now();
    match schedule.due.first_key_value().map(|(&(time, _), _)| time) {
        None => drop(CHANGED.wait(schedule)),
        Some(time) if time > now => drop(CHANGED.wait_timeout(schedule, time - now)),
        Some(_) => {
            let first = schedule.due.pop_first();
            // The victim's own lock is taken without ours.
            drop(schedule);
            if let Some((_, (armed, index))) = first {
                // What is still to come after a panic comes.
                let goes_on = unwind::contain(true, || armed.strike(index));
                let next = if goes_on { index + 1 } else { armed.strikes.len() };
                self::schedule().plan(&armed, next, now);
            }
        }
    }
}

impl Armed {
    fn strike(&self, index: usize) -> bool {
        let Some(strike) = self.strikes.get(index) else { return false };
        self.victim.strike(strike.signal, &|| {
            self.marks.fetch_or(strike.mark, Ordering::AcqRel);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    struct Doll {
        struck: Sender<(i32, Instant)>,
        takes: bool,
    }

    impl Victim for Doll {
        fn strike(&self, signal: i32, note: &dyn Fn()) -> bool {
            if self.takes {
                note();
            }
            let _ = self.struck.send((signal, Instant::now()));
            self.takes
        }
    }

    const SOON: Duration = Duration::from_millis(20);
    const PATIENCE: Duration = Duration::from_secs(30);

    fn doll(takes: bool) -> (Arc<dyn Victim>, Receiver<(i32, Instant)>) {
        let (struck, strikes) = channel();
        (Arc::new(Doll { struck, takes }), strikes)
    }

    fn strikes(signals: &[i32]) -> Vec<Strike> {
        let strike = |&signal: &i32| Strike { after: SOON, signal, mark: 1 << signal };
        signals.iter().map(strike).collect()
    }

    #[test]
    fn strikes_come_in_order_each_at_its_time() {
        let (victim, struck) = doll(true);
        let marks = Arc::default();
        let start = Instant::now();
        let _deadline = arm(&victim, strikes(&[3, 4]), &marks).unwrap();
        let (first, at) = struck.recv_timeout(PATIENCE).unwrap();
        assert!(first == 3 && at - start >= SOON);
        let (second, later) = struck.recv_timeout(PATIENCE).unwrap();
        assert!(second == 4 && later - start >= 2 * SOON);
        assert_eq!(marks.load(Ordering::Acquire), 1 << 3 | 1 << 4);
    }

    #[test]
    fn what_has_ended_is_left_alone_from_then_on() {
        let (victim, struck) = doll(false);
        let marks = Arc::default();
        let _deadline = arm(&victim, strikes(&[3, 4]), &marks).unwrap();
        assert_eq!(struck.recv_timeout(PATIENCE).unwrap().0, 3);
        // One that is armed later and strikes later: by then the second would have been due.
        let (other, others) = doll(true);
        let _other = arm(&other, strikes(&[5, 6]), &Arc::default()).unwrap();
        others.recv_timeout(PATIENCE).unwrap();
        others.recv_timeout(PATIENCE).unwrap();
        assert!(struck.try_recv().is_err());
        assert_eq!(marks.load(Ordering::Acquire), 0);
    }

    struct Trap(Sender<i32>);

    impl Victim for Trap {
        fn strike(&self, signal: i32, _note: &dyn Fn()) -> bool {
            let _ = self.0.send(signal);
            panic!("expected in this test");
        }
    }

    #[test]
    fn a_panic_ends_neither_the_thread_nor_what_is_to_come() {
        let (struck, traps) = channel();
        let victim: Arc<dyn Victim> = Arc::new(Trap(struck));
        let _deadline = arm(&victim, strikes(&[3, 4]), &Arc::default()).unwrap();
        assert_eq!(traps.recv_timeout(PATIENCE), Ok(3));
        assert_eq!(traps.recv_timeout(PATIENCE), Ok(4));
        let (other, others) = doll(true);
        let _other = arm(&other, strikes(&[5]), &Arc::default()).unwrap();
        assert_eq!(others.recv_timeout(PATIENCE).unwrap().0, 5);
    }

    #[test]
    fn what_is_dropped_does_not_strike() {
        let (victim, struck) = doll(true);
        drop(arm(&victim, strikes(&[3]), &Arc::default()).unwrap());
        let (other, others) = doll(true);
        let _other = arm(&other, strikes(&[5, 6]), &Arc::default()).unwrap();
        others.recv_timeout(PATIENCE).unwrap();
        others.recv_timeout(PATIENCE).unwrap();
        assert!(struck.try_recv().is_err());
    }

    #[test]
    fn what_is_detached_strikes_all_the_same_and_leaves_nothing() {
        let (victim, struck) = doll(true);
        let deadline = arm(&victim, strikes(&[3, 4]), &Arc::default()).unwrap();
        let id = deadline.armed.id;
        deadline.detach();
        assert_eq!(struck.recv_timeout(PATIENCE).unwrap().0, 3);
        assert_eq!(struck.recv_timeout(PATIENCE).unwrap().0, 4);
        while schedule().times.contains_key(&id) {
            std::thread::yield_now();
        }
        assert!(!schedule().due.keys().any(|&(_, other)| other == id));
    }

    #[test]
    fn what_is_kept_once_begun_is_cancelled_before_and_not_after() {
        let (victim, struck) = doll(true);
        let late = Strike { after: PATIENCE * 2, signal: 3, mark: 0 };
        let early = arm(&victim, vec![late], &Arc::default()).unwrap().kept_once_begun();
        let id = early.armed.id;
        drop(early);
        assert!(!schedule().times.contains_key(&id));
        let begun = arm(&victim, strikes(&[4, 5]), &Arc::default()).unwrap().kept_once_begun();
        assert_eq!(struck.recv_timeout(PATIENCE).unwrap().0, 4);
        drop(begun);
        assert_eq!(struck.recv_timeout(PATIENCE).unwrap().0, 5);
    }

    #[test]
    fn a_time_beyond_the_clock_never_comes_and_an_earlier_one_overtakes() {
        let (victim, struck) = doll(true);
        let never = Strike { after: Duration::MAX, signal: 1, mark: 0 };
        let _never = arm(&victim, vec![never], &Arc::default()).unwrap();
        let late = Strike { after: PATIENCE * 2, signal: 2, mark: 0 };
        let _late = arm(&victim, vec![late], &Arc::default()).unwrap();
        let _soon = arm(&victim, strikes(&[3]), &Arc::default()).unwrap();
        assert_eq!(struck.recv_timeout(PATIENCE).unwrap().0, 3);
    }
}
