//! The guard as this process knows it: one for all of its threads, started when the first child is to
//! die with this process, told of each such child before it is cloned, replaced when it dies.
//!
//! The guard learns of our end by the end of the socket, whose other side only we have. So that side is
//! never closed while a guard lives: it would take that for our end.

mod image;
mod launch;

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sprog_guard::protocol::{self, Details, Reply, Request};
use sprog_tree::Identity;

pub use launch::{Error, Step};

use crate::sys::exit::ExitWatch;
use crate::sys::{poll, signal, socket};
use launch::PATIENCE;

/// How long to wait before a guard is started again that could not be started, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Bytes for the stack of the thread that looks after the guard.
const STACK_BYTES: usize = 256 * 1024;

#[derive(Default)]
struct State {
    running: Option<Running>,
    /// How many guards there have been.
    generation: u64,
    /// What the guard has been told of and has not forgotten.
    wards: HashMap<u64, Details>,
    /// What all wards bear.
    marker: String,
    last_ward: u64,
}

struct Running {
    socket: Arc<OwnedFd>,
    exit: Arc<ExitWatch>,
    generation: u64,
}

fn state() -> MutexGuard<'static, State> {
    static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the guard is to know of, and what its processes are to bear.
pub struct Enrolled {
    pub ward: u64,
    /// Has its place in the environment of the first process, among the markers of trees.
    pub marker: String,
}

/// Has the guard watch a tree of which nothing is started yet: `cgroup` is the directory of its group, or
/// empty. Answers when the guard does.
pub fn watch(cgroup: Vec<u8>) -> Result<Enrolled, Error> {
    let mut state = state();
    if state.marker.is_empty() {
        state.marker = sprog_tree::unique_marker().map_err(|error| Step::Enrol.failed(error))?;
    }
    state.last_ward += 1;
    let ward = state.last_ward;
    state.wards.insert(ward, Details { cgroup, ..Details::default() });
    state.tell_of(ward).inspect_err(|_| {
        state.wards.remove(&ward);
    })?;
    Ok(Enrolled { ward, marker: state.marker.clone() })
}

/// Of this ward nothing was started.
pub fn forget(ward: u64) {
    let mut state = state();
    if state.wards.remove(&ward).is_some() {
        state.mention(&Request::Forget { ward });
    }
}

/// A ward for as long as its first process is ours to wait for. When dropped, the guard is told that that
/// one has ended (or has never begun), and watches what is left of the tree.
pub struct Ward {
    number: u64,
    started: bool,
}

/// What a new process needs to report itself to the guard.
pub struct Enrolment {
    pub socket: Arc<OwnedFd>,
    pub head: [u8; 9],
}

impl Ward {
    pub fn new(number: u64) -> Ward {
        Ward { number, started: false }
    }

    /// `None` in the moment in which there is no guard: the next one will be told by us.
    pub fn enrolment(&self) -> Option<Enrolment> {
        let socket = Arc::clone(&state().running.as_ref()?.socket);
        Some(Enrolment { socket, head: protocol::born(self.number) })
    }

    /// Its first process runs, and is not yet reaped.
    pub fn started(&mut self, pid: i32) {
        self.started = true;
        let Ok(Some(Identity { start_time, .. })) = sprog_tree::identify(pid) else { return };
        let ward = self.number;
        let mut state = state();
        if let Some(details) = state.wards.get_mut(&ward) {
            details.root = Some((pid, start_time));
            state.mention(&Request::Started { ward, pid, start_time });
        }
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        if !self.started {
            return forget(self.number);
        }
        let mut state = state();
        let Some(details) = state.wards.get_mut(&self.number) else { return };
        details.exited = true;
        // Else the guard says when it has forgotten it.
        if details.cgroup.is_empty() {
            state.wards.remove(&self.number);
        }
        state.mention(&Request::Exited { ward: self.number });
    }
}

impl State {
    /// Tells the guard of a ward, be it the one that is there or a new one.
    fn tell_of(&mut self, ward: u64) -> Result<(), Error> {
        if self.running.is_some() {
            if self.announce(ward).is_ok() {
                return Ok(());
            }
            self.give_up();
        }
        self.start()
    }

