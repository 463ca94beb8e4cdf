//! Whether the loop should stay awake for an answer that is about to come. To handle a message takes a process
//! some 10 us; to fall asleep and be woken for it, 60 in a virtual machine. So where answers come soon each time,
//! to look out for the next is faster, and costs no more.
//!
//! An answer is the next turn after one in which something was written. A vigil is tried where it may be worth
//! it, and goes on as long as it is, which is measured. There is none while the loop has anything else to do.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Answers that take longer are not waited for.
const SOON: Duration = Duration::from_micros(400);
/// So many in a row come soon before it is tried, at first.
const STREAK: u32 = 16;
/// After each vain try it takes twice as many, at most so many.
const MAX_STREAK: u32 = 4096;
/// It was no vain try if so many answers came before it ended.
const FRUIT: u32 = 256;
/// After so many it is measured anew what they take if the loop sleeps.
const TERM: u32 = 4096;
/// How long to look out. The other end may be asleep.
const VIGIL: Duration = Duration::from_micros(200);
/// Averages are over about so many answers.
const AVERAGED: u32 = 16;

pub struct Vigil {
    /// When the last turn ended, if something was sent in it.
    asked: Cell<Option<Instant>>,
    /// Something has been sent in this turn, and nothing of it waits.
    spoke: Cell<bool>,
    /// Answers that came soon, one after the other; or, awake, since that began.
    streak: Cell<u32>,
    needed: Cell<u32>,
    /// What it takes, on average, for an answer to come, if the loop sleeps meanwhile.
    asleep: Cell<Duration>,
    /// The same where it does not; `None` while it does.
    awake: Cell<Option<Duration>>,
}

impl Vigil {
    pub fn new() -> Vigil {
        Vigil {
            asked: Cell::new(None),
            spoke: Cell::new(false),
            streak: Cell::new(0),
            needed: Cell::new(STREAK),
            asleep: Cell::new(Duration::ZERO),
            awake: Cell::new(None),
        }
    }

    /// Something was written to a child, or to the parent. If not all of it, the other end has enough to
    /// do: that is no question.
    pub fn wrote(&self, all: bool) {
        self.spoke.set(all);
    }

    /// A turn begins.
    pub fn begin(&self) {
        self.spoke.set(false);
        match self.asked.take() {
            Some(asked) => self.learn(asked.elapsed()),
            None if self.awake.get().is_none() => self.streak.set(0),
            None => {}
        }
    }

    fn learn(&self, waited: Duration) {
        // What takes longer than a vigil is not gained by one.
        let counted = waited.min(VIGIL);
        let streak = self.streak.get() + 1;
        self.streak.set(streak);
        if let Some(awake) = self.awake.get() {
            let awake = average(awake, counted);
            // It must come in clearly less.
            if awake < self.asleep.get() * 2 / 3 && streak < TERM {
                self.awake.set(Some(awake));
            } else {
                self.give_up(streak);
            }
        } else if waited > SOON {
            self.streak.set(0);
        } else {
            self.asleep.set(if streak == 1 {
                counted
            } else {
                average(self.asleep.get(), counted)
            });
            if streak >= self.needed.get() {
                self.awake.set(Some(self.asleep.get() / 3));
                self.streak.set(0);
            }
        }
    }

    fn give_up(&self, answers: u32) {
        self.awake.set(None);
        self.streak.set(0);
        let more = MAX_STREAK.min(self.needed.get() * 2);
        self.needed.set(if answers < FRUIT { more } else { STREAK });
    }

    /// A turn ends: looks out for the next event, if that is worth it.
    pub fn end(&self, would_sleep: impl FnOnce() -> bool, has_events: impl Fn() -> bool) {
        if !self.spoke.get() {
            return;
        }
        let start = Instant::now();
        self.asked.set(Some(start));
        if self.awake.get().is_none() || !would_sleep() {
            return;
        }
        while !has_events() && start.elapsed() < VIGIL {
            std::hint::spin_loop();
        }
    }
}

