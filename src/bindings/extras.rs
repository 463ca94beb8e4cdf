//! What a spawn can be told beyond Node's options, as JS hands it over.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;

use napi_derive::napi;

use crate::guard::{self, Ward};
use crate::sys::spawn::{Enrolment, Extras, Failure, Step};

/// Options of ours for one spawn; what is absent is not done.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SpawnExtras {
    /// Paths of the `cgroup.procs` files of the control groups that the child enters.
    pub cgroup_procs: Option<Vec<String>>,
    /// The number that `enrol` gave: what the child is to the guard.
    pub ward: Option<f64>,
}

/// What must stay open while the child starts.
pub(super) struct Opened {
    cgroups: Vec<File>,
    /// Told that nothing was started, if it is dropped before it is told that something was.
    pub ward: Option<Ward>,
    enrolment: Option<guard::Enrolment>,
}

impl SpawnExtras {
    pub(super) fn open(&self) -> Result<Opened, Failure> {
        let mut cgroups = Vec::new();
        for path in self.cgroup_procs.iter().flatten() {
            let file = OpenOptions::new().write(true).open(path);
            cgroups.push(file.map_err(|error| failure(Step::Cgroup, &error))?);
        }
        let ward = self.ward.map(|number| Ward::new(number as u64));
        let enrolment = ward.as_ref().and_then(Ward::enrolment);
        Ok(Opened { cgroups, ward, enrolment })
    }

    pub(super) fn extras<'a>(&self, opened: &'a Opened) -> Extras<'a> {
        let enrolment = opened.enrolment.as_ref();
        Extras {
            cgroups: opened.cgroups.iter().map(AsFd::as_fd).collect(),
            enrolment: enrolment.map(|enrolment| Enrolment {
                socket: enrolment.socket.as_fd(),
                head: enrolment.head,
            }),
        }
    }
}

fn failure(step: Step, error: &io::Error) -> Failure {
    Failure { step, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}
