//! Spawn for JS: a request packed into strings and one Int32Array, so that a spawn is one
//! crossing with five arguments.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use napi::{Env, Unknown};
use napi_derive::napi;

use super::environment::Environment;
use super::extras::SpawnExtras;
use super::handle::{Channel, Handle, Stream};
use super::{negative_errno, raw};
use crate::channel::frame::Wire;
use crate::limits::Groups;
use crate::process::Child;
use crate::stream::Kind;
use crate::sys::spawn::{CStringArray, Failure, Request, Step};
use crate::sys::{environ, exit, fd, socket, spawn};

// The plan, an Int32Array that carries numbers in and out. lib/start.js has the same layout.
//
//   in:  0 flags   1 uid   2 gid   3 number of stdio entries, then kind and value of each
//   out: 0 pid     1 token of the child     2 the step that failed
//        and the value of each pipe, fifo and channel entry: its token
const FLAGS: usize = 0;
const UID: usize = 1;
const GID: usize = 2;
const STDIO_COUNT: usize = 3;
const STDIO: usize = 4;
const OUT_PID: usize = 0;
const OUT_CHILD: usize = 1;
const OUT_STEP: usize = 2;

/// What a pipe holds, unless its user has used up what all pipes of a user may hold.
const PIPE_BYTES: usize = 64 * 1024;

const FLAG_DETACHED: i32 = 1;
const FLAG_UID: i32 = 2;
const FLAG_GID: i32 = 4;
const FLAG_INHERIT: i32 = 8;

// The kind of an entry; lib/stdio.js has the same numbers. All others are `Stdio::Ignore`.
const SOCKET: i32 = 1;
const FIFO: i32 = 2;
const INHERIT: i32 = 3;
const LEND: i32 = 4;
const CHANNEL: i32 = 5;
const FIFO_OR_SOCKET: i32 = 6;
const SAME: i32 = 7;

/// What becomes a descriptor of the child.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdio {
    Ignore,
    /// A socketpair; we keep an end.
    Socket,
    /// A pipe(2); we keep the other end: the writing one for descriptor 0, else the reading one.
    Fifo,
    /// A descriptor of this process, by number.
    Inherit(i32),
    /// A stream of ours, by token.
    Lend(u32),
    /// A socketpair that speaks messages.
    Channel(Wire),
    /// As `Fifo` where the pipe holds what a pipe should, else as `Socket`.
    FifoOrSocket,
    /// What the entry before it of this index is.
    Same(usize),
}

impl Stdio {
    pub(super) fn from_plan(kind: i32, value: i32) -> Stdio {
        match kind {
            SOCKET => Stdio::Socket,
            FIFO => Stdio::Fifo,
            INHERIT => Stdio::Inherit(value),
            LEND => Stdio::Lend(value.cast_unsigned()),
            CHANNEL => Stdio::Channel(if value == 0 { Wire::Json } else { Wire::Length }),
            FIFO_OR_SOCKET => Stdio::FifoOrSocket,
            SAME => Stdio::Same(value.unsigned_abs() as usize),
            _ => Stdio::Ignore,
        }
    }
}

/// The strings of a request, as JS packed them.
struct Packed {
    file: String,
    argv: String,
    env: String,
    cwd: Option<String>,
}

/// The child's end of one entry while the spawn goes on.
enum Theirs {
    Nothing,
    Owned(OwnedFd),
    Borrowed(BorrowedFd<'static>),
    Same(usize),
}

/// Both ends of all entries.
struct Ends {
    theirs: Vec<Theirs>,
    /// Our end, with the index of its entry.
    ours: Vec<(usize, Handle)>,
}

#[napi]
impl Environment {
    /// Starts a program. `argv` and `env` hold their entries each ended by a NUL (with
    /// `FLAG_INHERIT`, `env` is what comes on top of our own environment); `cwd` may be absent.
    /// Answers 0, or `-errno`: then the tokens of the pipes are valid all the same (their other ends
    /// are closed), unless opening them was what failed: then the number of stdio entries in the plan
    /// is cleared, and nothing is open.
    #[napi(catch_unwind)]
    pub fn spawn(
        &self,
        js: Env,
        file: String,
        argv: String,
        env: String,
        cwd: Option<String>,
        plan: Unknown<'_>,
    ) -> napi::Result<i32> {
        let request = Packed { file, argv, env, cwd };
        Ok(self.spawn_packed(request, raw::int32s(&js, plan)?, None))
    }

