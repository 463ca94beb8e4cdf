//! What a child is held to from before its program begins: resource limits, priority, processors, umask,
//! and no way to more privileges. `apply` runs in the child, under the rules of `vfork`: system calls
//! only, nothing that allocates, locks or panics.

use std::ffi::c_long;
use std::ptr;

use super::step::Step;
use super::syscall::syscall;
use super::vfork::{Failure, attempt};

/// What setrlimit(2) limits, by the numbers that the kernel has on most architectures (not on MIPS, SPARC
/// and Alpha).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Resource {
    /// Seconds of CPU time.
    CpuTime = 0,
    /// Bytes of a file that is written.
    FileSize = 1,
    /// Bytes of the stack of the first thread.
    Stack = 3,
    /// Bytes of a core file.
    Core = 4,
    /// Processes, with their threads, of the user. The root user is not bound by it.
    Processes = 6,
    /// Descriptors: one more than the highest number.
    OpenFiles = 7,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    pub resource: Resource,
    /// Where the kernel begins to refuse, or to warn.
    pub soft: u64,
    /// How far the program may raise `soft` again.
    pub hard: u64,
}

/// No limit (RLIM_INFINITY).
pub const UNLIMITED: u64 = u64::MAX;

/// What the kernel itself has room for at most (CONFIG_NR_CPUS), in words.
const MASK_WORDS: usize = 128;

/// A set of processors, as sched_setaffinity(2) takes it.
pub type ProcessorMask = [u64; MASK_WORDS];

/// All empty: nothing is restricted.
#[derive(Default)]
pub struct Restrictions {
    pub limits: Vec<ResourceLimit>,
    pub nice: Option<i32>,
    pub affinity: Option<Box<ProcessorMask>>,
    pub umask: Option<u32>,
    /// exec gives no privileges from here on: no set-id bits, no file capabilities.
    pub no_new_privileges: bool,
}

/// A limit at `value`, which the program cannot raise. Of CPU time it has a second more, in which to heed
/// SIGXCPU: at the hard limit it is killed.
pub fn limit(resource: Resource, value: u64) -> ResourceLimit {
    let mut hard = value;
    let own = || rustix::process::getrlimit(rustix::process::Resource::Cpu).maximum;
    if resource == Resource::CpuTime && own() != Some(value) {
        hard = value.saturating_add(1);
    }
    ResourceLimit { resource, soft: value, hard }
}

/// Whether there is a processor of this number now.
pub fn is_online(number: u32) -> bool {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/online");
    // Without /sys the kernel is asked by trying.
    list.map_or(true, |list| in_list(&list, number))
}

/// Whether a number is in a list such as `0-3,8`.
fn in_list(list: &str, number: u32) -> bool {
    list.trim().split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        match (first.parse::<u32>(), last.parse()) {
            (Ok(first), Ok(last)) => (first..=last).contains(&number),
            _ => false,
        }
    })
}

/// The mask of the processors with these numbers; `None` if one is beyond what any kernel has.
pub fn processor_mask(numbers: &[u32]) -> Option<Box<ProcessorMask>> {
    let mut mask = Box::new([0; MASK_WORDS]);
    for &number in numbers {
        *mask.get_mut(number as usize / 64)? |= 1_u64 << (number % 64);
    }
    Some(mask)
}

/// While the child still has the rights of its parent: only these may raise a hard limit, or the
/// priority.
pub(super) fn apply(restrictions: &Restrictions) -> Result<(), Failure> {
    for limit in &restrictions.limits {
        set_limit(*limit)?;
    }
    if let Some(nice) = restrictions.nice
        && let Err(errno) =
            syscall(libc::SYS_setpriority, [libc::PRIO_PROCESS.into(), 0, nice.into()])
    {
        // As nice(2) has it. EACCES would read as a program that may not be run.
        return Err((Step::Nice, if errno == libc::EACCES { libc::EPERM } else { errno }));
    }
    if let Some(mask) = &restrictions.affinity {
        set_affinity(mask)?;
    }
    if let Some(umask) = restrictions.umask {
        let _ = syscall(libc::SYS_umask, [umask.into()]);
    }
    if restrictions.no_new_privileges {
        attempt(
            Step::NoNewPrivileges,
            libc::SYS_prctl,
            [libc::PR_SET_NO_NEW_PRIVS.into(), 1, 0, 0, 0],
        )?;
    }
    Ok(())
}

/// prlimit64, and not setrlimit, which some C libraries do by way of every thread of the process.
fn set_limit(limit: ResourceLimit) -> Result<(), Failure> {
    // The kernel's struct rlimit64.
    let value = [limit.soft, limit.hard];
    let new = ptr::from_ref(&value) as c_long;
    attempt(Step::Limit, libc::SYS_prlimit64, [0, limit.resource as c_long, new, 0])
}

/// The kernel leaves out, without a word, what is not there or not allowed to this process (cpuset); so
/// what came of it is looked at.
fn set_affinity(mask: &ProcessorMask) -> Result<(), Failure> {
    let bytes = size_of::<ProcessorMask>() as c_long;
    let wanted = [0, bytes, ptr::from_ref(mask) as c_long];
    attempt(Step::Affinity, libc::SYS_sched_setaffinity, wanted)?;
    let mut came: ProcessorMask = [0; MASK_WORDS];
    let answer = [0, bytes, ptr::from_mut(&mut came) as c_long];
    attempt(Step::Affinity, libc::SYS_sched_getaffinity, answer)?;
    if came == *mask { Ok(()) } else { Err((Step::Affinity, libc::EINVAL)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_has_ranges() {
        let online = |number| in_list("0-3,8,10-11\n", number);
        assert!(online(0) && online(3) && online(8) && online(11));
        assert!(!online(4) && !online(9) && !online(12));
        assert!(is_online(0));
    }

    #[test]
    fn of_cpu_time_there_is_a_second_more() {
        let cpu = limit(Resource::CpuTime, 5);
        assert_eq!((cpu.soft, cpu.hard), (5, 6));
        let files = limit(Resource::OpenFiles, 5);
        assert_eq!((files.soft, files.hard), (5, 5));
    }

    #[test]
    fn a_mask_has_the_bits_of_its_numbers() {
        let mask = processor_mask(&[0, 3, 64]).unwrap();
        assert_eq!((mask[0], mask[1]), (0b1001, 1));
        assert!(processor_mask(&[8191]).is_some());
        assert!(processor_mask(&[8192]).is_none());
    }
}
