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
/// So many in a row come soon before it is tried.
const STREAK: u32 = 16;
/// After a vain try comes a rest, each time twice as long. By the clock, not by answers: where one in a hundred
/// is late, none of the long streaks that would be asked for ever comes about. And what makes a try vain may
/// pass, such as that the scheduler has put both ends on one processor.
const REST: Duration = Duration::from_millis(2);
/// Both ends on one processor, a vain try takes a millisecond or two: a hundredth of the time, then.
const MAX_REST: Duration = Duration::from_millis(128);
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
    /// The rest that the last try was worth; and when it is over.
    rest: Cell<Duration>,
    rests_until: Cell<Instant>,
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
            rest: Cell::new(Duration::ZERO),
            rests_until: Cell::new(Instant::now()),
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
            Some(asked) => {
                let now = Instant::now();
                self.learn(now, now - asked);
            }
            None if self.awake.get().is_none() => self.streak.set(0),
            None => {}
        }
    }

    fn learn(&self, now: Instant, waited: Duration) {
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
                self.give_up(now, streak);
            }
        } else if waited > SOON {
            self.streak.set(0);
        } else {
            self.asleep.set(if streak == 1 {
                counted
            } else {
                average(self.asleep.get(), counted)
            });
            if streak >= STREAK && now >= self.rests_until.get() {
                self.awake.set(Some(self.asleep.get() / 3));
                self.streak.set(0);
            }
        }
    }

    fn give_up(&self, now: Instant, answers: u32) {
        self.awake.set(None);
        self.streak.set(0);
        let longer = (self.rest.get() * 2).clamp(REST, MAX_REST);
        self.rest.set(if answers < FRUIT { longer } else { Duration::ZERO });
        self.rests_until.set(now + self.rest.get());
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

    /// A vigil with a clock that goes on by what each answer takes.
    struct Watched {
        vigil: Vigil,
        now: Cell<Instant>,
    }

    impl Watched {
        fn after(answers: impl IntoIterator<Item = Duration>) -> Watched {
            let watched = Watched { vigil: Vigil::new(), now: Cell::new(Instant::now()) };
            answers.into_iter().for_each(|waited| watched.learn(waited));
            watched
        }

        fn learn(&self, waited: Duration) {
            self.now.set(self.now.get() + waited);
            self.vigil.learn(self.now.get(), waited);
        }

        fn keeps(&self) -> bool {
            self.vigil.awake.get().is_some()
        }

        /// What it takes until it begins, or ends, if each answer takes as long as given.
        fn until(&self, begun: bool, waited: impl Fn(u32) -> Duration) -> (u32, Duration) {
            let start = self.now.get();
            for answers in 1..10_000 {
                self.learn(waited(answers));
                if self.keeps() == begun {
                    return (answers, self.now.get() - start);
                }
            }
            panic!("it never comes");
        }
    }

    #[test]
    fn it_takes_a_streak_of_answers_that_come_soon() {
        assert!(!Watched::after([LONG; STREAK as usize - 1]).keeps());
        assert!(Watched::after([LONG; STREAK as usize]).keeps());
        assert!(!Watched::after([SOON * 2; 100]).keeps());
        let mut answers = [LONG; 2 * STREAK as usize - 1];
        answers[STREAK as usize - 1] = SOON * 2;
        assert!(!Watched::after(answers).keeps());
    }

    #[test]
    fn a_turn_without_a_question_ends_the_streak() {
        let watched = Watched::after([LONG; STREAK as usize - 1]);
        watched.vigil.begin();
        watched.learn(LONG);
        assert!(!watched.keeps());
    }

    #[test]
    fn it_goes_on_while_answers_come_faster() {
        let watched = Watched::after([LONG; STREAK as usize]);
        for _ in 0..1000 {
            watched.learn(SHORT);
        }
        // Once in a while one is late.
        watched.learn(SOON);
        assert!(watched.keeps());
    }

    #[test]
    fn in_vain_it_ends_soon_and_comes_again_later() {
        let watched = Watched::after([LONG; STREAK as usize]);
        let mut rest = REST;
        for _ in 0..10 {
            let (answers, _) = watched.until(false, |_| LONG);
            assert!(answers <= 16);
            let (answers, rested) = watched.until(true, |_| LONG);
            assert!(answers >= STREAK);
            assert!((rest..rest + LONG).contains(&rested));
            rest = MAX_REST.min(rest * 2);
        }
        assert_eq!(rest, MAX_REST);
    }

    #[test]
    fn late_answers_now_and_then_make_the_rest_no_longer() {
        let watched = Watched::after([LONG; STREAK as usize]);
        let sometimes_late = |at| if at % 30 == 0 { SOON * 2 } else { LONG };
        for _ in 0..10 {
            watched.until(false, |_| LONG);
            let (_, rested) = watched.until(true, sometimes_late);
            assert!(rested < MAX_REST + 30 * SOON);
        }
    }

    #[test]
    fn what_a_vigil_does_not_live_to_see_is_in_vain() {
        let watched = Watched::after([SOON; STREAK as usize]);
        watched.until(false, |_| SOON);
        assert_eq!(watched.vigil.rest.get(), REST);
    }

    #[test]
    fn after_one_that_paid_the_next_comes_as_soon_as_the_first() {
        let watched = Watched::after([LONG; STREAK as usize]);
        for _ in 0..10 {
            for _ in 0..FRUIT {
                watched.learn(SHORT);
            }
            watched.until(false, |_| SOON);
            assert_eq!(watched.until(true, |_| LONG).0, STREAK);
        }
    }

    #[test]
    fn now_and_then_it_is_measured_anew() {
        let watched = Watched::after([LONG; STREAK as usize]);
        assert_eq!(watched.until(false, |_| SHORT).0, TERM);
    }

    #[test]
    fn it_looks_out_only_where_the_loop_would_sleep_after_a_question() {
        let Watched { vigil, .. } = Watched::after([LONG; STREAK as usize]);
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