    /// The same with options of ours. Apart, so that nobody else pays for them.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "one crossing, as spawn")]
    pub fn spawn_with(
        &self,
        js: Env,
        file: String,
        argv: String,
        env: String,
        cwd: Option<String>,
        plan: Unknown<'_>,
        extras: SpawnExtras,
    ) -> napi::Result<i32> {
        let request = Packed { file, argv, env, cwd };
        Ok(self.spawn_packed(request, raw::int32s(&js, plan)?, Some(&extras)))
    }

    fn spawn_packed(&self, packed: Packed, plan: &mut [i32], extras: Option<&SpawnExtras>) -> i32 {
        let count = usize::try_from(plan[STDIO_COUNT]).unwrap_or(0);
        let stdio: Vec<Stdio> = plan[STDIO..]
            .chunks_exact(2)
            .take(count)
            .map(|entry| Stdio::from_plan(entry[0], entry[1]))
            .collect();
        let ends = match self.open_ends(&stdio) {
            Ok(ends) => ends,
            Err(error) => {
                plan[STDIO_COUNT] = 0;
                plan[OUT_STEP] = Step::Stdio as i32;
                return negative_errno(&error);
            }
        };
        let flags = plan[FLAGS];
        let groups = extras.and_then(|extras| extras.groups).map(|it| self.inner.groups.take(it));
        let groups = groups.unwrap_or_default();
        let opened = extras.map(|extras| extras.open(&groups)).transpose();
        let started = opened.and_then(|mut opened| {
            let extras = extras.zip(opened.as_ref());
            let extras = extras.map(|(extras, opened)| extras.extras(opened)).transpose()?;
            let request = Request {
                file: packed.file.as_bytes(),
                argv: &CStringArray::from_terminated(packed.argv.into_bytes()),
                env: &environment(packed.env, flags & FLAG_INHERIT != 0),
                cwd: directory(packed.cwd)?,
                detached: flags & FLAG_DETACHED != 0,
                uid: (flags & FLAG_UID != 0).then_some(plan[UID].cast_unsigned()),
                gid: (flags & FLAG_GID != 0).then_some(plan[GID].cast_unsigned()),
                stdio: &ends.theirs.iter().map(|fd| fd.borrow(&ends.theirs)).collect::<Vec<_>>(),
                extras: extras.as_ref(),
            };
            let (pid, child) = start(&request, groups)?;
            if let Some(mut ward) = opened.as_mut().and_then(|opened| opened.ward.take()) {
                ward.started(pid);
                child.keep(ward);
            }
            Ok((pid, child))
        });
        drop(ends.theirs);
        for (index, handle) in ends.ours {
            plan[STDIO + 2 * index + 1] = self.inner.reactor.insert(Rc::new(handle)).cast_signed();
        }
        match started.and_then(|(pid, child)| Ok((pid, self.watch(child)?))) {
            Ok((pid, token)) => {
                plan[OUT_PID] = pid;
                plan[OUT_CHILD] = token.cast_signed();
                plan[OUT_STEP] = 0;
                0
            }
            Err(failure) => {
                plan[OUT_STEP] = failure.step as i32;
                -failure.errno
            }
        }
    }

    fn watch(&self, child: Child) -> Result<u32, Failure> {
        let child = Rc::new(Handle::Child(child));
        let token = self.inner.reactor.insert(Rc::clone(&child));
        self.inner.reactor.update(token).map(|()| token).map_err(|error| {
            self.inner.reactor.remove(token);
            if let Handle::Child(child) = &*child {
                child.abandon();
            }
            Failure { step: Step::Clone, errno: -negative_errno(&error) }
        })
    }

