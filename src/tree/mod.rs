//! The processes of a child and of all its descendants, as one thing to signal and to end. How they
//! are found is in the crate `sprog-tree`; here is when: by a call of JS, or on a thread of ours
//! that goes on while JS is blocked, and after the child itself has exited.

mod apart;
mod keeper;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use sprog_tree::{Hunt, Options, Report, Sent, cgroup};

use crate::sys::spawn::{CStringArray, Extras, Failure, Group, Request, Step};
use crate::sys::{exit, signal, spawn};

/// How the processes of a tree are to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a control group, or not at all.
    Group,
    Walk,
    /// By a group where one can be made.
    Either,
}

impl Mode {
    /// As the environment variable `SPROG_TREE_MODE` has it.
    pub fn named(name: &str) -> Mode {
        match name {
            "cgroup" => Mode::Group,
            "walk" => Mode::Walk,
            _ => Mode::Either,
        }
    }
}

/// The tree of one child; opened before the child is started.
pub struct Tree {
    marker: String,
    group: Option<PathBuf>,
    /// What is known of it, with its memory of earlier passes.
    hunt: Mutex<Hunt>,
    described: Mutex<sprog_tree::Tree>,
    struck: Arc<AtomicU32>,
}

impl Tree {
    pub fn open(mode: Mode) -> io::Result<Tree> {
        let group = match mode {
            Mode::Walk => None,
            Mode::Either => make_group().ok(),
            Mode::Group => Some(make_group()?),
        };
        let described = sprog_tree::Tree {
            root: None,
            marker: sprog_tree::unique_marker()?,
            session: sprog_tree::session_of(0),
            cgroup: group.clone(),
        };
        let hunt = Hunt::new(&described).inspect_err(|_| {
            if let Some(group) = &group {
                keeper::release(group);
            }
        })?;
        let marker = described.marker.clone();
        Ok(Tree {
            marker,
            group,
            hunt: Mutex::new(hunt),
            described: Mutex::new(described),
            struck: Arc::default(),
        })
    }

    /// What its processes carry in the environment variable `sprog_tree::MARKER_VARIABLE`.
    pub fn marker(&self) -> &str {
        &self.marker
    }

    /// The control group; `None`: it is walked.
    pub fn group(&self) -> Option<&Path> {
        self.group.as_deref()
    }

    /// The child runs, and is not reaped yet.
    pub fn started(&self, pid: i32) -> io::Result<()> {
        let mut described = lock(&self.described);
        let unknown = described.clone();
        let (known, hunt) =
            apart::where_needed(rooted(unknown.clone(), pid), || move || rooted(unknown, pid))?;
        *described = known;
        *lock(&self.hunt) = hunt;
        Ok(())
    }

    /// Sends a signal to every process of the tree, or with 0 asks whether there are any.
    pub fn signal(&self, signal: i32) -> io::Result<Sent> {
        self.look(move |hunt| hunt.signal(signal))
    }

    /// As `signal`, by a thread that may not be held up: SIGKILL is sent by another one, again and
    /// again until nobody is left.
    pub fn strike(&self, signal: i32) -> io::Result<Sent> {
        if signal != libc::SIGKILL {
            return self.signal(signal);
        }
        let found = self.signal(0)?;
        let options = Options { signal, grace: Duration::ZERO };
        match self.end(options, |_| {}) {
            Ok(()) => Ok(found),
            Err(_) => self.signal(signal),
        }
    }

    /// The marks of what was done to it at its deadlines.
    pub fn struck(&self) -> &Arc<AtomicU32> {
        &self.struck
    }

    /// The pids of all that have not ended.
    pub fn members(&self) -> io::Result<Vec<i32>> {
        let members = self.look(Hunt::members)?;
        Ok(members.into_iter().map(|identity| identity.pid).collect())
    }

    /// What is learned where descriptors were wanting is remembered here.
    fn look<T: Send + 'static>(
        &self,
        look: impl Fn(&mut Hunt) -> io::Result<T> + Copy + Send + 'static,
    ) -> io::Result<T> {
        let mut hunt = lock(&self.hunt);
        let done = look(&mut hunt).map(|found| (found, None));
        let (found, learned) = apart::where_needed(done, || {
            let mut another = hunt.another();
            move || look(&mut another).map(|found| (found, Some(another)))
        })?;
        if let Some(learned) = learned {
            *hunt = learned;
        }
        Ok(found)
    }

    /// Ends the tree on a thread of its own, which then calls `done`. A thread for each: trees that
    /// take their time must not wait for each other.
    pub fn end(
        &self,
        options: Options,
        done: impl FnOnce(io::Result<Report>) + Send + 'static,
    ) -> io::Result<()> {
        let mut hunt = lock(&self.hunt).another();
        helper_thread(move || {
            let ended = hunt.end(&options);
            done(apart::where_needed(ended, || move || hunt.end(&options)));
        })
        .map(|_| ())
    }

    /// The child has exited, or was not started after all: the group is removed when it is empty.
    pub fn release(&self) {
        if let Some(group) = &self.group {
            keeper::release(group);
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.release();
    }
}

fn helper_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name("sprog-tree".into()).stack_size(256 * 1024).spawn(move || {
        signal::block_for_helper_thread();
        work()
    })
}

/// The tree whose root is this process, and what is needed to find it.
fn rooted(mut tree: sprog_tree::Tree, pid: i32) -> io::Result<(sprog_tree::Tree, Hunt)> {
    tree.root = sprog_tree::identify(pid)?;
    let hunt = Hunt::new(&tree)?;
    Ok((tree, hunt))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn make_group() -> io::Result<PathBuf> {
    let parent = cgroup::parent()?;
    let group = cgroup::create(&parent)?;
    keeper::note(&group);
    match check_entry(&parent, &group) {
        Ok(()) => Ok(group),
        Err(error) => {
            keeper::release(&group);
            Err(error)
        }
    }
}

/// Whether a child can enter groups below `parent`, such as `group`. It takes a child to know: a
/// sandbox may let the file be opened and the write fail. Asked once for each place.
fn check_entry(parent: &Path, group: &Path) -> io::Result<()> {
    static CHECKED: Mutex<Option<(PathBuf, Option<i32>)>> = Mutex::new(None);
    let mut checked = lock(&CHECKED);
    let errno = match &*checked {
        Some((place, errno)) if place == parent => *errno,
        _ => {
            let entered = try_to_enter(group);
            let errno = entered.err().map(|error| error.raw_os_error().unwrap_or(libc::EIO));
            *checked = Some((parent.to_path_buf(), errno));
            errno
        }
    };
    errno.map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
}

/// Starts a child that enters the group, and then has nothing that it could execute.
fn try_to_enter(group: &Path) -> io::Result<()> {
    let directory = File::open(group)?;
    let procs = OpenOptions::new().write(true).open(cgroup::entrance(group))?;
    let group = Group { directory: directory.as_fd(), procs: procs.as_fd() };
    let nothing = CStringArray::from_terminated(Vec::new());
    let request = Request {
        file: b"/",
        argv: &nothing,
        env: &nothing,
        cwd: None,
        detached: false,
        uid: None,
        gid: None,
        stdio: &[],
        extras: Some(&Extras { group: Some(group), ..Extras::default() }),
    };
    match spawn::spawn(&request) {
        Err(Failure { step: Step::Clone | Step::Cgroup, errno }) => {
            Err(io::Error::from_raw_os_error(errno))
        }
        Err(_) => Ok(()),
        Ok(started) => {
            exit::kill_and_reap(started.pid);
            Ok(())
        }
    }
}
