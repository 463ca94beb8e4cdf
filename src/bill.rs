//! What a child has used, once it has ended; and whose memory the peak is.
//!
//! The kernel bills a child for the memory in which it ran before its exec, too. That is its parent's, so
//! that `ru_maxrss` says something of the child only where it is more than the parent had.

use crate::limits::Figures;
use crate::sys::exit::Usage;

/// How the peak was had. lib/bill.js has the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PeakSource {
    /// Not at all: the child had less than its parent, and nobody looked while it ran.
    Unknown = 0,
    /// The control group counted: all processes in it together, file cache and kernel memory too.
    Cgroup = 1,
    /// getrusage: the largest of the child and of those descendants that were waited for.
    Rusage = 2,
    /// The most that was seen when somebody looked.
    Sampled = 3,
    /// As `Rusage`, of a child that was started from a program so small that it does not count.
    Exact = 4,
}

/// What is known of a child's memory beside its own bill. Bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// The peak of the memory that the child ran in before its exec.
    pub before: u64,
    /// The highest peak that was read from /proc while it ran; 0 if nobody did.
    pub sampled: u64,
    /// Whether `before` is that of the launcher.
    pub launched: bool,
    pub groups: Figures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    pub usage: Usage,
    /// Bytes; 0 where unknown.
    pub peak: u64,
    pub source: PeakSource,
    /// `None` where the kernel does not tell.
    pub oom_killed: Option<bool>,
}

/// How many numbers a bill is for JS.
pub const FIGURES: usize = 11;

impl Bill {
    pub fn new(usage: Usage, evidence: &Evidence) -> Bill {
        let (peak, source) = peak(&usage, evidence);
        Bill { usage, peak, source, oom_killed: evidence.groups.oom_killed }
    }

    /// In the order of `FIGURE` in lib/bill.js.
    pub fn figures(&self) -> [f64; FIGURES] {
        let usage = &self.usage;
        let oom_killed = self.oom_killed.map_or(-1.0, |it| f64::from(u8::from(it)));
        [
            usage.user as f64,
            usage.system as f64,
            self.peak as f64,
            f64::from(self.source as u8),
            usage.minor_faults as f64,
            usage.major_faults as f64,
            usage.blocks_read as f64,
            usage.blocks_written as f64,
            usage.voluntary_switches as f64,
            usage.involuntary_switches as f64,
            oom_killed,
        ]
    }
}

fn peak(usage: &Usage, evidence: &Evidence) -> (u64, PeakSource) {
    if evidence.launched {
        return (usage.peak, PeakSource::Exact);
    }
    if let Some(peak) = evidence.groups.peak {
        return (peak, PeakSource::Cgroup);
    }
    if usage.peak > clearly_above(evidence.before) {
        return (usage.peak, PeakSource::Rusage);
    }
    match evidence.sampled {
        0 => (0, PeakSource::Unknown),
        sampled => (sampled, PeakSource::Sampled),
    }
}

/// The kernel sums up its counters of pages late, one for each processor, and other threads of the parent
/// may grow between the look at it and the exec: a little more than the parent had is still the parent's.
fn clearly_above(before: u64) -> u64 {
    const LEAST: u64 = 1 << 20;
    before.saturating_add((before / 32).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn billed(peak: u64, evidence: Evidence) -> (u64, PeakSource) {
        let bill = Bill::new(Usage { peak, ..Usage::default() }, &evidence);
        (bill.peak, bill.source)
    }

    #[test]
    fn a_peak_that_may_be_the_parents_is_not_the_childs() {
        let before = 100 * MIB;
        let parents = Evidence { before, ..Evidence::default() };
        assert_eq!(billed(before, parents), (0, PeakSource::Unknown));
        assert_eq!(billed(before + MIB, parents), (0, PeakSource::Unknown));
        assert_eq!(billed(200 * MIB, parents), (200 * MIB, PeakSource::Rusage));
        let seen = Evidence { sampled: 7 * MIB, ..parents };
        assert_eq!(billed(before, seen), (7 * MIB, PeakSource::Sampled));
        assert_eq!(billed(200 * MIB, seen), (200 * MIB, PeakSource::Rusage));
        let unknown = Evidence { before: u64::MAX, ..Evidence::default() };
        assert_eq!(billed(before, unknown), (0, PeakSource::Unknown));
    }

    #[test]
    fn a_group_or_a_launcher_knows_better() {
        let groups = Figures { peak: Some(5 * MIB), oom_killed: Some(true) };
        let grouped = Evidence { before: 100 * MIB, groups, ..Evidence::default() };
        assert_eq!(billed(100 * MIB, grouped), (5 * MIB, PeakSource::Cgroup));
        let launched = Evidence { launched: true, ..grouped };
        assert_eq!(billed(3 * MIB, launched), (3 * MIB, PeakSource::Exact));
        assert_eq!(Bill::new(Usage::default(), &launched).figures()[10], 1.0);
        assert_eq!(Bill::new(Usage::default(), &Evidence::default()).figures()[10], -1.0);
    }
}