    fn open_ends(&self, stdio: &[Stdio]) -> io::Result<Ends> {
        let mut ends = Ends { theirs: Vec::with_capacity(stdio.len()), ours: Vec::new() };
        for (index, &entry) in stdio.iter().enumerate() {
            let theirs = match entry {
                Stdio::Ignore => Theirs::Nothing,
                Stdio::Socket | Stdio::Fifo | Stdio::FifoOrSocket => {
                    let (ours, theirs) = open_stream(entry, index == 0)?;
                    ends.ours.push((index, Handle::Stream(ours)));
                    Theirs::Owned(theirs)
                }
                Stdio::Same(earlier) => Theirs::Same(earlier),
                Stdio::Channel(wire) => {
                    let (ours, theirs) = socket::pair()?;
                    ends.ours.push((index, Handle::Channel(Channel::new(wire, ours))));
                    Theirs::Owned(theirs)
                }
                Stdio::Inherit(number) => Theirs::Borrowed(fd::borrow(number)?),
                Stdio::Lend(token) => Theirs::Owned(self.lend(token)?),
            };
            ends.theirs.push(theirs);
        }
        Ok(ends)
    }

    pub(super) fn lend(&self, token: u32) -> io::Result<OwnedFd> {
        match self.inner.reactor.get(token).as_deref() {
            Some(Handle::Stream(stream)) => stream.lend(),
            _ => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }
}

/// Both ends of a stream; `writes` tells which end of a pipe is ours.
fn open_stream(entry: Stdio, writes: bool) -> io::Result<(Stream, OwnedFd)> {
    if entry != Stdio::Socket {
        let (reader, writer) = fd::pipe()?;
        if entry == Stdio::Fifo || fd::pipe_size(writer.as_fd())? >= PIPE_BYTES {
            let (kind, ours, theirs) = if writes {
                (Kind::PipeWriter, writer, reader)
            } else {
                (Kind::PipeReader, reader, writer)
            };
            fd::set_nonblocking(ours.as_fd(), true)?;
            return Ok((Stream::new(kind, ours), theirs));
        }
    }
    let (ours, theirs) = socket::pair()?;
    Ok((Stream::new(Kind::Socket, ours), theirs))
}

impl Theirs {
    fn borrow<'a>(&'a self, all: &'a [Theirs]) -> Option<BorrowedFd<'a>> {
        match self {
            Theirs::Same(earlier) => match all.get(*earlier)? {
                Theirs::Same(_) => None,
                entry => entry.borrow(all),
            },
            Theirs::Nothing => None,
            Theirs::Owned(fd) => Some(fd.as_fd()),
            Theirs::Borrowed(fd) => Some(*fd),
        }
    }
}

/// The directory of a child, if one is asked for. JS has cut it at its first NUL.
pub(super) fn directory(path: Option<String>) -> Result<Option<CString>, Failure> {
    path.map(CString::new)
        .transpose()
        .map_err(|_| Failure { step: Step::Chdir, errno: libc::EINVAL })
}

/// The environment of a child, from entries each ended by a NUL.
pub(super) fn environment(entries: String, inherits: bool) -> Rc<CStringArray> {
    if inherits {
        environ::inherit(entries.into_bytes())
    } else {
        Rc::new(CStringArray::from_terminated(entries.into_bytes()))
    }
}

fn start(request: &Request<'_>, groups: Groups) -> Result<(i32, Child), Failure> {
    let spawned = spawn::spawn(request)?;
    let pid = spawned.pid;
    if let Err(error) = groups.settle() {
        exit::kill_and_reap(pid);
        return Err(Failure { step: Step::Cgroup, errno: -negative_errno(&error) });
    }
    let child = Child::new(spawned, groups)
        .map_err(|error| Failure { step: Step::Clone, errno: -negative_errno(&error) })?;
    Ok((pid, child))
}
