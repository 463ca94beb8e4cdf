//! What a spawn can be told beyond Node's options, as JS hands it over.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;

use napi_derive::napi;

use crate::limits::Groups;
use crate::sys::restrictions::{self, Resource, ResourceLimit, Restrictions};
use crate::sys::spawn::{Extras, Failure, Step};

/// Options of ours for one spawn; what is absent is not done.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SpawnExtras {
    /// Paths of the `cgroup.procs` files of the control groups that the child enters.
    pub cgroup_procs: Option<Vec<String>>,
    /// What `openGroups` answered: groups that the child enters, and that end with it.
    pub groups: Option<u32>,
    pub resource_limits: Option<ResourceLimits>,
    pub nice: Option<i32>,
    /// Numbers of processors.
    pub affinity: Option<Vec<u32>>,
    pub umask: Option<u32>,
    pub no_new_privileges: Option<bool>,
    /// Started by the launcher: `exactUsageProblem` tells whether that can be.
    pub exact_usage: Option<bool>,
}

/// Limits of setrlimit(2); Infinity is none.
#[napi(object, object_to_js = false)]
#[derive(Clone, Copy, Default)]
pub struct ResourceLimits {
    /// Seconds.
    pub cpu_time: Option<f64>,
    /// Bytes.
    pub file_size: Option<f64>,
    pub stack: Option<f64>,
    pub core: Option<f64>,
    /// All of the user, with their threads.
    pub processes: Option<f64>,
    pub open_files: Option<f64>,
}

/// What must stay open while the child starts.
pub(super) struct Opened {
    cgroups: Vec<File>,
}

impl SpawnExtras {
    pub(super) fn open(&self, groups: &Groups) -> Result<Opened, Failure> {
        let mut cgroups = Vec::new();
        for path in self.cgroup_procs.iter().flatten() {
            let file = OpenOptions::new().write(true).open(path);
            cgroups.push(file.map_err(|error| failure(Step::Cgroup, &error))?);
        }
        cgroups.extend(groups.open_procs().map_err(|error| failure(Step::Cgroup, &error))?);
        Ok(Opened { cgroups })
    }

    pub(super) fn extras<'a>(&self, opened: &'a Opened) -> Result<Extras<'a>, Failure> {
        Ok(Extras {
            cgroups: opened.cgroups.iter().map(AsFd::as_fd).collect(),
            restrictions: self.restrictions()?,
            launched: self.exact_usage.unwrap_or(false),
        })
    }

    fn restrictions(&self) -> Result<Restrictions, Failure> {
        let impossible = Failure { step: Step::Affinity, errno: libc::EINVAL };
        let mask = |numbers: &Vec<u32>| restrictions::processor_mask(numbers).ok_or(impossible);
        Ok(Restrictions {
            limits: self.resource_limits.map(ResourceLimits::list).unwrap_or_default(),
            nice: self.nice,
            affinity: self.affinity.as_ref().map(mask).transpose()?,
            umask: self.umask,
            no_new_privileges: self.no_new_privileges.unwrap_or(false),
        })
    }
}

impl ResourceLimits {
    fn list(self) -> Vec<ResourceLimit> {
        let given = [
            (Resource::CpuTime, self.cpu_time),
            (Resource::FileSize, self.file_size),
            (Resource::Stack, self.stack),
            (Resource::Core, self.core),
            (Resource::Processes, self.processes),
            (Resource::OpenFiles, self.open_files),
        ];
        let limit = |(resource, number): (_, Option<f64>)| {
            number.map(|number| restrictions::limit(resource, value(number)))
        };
        given.into_iter().filter_map(limit).collect()
    }
}

/// JS has refused negative numbers and fractions.
fn value(number: f64) -> u64 {
    if number.is_finite() { number as u64 } else { restrictions::UNLIMITED }
}

fn failure(step: Step, error: &io::Error) -> Failure {
    Failure { step, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}
