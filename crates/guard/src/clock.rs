//! The clock that /proc tells the beginning of processes by.

/// /proc counts a hundred a second on every architecture that we run on (USER_HZ).
const NANOSECONDS_PER_TICK: u64 = 1_000_000_000 / 100;

/// Clock ticks after boot at a time of CLOCK_BOOTTIME in nanoseconds.
pub fn ticks(nanoseconds: u64) -> u64 {
    nanoseconds / NANOSECONDS_PER_TICK
}

#[cfg(test)]
mod tests {
    use rustix::time::{ClockId, clock_gettime};

    #[test]
    fn this_process_has_begun_in_the_past_hour() {
        let own = sprog_tree::identify(std::process::id().cast_signed()).unwrap().unwrap();
        let now = clock_gettime(ClockId::Boottime);
        let now = super::ticks(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64);
        assert!((now.saturating_sub(360_000)..=now).contains(&own.start_time));
    }
}
