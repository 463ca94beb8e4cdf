//! Starting the guard: a program of ours in a session of its own, with nothing of ours but one end of a
//! socket.

use std::fmt;
use std::io;
use std::iter;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use sprog_guard::protocol::{MAX_PACKET, NAME, Reply, WARDS_VARIABLE};
use sprog_tree::MARKER_VARIABLE;

use super::image::Image;
use crate::sys::exit::{self, ExitWatch};
use crate::sys::settings::settings;
use crate::sys::spawn::{self, CStringArray, Request};
use crate::sys::{poll, socket};

/// How long a guard may take to begin, or to answer, before it is given up: generous, since a machine may
/// be busy; a guard that was stopped or is stuck never answers.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// A file that was just written cannot be run while another thread's child, which has not come to
/// its exec, has a copy of our descriptor: for so long, in such steps, it is tried again.
const BUSY_FOR: Duration = Duration::from_secs(2);
const BUSY_STEP: Duration = Duration::from_millis(2);

/// Why there is no guard: the step that failed, and how.
#[derive(Debug)]
pub struct Error {
    pub step: Step,
    pub cause: io::Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The socket between the two.
    Socket,
    /// The program, in memory or in a file.
    Image,
    /// Running it.
    Exec,
    /// Its first word.
    Ready,
    /// The thread that looks after it.
    Thread,
    /// Telling it of a child.
    Enrol,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Step::Socket => "socket",
            Step::Image => "image",
            Step::Exec => "exec",
            Step::Ready => "ready",
            Step::Thread => "thread",
            Step::Enrol => "enrol",
        })
    }
}

impl Step {
    pub fn failed(self, cause: io::Error) -> Error {
        Error { step: self, cause }
    }
}

/// A guard that is up.
pub struct Launched {
    pub socket: OwnedFd,
    pub exit: ExitWatch,
}

/// From memory, or else from a file. `SPROG_GUARD=file` in the environment chooses the file. `marker`
/// is what all its wards will bear.
pub fn launch(marker: &str) -> Result<Launched, Error> {
    let env = environment(marker);
    if !settings().guard_in_file
        && let Ok(launched) = launch_from(Image::in_memory(), &env)
    {
        return Ok(launched);
    }
    launch_from(Image::in_file(), &env)
}

fn launch_from(image: io::Result<Image>, env: &CStringArray) -> Result<Launched, Error> {
    let image = image.map_err(|error| Step::Image.failed(error))?;
    let (ours, theirs) = socket::packet_pair().map_err(|error| Step::Socket.failed(error))?;
    let exit = start(&image, env, &theirs)?;
    drop(theirs);
    // From here on the file may go: it runs, or it never will.
    match await_first_word(&ours) {
        Ok(()) => Ok(Launched { socket: ours, exit }),
        Err(error) => {
            exit::kill_and_reap(exit.pid());
            Err(Step::Ready.failed(error))
        }
    }
}

fn start(image: &Image, env: &CStringArray, theirs: &OwnedFd) -> Result<ExitWatch, Error> {
    let file = image.path();
    let argv = CStringArray::from_terminated(format!("{NAME}\0").into_bytes());
    let request = Request {
        file: &file,
        argv: &argv,
        env,
        cwd: Some(c"/".into()),
        detached: true,
        uid: None,
        gid: None,
        // The fourth is sprog_guard::protocol::GUARD_DESCRIPTOR.
        stdio: &[None, None, None, Some(theirs.as_fd())],
        extras: None,
    };
    let since = Instant::now();
    let steps = iter::repeat(BUSY_STEP).take_while(|_| since.elapsed() < BUSY_FOR);
    let spawned = spawn::spawn_again(&request, steps)
        .map_err(|failure| Step::Exec.failed(io::Error::from_raw_os_error(failure.errno)))?;
    let pid = spawned.pid;
    ExitWatch::new(pid, spawned.pidfd).map_err(|error| {
        exit::kill_and_reap(pid);
        Step::Thread.failed(error)
    })
}

/// The environment of the guard: which trees this process is in, so that who ends one of those ends
/// this guard, too; and the marker.
fn environment(marker: &str) -> CStringArray {
    let mut block = Vec::new();
    if let Some(inherited) = &settings().markers {
        block.extend_from_slice(format!("{MARKER_VARIABLE}=").as_bytes());
        block.extend_from_slice(inherited.as_bytes());
        block.push(0);
    }
    block.extend_from_slice(format!("{WARDS_VARIABLE}={marker}\0").as_bytes());
    CStringArray::from_terminated(block)
}

fn await_first_word(ours: &OwnedFd) -> io::Result<()> {
    let ready = poll::wait(&[(ours.as_fd(), false)], Some(Instant::now() + PATIENCE))?;
    if ready != [true] {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut packet = vec![0; MAX_PACKET];
    let count = socket::receive(ours, &mut packet)?;
    match Reply::decode(&packet[..count]) {
        Some(Reply::Ready) => Ok(()),
        // It ended, or says what it should not.
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
