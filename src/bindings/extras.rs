//! What a spawn can be told beyond Node's options, as JS hands it over.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use napi_derive::napi;

use crate::guard::{self, Ward};
use crate::limits::Groups;
use crate::sys::restrictions::{self, Resource, ResourceLimit, Restrictions};
use crate::sys::spawn::{Enrolment, Extras, Failure, Group, Step};

/// Options of ours for one spawn; what is absent is not done.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SpawnExtras {
    /// Directory of the control group (v2) that the child is to be in.
    pub cgroup: Option<String>,
    /// What `openGroups` answered: groups that end with the child, and of which it enters those of version 1.
    pub groups: Option<u32>,
    pub resource_limits: Option<ResourceLimits>,
    pub nice: Option<i32>,
    /// Numbers of processors.
    pub affinity: Option<Vec<u32>>,
    pub umask: Option<u32>,
    pub no_new_privileges: Option<bool>,
    /// Started by the launcher: `exactUsageProblem` tells whether that can be.
    pub exact_usage: Option<bool>,
    /// The number that `enrol` gave: what the child is to the guard.
    pub ward: Option<f64>,
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
    group: Option<OpenGroup>,
    /// `cgroup.procs` of those of version 1.
    others: Vec<File>,
    /// Told that nothing was started, if it is dropped before it is told that something was.
    pub ward: Option<Ward>,
    enrolment: Option<guard::Enrolment>,
}

struct OpenGroup {
    directory: File,
    procs: File,
}

impl SpawnExtras {
    pub(super) fn open(&self, groups: &Groups) -> Result<Opened, Failure> {
        let failed = |error| failure(Step::Cgroup, &error);
        let ward = self.ward.map(|number| Ward::new(number as u64));
        let enrolment = ward.as_ref().and_then(Ward::enrolment);
        let group = self.cgroup.as_ref().map(OpenGroup::open).transpose();
        Ok(Opened {
            group: group.map_err(failed)?,
            others: groups.open_procs().map_err(failed)?,
            ward,
            enrolment,
        })
    }

    pub(super) fn extras<'a>(&self, opened: &'a Opened) -> Result<Extras<'a>, Failure> {
        let enrolment = opened
            .enrolment
            .as_ref()
            .map(|enrolment| Enrolment { socket: enrolment.socket.as_fd(), head: enrolment.head });
        Ok(Extras {
            enrolment,
            group: opened.group.as_ref().map(OpenGroup::borrow),
            other_groups: opened.others.iter().map(AsFd::as_fd).collect(),
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

impl OpenGroup {
    fn open(path: &String) -> io::Result<OpenGroup> {
        let directory = File::open(path)?;
        let procs = OpenOptions::new().write(true).open(Path::new(path).join("cgroup.procs"))?;
        Ok(OpenGroup { directory, procs })
    }

    fn borrow(&self) -> Group<'_> {
        Group { directory: self.directory.as_fd(), procs: self.procs.as_fd() }
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
