//! What a spawn can be told beyond Node's options, as JS hands it over.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use napi_derive::napi;

use crate::guard::{self, Ward};
use crate::sys::spawn::{Enrolment, Extras, Failure, Group, Step};

/// Options of ours for one spawn; what is absent is not done.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SpawnExtras {
    /// Directory of the control group (v2) that the child is to be in.
    pub cgroup: Option<String>,
    /// The number that `enrol` gave: what the child is to the guard.
    pub ward: Option<f64>,
}

/// What must stay open while the child starts.
pub(super) struct Opened {
    group: Option<OpenGroup>,
    /// Told that nothing was started, if it is dropped before it is told that something was.
    pub ward: Option<Ward>,
    enrolment: Option<guard::Enrolment>,
}

struct OpenGroup {
    directory: File,
    procs: File,
}

impl SpawnExtras {
    pub(super) fn open(&self) -> Result<Opened, Failure> {
        let ward = self.ward.map(|number| Ward::new(number as u64));
        let enrolment = ward.as_ref().and_then(Ward::enrolment);
        let group = self.cgroup.as_ref().map(OpenGroup::open).transpose();
        let group = group.map_err(|error| failure(Step::Cgroup, &error))?;
        Ok(Opened { group, ward, enrolment })
    }

    pub(super) fn extras<'a>(&self, opened: &'a Opened) -> Extras<'a> {
        let enrolment = opened
            .enrolment
            .as_ref()
            .map(|enrolment| Enrolment { socket: enrolment.socket.as_fd(), head: enrolment.head });
        Extras { enrolment, group: opened.group.as_ref().map(OpenGroup::borrow) }
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

fn failure(step: Step, error: &io::Error) -> Failure {
    Failure { step, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}