fn average(before: Duration, now: Duration) -> Duration {
    (before * (AVERAGED - 1) + now) / AVERAGED
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_micros(120);
    const SHORT: Duration = Duration::from_micros(30);

    fn learned(answers: impl IntoIterator<Item = Duration>) -> Vigil {
        let vigil = Vigil::new();
        answers.into_iter().for_each(|waited| vigil.learn(waited));
        vigil
    }

    fn keeps(vigil: &Vigil) -> bool {
        vigil.awake.get().is_some()
    }

    #[test]
    fn it_takes_a_streak_of_answers_that_come_soon() {
        assert!(!keeps(&learned([LONG; STREAK as usize - 1])));
        assert!(keeps(&learned([LONG; STREAK as usize])));
        assert!(!keeps(&learned([SOON * 2; 100])));
        let mut answers = [LONG; 2 * STREAK as usize - 1];
        answers[STREAK as usize - 1] = SOON * 2;
        assert!(!keeps(&learned(answers)));
    }

    #[test]
    fn a_turn_without_a_question_ends_the_streak() {
        let vigil = learned([LONG; STREAK as usize - 1]);
        vigil.begin();
        vigil.learn(LONG);
        assert!(!keeps(&vigil));
    }

    #[test]
    fn it_goes_on_while_answers_come_faster() {
        let vigil = learned([LONG; STREAK as usize]);
        for _ in 0..1000 {
            vigil.learn(SHORT);
        }
        // Once in a while one is late.
        vigil.learn(SOON);
        assert!(keeps(&vigil));
    }

    #[test]
    fn in_vain_it_ends_soon_and_comes_again_later() {
        let vigil = learned([LONG; STREAK as usize]);
        let until = |wanted: bool| {
            let enough = (0..10_000).find(|_| {
                vigil.learn(LONG);
                keeps(&vigil) == wanted
            });
            enough.unwrap() + 1
        };
        assert!(until(false) <= 16);
        assert_eq!(until(true), 2 * STREAK);
        until(false);
        assert_eq!(until(true), 4 * STREAK);
        for _ in 0..20 {
            until(false);
            until(true);
        }
        until(false);
        assert_eq!(until(true), MAX_STREAK);
    }

    #[test]
    fn what_a_vigil_does_not_live_to_see_is_in_vain() {
        let vigil = learned([SOON; STREAK as usize]);
        for _ in 0..FRUIT {
            vigil.learn(SOON);
        }
        assert!(!keeps(&vigil));
        assert!(vigil.needed.get() > STREAK);
    }

    #[test]
    fn after_one_that_paid_the_next_comes_as_soon_as_the_first() {
        let vigil = learned([LONG; STREAK as usize]);
        for _ in 0..10 {
            for _ in 0..FRUIT {
                vigil.learn(SHORT);
            }
            while keeps(&vigil) {
                vigil.learn(SOON);
            }
            assert_eq!(vigil.needed.get(), STREAK);
            for _ in 0..STREAK {
                vigil.learn(LONG);
            }
            assert!(keeps(&vigil));
        }
    }

    #[test]
    fn now_and_then_it_is_measured_anew() {
        let vigil = learned([LONG; STREAK as usize]);
        let lasts = (0..2 * TERM).take_while(|_| {
            vigil.learn(SHORT);
            keeps(&vigil)
        });
        assert_eq!(lasts.count() as u32 + 1, TERM);
    }

    #[test]
    fn it_looks_out_only_where_the_loop_would_sleep_after_a_question() {
        let vigil = learned([LONG; STREAK as usize]);
        let looked = Cell::new(0);
        let look = || {
            looked.set(looked.get() + 1);
            looked.get() == 3
        };
        vigil.end(|| true, look);
        assert_eq!(looked.get(), 0);
        vigil.wrote(false);
        vigil.end(|| true, look);
        assert_eq!(looked.get(), 0);
        vigil.wrote(true);
        vigil.end(|| false, look);
        assert_eq!(looked.get(), 0);
        vigil.end(|| true, look);
        assert_eq!(looked.get(), 3);
        // Nobody answers.
        let start = Instant::now();
        vigil.end(|| true, || false);
        assert!(start.elapsed() >= VIGIL);
    }
}
