//! What a child needs between clone and exec, together with all that it points to: so that it can be kept for
//! as long as the child may look at it.

use std::ffi::{CString, c_char, c_int};
use std::os::fd::AsRawFd;
use std::ptr;
use std::rc::Rc;

use super::cstrings::CStringArray;
use super::lookup;
use super::spawn::{Failure, Request};
use super::step::Step;
use super::vfork::{self, Child, Report};

/// Less than this of arguments and environment is never too much: the kernel takes 128 KiB at the very least
/// (execve(2)).
const ALWAYS_TAKEN: usize = 64 * 1024;

/// `child` points into the rest, all of which stays where it is when this value is moved.
pub(super) struct Prepared {
    pub child: Child,
    pub candidates: CStringArray,
    descriptors: Vec<c_int>,
    cwd: Option<CString>,
    argv: Rc<CStringArray>,
    env: Rc<CStringArray>,
    _shell_argv: Vec<*const c_char>,
}

impl Prepared {
    /// Without the extras of the request, which are its own.
    pub(super) fn new(request: &Request<'_>) -> Result<Prepared, Failure> {
        let candidates = lookup::candidates(request.file, request.env.variable(c"PATH"))
            .map_err(|errno| Failure { step: Step::Exec, errno })?;
        let mut shell_argv: Vec<*const c_char> = Vec::with_capacity(request.argv.len() + 2);
        shell_argv.extend([c"/bin/sh".as_ptr(), ptr::null()]);
        shell_argv.extend(request.argv.pointers().iter().skip(1));
        if request.argv.is_empty() {
            shell_argv.push(ptr::null());
        }
        let mut descriptors: Vec<c_int> =
            request.stdio.iter().map(|fd| fd.map_or(-1, |fd| fd.as_raw_fd())).collect();
        // Nobody is started without standard streams, however short the list.
        descriptors.resize(descriptors.len().max(3), -1);
        let cwd = request.cwd.clone();
        let child = Child {
            argv: request.argv.pointers().as_ptr(),
            envp: request.env.pointers().as_ptr(),
            candidates: candidates.pointers().as_ptr(),
            shell_argv: shell_argv.as_mut_ptr(),
            cwd: cwd.as_ref().map_or(ptr::null(), |cwd| cwd.as_ptr()),
            new_session: request.detached,
            uid: request.uid.map_or(-1, i64::from),
            gid: request.gid.map_or(-1, i64::from),
            descriptor_count: descriptors.len() as c_int,
            descriptors: descriptors.as_mut_ptr(),
            extras: ptr::null(),
            launcher: ptr::null(),
            enters_group: false,
            report_pipe: -1,
            report: Report::default(),
            peak_before: u64::MAX,
        };
        let (argv, env) = (Rc::clone(request.argv), Rc::clone(request.env));
        Ok(Prepared { child, candidates, descriptors, cwd, argv, env, _shell_argv: shell_argv })
    }

    /// Whether no step before exec can fail, and exec not for what it is given beside the program.
    pub(super) fn cannot_fail(&self) -> bool {
        let is_asked_much = self.child.uid >= 0 || self.child.gid >= 0;
        // Needs a descriptor more, and there may be none.
        let lifts = (0..).zip(&self.descriptors).any(|(at, &fd)| vfork::is_in_the_way(fd, at));
        let bytes = self.argv.size() + self.env.size();
        !is_asked_much && !lifts && bytes < ALWAYS_TAKEN && self.can_move()
    }

    /// Whether the child will find its directory, and by the same path the same program.
    fn can_move(&self) -> bool {
        let Some(cwd) = &self.cwd else { return true };
        let is_relative = |path: &[u8]| !path.starts_with(b"/");
        if self.candidates.iter().any(is_relative) {
            return false;
        }
        // Only who may enter a directory may look for something in it.
        rustix::fs::stat([cwd.to_bytes(), b"/."].concat()).is_ok()
    }
}
