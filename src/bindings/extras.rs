//! What a spawn can be told beyond Node's options, as JS hands it over.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use napi_derive::napi;

use crate::sys::spawn::{Extras, Failure, Group, Step};

/// Options of ours for one spawn; what is absent is not done.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct SpawnExtras {
    /// Directory of the control group (v2) that the child is to be in.
    pub cgroup: Option<String>,
}

/// What must stay open while the child starts.
pub(super) struct Opened {
    group: Option<OpenGroup>,
}

struct OpenGroup {
    directory: File,
    procs: File,
}

impl SpawnExtras {
    pub(super) fn open(&self) -> Result<Opened, Failure> {
        let group = self.cgroup.as_ref().map(OpenGroup::open).transpose();
        Ok(Opened { group: group.map_err(|error| failure(Step::Cgroup, &error))? })
    }

    pub(super) fn extras<'a>(&self, opened: &'a Opened) -> Extras<'a> {
        Extras { group: opened.group.as_ref().map(OpenGroup::borrow) }
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