    /// Ends a guard that does not answer. Whoever looks after it reaps it, and keeps the socket until then.
    fn give_up(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.exit.kill(libc::SIGKILL);
        }
    }

    /// Starts a guard and tells it of all wards.
    fn start(&mut self) -> Result<(), Error> {
        let launched = launch::launch(&self.marker)?;
        let running = Running {
            socket: Arc::new(launched.socket),
            exit: Arc::new(launched.exit),
            generation: self.generation + 1,
        };
        self.generation = running.generation;
        look_after(&running).map_err(|error| {
            crate::sys::exit::kill_and_reap(running.exit.pid());
            Step::Thread.failed(error)
        })?;
        self.running = Some(running);
        let wards: Vec<u64> = self.wards.keys().copied().collect();
        for ward in wards {
            if let Err(error) = self.announce(ward) {
                self.give_up();
                return Err(Step::Enrol.failed(error));
            }
        }
        Ok(())
    }

    /// Tells the guard of a ward and waits until it has understood.
    fn announce(&mut self, ward: u64) -> io::Result<()> {
        let Some(details) = self.wards.get(&ward) else { return Ok(()) };
        let packet = Request::Watch { ward, details: details.clone() }.encode();
        let deadline = Instant::now() + PATIENCE;
        let mut sent = false;
        loop {
            let Some(running) = &self.running else { return Err(io::ErrorKind::NotFound.into()) };
            let socket = Arc::clone(&running.socket);
            if !sent {
                match socket::send(&socket, &packet) {
                    Ok(_) => sent = true,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            if self.listen(&socket)?.contains(&ward) {
                return Ok(());
            }
            let watched = [(socket.as_fd(), false), (socket.as_fd(), true)];
            poll::wait(if sent { &watched[..1] } else { &watched }, Some(deadline))?;
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// Takes in what the guard has said; the wards that it now watches. An error is its end.
    fn listen(&mut self, socket: &OwnedFd) -> io::Result<Vec<u64>> {
        let mut watching = Vec::new();
        let mut packet = [0; 64];
        loop {
            match socket::receive(socket, &mut packet) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => match Reply::decode(&packet[..count]) {
                    Some(Reply::Watching { ward }) => watching.push(ward),
                    Some(Reply::Forgotten { ward }) => {
                        self.wards.remove(&ward);
                    }
                    Some(Reply::Ready) | None => {}
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(watching),
                Err(error) => return Err(error),
            }
        }
    }

    /// Says what a guard may miss: if it is dead, the next one is told; if it is stuck, it knows
    /// what matters already.
    fn mention(&mut self, request: &Request) {
        if let Some(running) = &self.running {
            let _ = socket::send(&running.socket, &request.encode());
        }
    }
}

/// Looks after one guard until its end, on a thread of its own: the loop of no JS environment has to turn
/// for it.
fn look_after(running: &Running) -> io::Result<()> {
    let socket = Arc::clone(&running.socket);
    let exit = Arc::clone(&running.exit);
    let generation = running.generation;
    let since = Instant::now();
    let work = move || {
        signal::block_for_helper_thread();
        listen_until_its_end(&socket, &exit);
        {
            let mut state = state();
            let _ = exit.reap();
            if state.running.as_ref().is_some_and(|now| now.generation == generation) {
                state.running = None;
            }
        }
        // Only now, when nobody is left to misunderstand it.
        drop(socket);
        if since.elapsed() < FIRST_PAUSE {
            std::thread::sleep(FIRST_PAUSE);
        }
        replace();
    };
    let builder = std::thread::Builder::new().name("sprog-guard".into());
    builder.stack_size(STACK_BYTES).spawn(work).map(|_| ())
}

fn listen_until_its_end(socket: &OwnedFd, exit: &ExitWatch) {
    let watched = [(exit.fd(), false), (socket.as_fd(), false)];
    let mut count = watched.len();
    // A failure of poll is not the guard's end; there is none that another try would not mend.
    loop {
        let ready = poll::wait(&watched[..count], None).unwrap_or_default();
        if ready.first() == Some(&true) {
            return;
        }
        if ready.get(1) == Some(&true) && state().listen(socket).is_err() {
            // It has closed its end: all that is left to wait for is its exit.
            count = 1;
        }
    }
}

/// Starts another guard, if nobody else has.
fn replace() {
    let mut pause = FIRST_PAUSE;
    loop {
        {
            let mut state = state();
            if state.running.is_some() || state.start().is_ok() {
                return;
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
