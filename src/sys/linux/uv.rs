//! The little of libuv that we need, from the copy inside the host (Node exports its symbols):
//! a poll handle that watches one descriptor, and a way to run something in the loop's closing
//! phase, where Node runs the 'close' callbacks of its own handles.
//!
//! # Safety
//! libuv handles live in heap memory of `uv_handle_size` bytes that is freed only in the close
//! callback (libuv, "uv_handle_t"). All calls are made on the loop's thread: `Loop` and what is
//! made from it are not Send. Callbacks run through `unwind::contain`.
#![allow(unsafe_code)]

mod afterwards;

pub use afterwards::Afterwards;

use std::cell::Cell;
use std::ffi::{c_int, c_uint, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::rc::Rc;

use crate::sys::unwind::contain;

const UV_CHECK: c_int = 2;
const UV_IDLE: c_int = 6;
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

type CloseCallback = unsafe extern "C" fn(*mut c_void);
type PollCallback = unsafe extern "C" fn(*mut c_void, c_int, c_int);

unsafe extern "C" {
    fn uv_version() -> c_uint;
    fn uv_handle_size(kind: c_int) -> usize;
    fn uv_handle_set_data(handle: *mut c_void, data: *mut c_void);
    fn uv_handle_get_data(handle: *const c_void) -> *mut c_void;
    fn uv_poll_init(uv_loop: *mut c_void, handle: *mut c_void, fd: c_int) -> c_int;
    fn uv_poll_start(handle: *mut c_void, events: c_int, callback: PollCallback) -> c_int;
    fn uv_idle_init(uv_loop: *mut c_void, handle: *mut c_void) -> c_int;
    fn uv_close(handle: *mut c_void, callback: Option<CloseCallback>);
    fn uv_backend_fd(uv_loop: *const c_void) -> c_int;
    fn uv_backend_timeout(uv_loop: *const c_void) -> c_int;
    fn uv_ref(handle: *mut c_void);
    fn uv_unref(handle: *mut c_void);
}

/// libuv 1.52, as its version number.
const ASKS_AGAIN: c_uint = 1 << 16 | 52 << 8;

/// Whether this libuv takes a short read from a stream that has hung up for the last one. Later ones read
/// again, to be told of the end, or of the error that stands for it.
pub fn trusts_hang_up() -> bool {
    // SAFETY: returns a constant.
    (unsafe { uv_version() }) < ASKS_AGAIN
}

/// The loop of a JS environment.
#[derive(Clone, Copy)]
pub struct Loop(NonNull<c_void>);

impl Loop {
    /// # Safety
    /// `raw` is the `uv_loop_t` of this thread's environment, and outlives every use of the
    /// value: handles made from it are closed before the environment's cleanup hooks are done.
    pub unsafe fn from_raw(raw: *mut c_void) -> Option<Loop> {
        NonNull::new(raw).map(Loop)
    }

    /// Runs `action` in the closing phase of this loop iteration, after 'check' (setImmediate).
    /// Keeps the loop alive until then. Falls back to running it at once if libuv has no memory.
    pub fn in_closing_phase(self, action: impl FnOnce() + 'static) {
        let Some(handle) = allocate() else { return action() };
        // SAFETY: memory of the size of an idle handle; the loop is live by `from_raw`.
        unsafe { uv_idle_init(self.0.as_ptr(), handle) };
        close(handle, Box::new(action));
    }
}

/// A `uv_poll_t` on one descriptor. Born unreferenced: it keeps the loop alive only after
/// `set_ref(true)`. It must be closed before the environment is gone; a poll handle left open
/// when a worker thread ends aborts the whole process.
pub struct Poll {
    uv_loop: Loop,
    handle: *mut c_void,
    referenced: Cell<bool>,
    closed: Cell<bool>,
}

struct PollData {
    on_ready: Rc<dyn Fn()>,
}

impl Poll {
    /// Calls `on_ready` from the loop whenever `fd` is readable (level-triggered).
    pub fn start(uv_loop: Loop, fd: BorrowedFd<'_>, on_ready: Rc<dyn Fn()>) -> io::Result<Poll> {
        let handle = allocate().ok_or(io::Error::from_raw_os_error(libc::ENOMEM))?;
        // SAFETY: memory of the size of a poll handle; the loop is live by `from_raw`.
        let status = unsafe { uv_poll_init(uv_loop.0.as_ptr(), handle, fd.as_raw_fd()) };
        if status != 0 {
            free(handle);
            return Err(io::Error::from_raw_os_error(-status));
        }
        let data = Box::into_raw(Box::new(PollData { on_ready }));
        // SAFETY: the handle was initialised above.
        unsafe { uv_handle_set_data(handle, data.cast()) };
        // SAFETY: as above.
        unsafe { uv_unref(handle) };
        let poll = Poll { uv_loop, handle, referenced: Cell::new(false), closed: Cell::new(false) };
        // SAFETY: as above; the callback matches uv_poll_cb.
        let status = unsafe { uv_poll_start(handle, UV_READABLE, poll_ready) };
        if status != 0 {
            poll.close(|| {});
            return Err(io::Error::from_raw_os_error(-status));
        }
        Ok(poll)
    }

    /// Whether the loop stays alive for this handle.
    pub fn set_ref(&self, on: bool) {
        if self.closed.get() || self.referenced.replace(on) == on {
            return;
        }
        if on {
            // SAFETY: the handle is open.
            unsafe { uv_ref(self.handle) };
        } else {
            // SAFETY: the handle is open.
            unsafe { uv_unref(self.handle) };
        }
    }

    /// Whether the loop would sleep if nothing were ready now: it goes on, without an immediate, anything to
    /// close, or a timer that is due (libuv, "uv_backend_timeout").
    pub fn would_sleep(&self) -> bool {
        // SAFETY: the loop is there as long as a handle of it is open.
        !self.closed.get() && unsafe { uv_backend_timeout(self.uv_loop.0.as_ptr()) } != 0
    }

    /// Whether anything is ready that the loop has been watching when it last slept.
    pub fn has_events(&self) -> bool {
        if self.closed.get() {
            return true;
        }
        // SAFETY: as above.
        let fd = unsafe { uv_backend_fd(self.uv_loop.0.as_ptr()) };
        // SAFETY: open as long as the loop is, and borrowed for this call alone.
        super::poll::is_readable(unsafe { BorrowedFd::borrow_raw(fd) })
    }

    /// Closes the handle; `done` runs when libuv has let go of it and of the descriptor.
    pub fn close(&self, done: impl FnOnce() + 'static) {
        if self.closed.replace(true) {
            return;
        }
        // SAFETY: the handle is open; its data was set to a leaked box in `start`.
        let data = unsafe { uv_handle_get_data(self.handle) }.cast::<PollData>();
        // SAFETY: leaked in `start`, taken back only here (`closed` guards); the poll callback
        // does not run after uv_close, and holds its own Rc while it runs.
        let data = unsafe { Box::from_raw(data) };
        close(
            self.handle,
            Box::new(move || {
                drop(data);
                done();
            }),
        );
    }
}

unsafe extern "C" fn poll_ready(handle: *mut c_void, _status: c_int, _events: c_int) {
    contain((), || {
        // SAFETY: an open handle (libuv calls back no other); data as set in `Poll::start`.
        let data = unsafe { uv_handle_get_data(handle) }.cast::<PollData>();
        // SAFETY: not freed while the handle is open; the Rc is cloned, as the callback may close.
        let on_ready = unsafe { Rc::clone(&(*data).on_ready) };
        on_ready();
    });
}

type Action = Box<dyn FnOnce()>;

/// uv_close; frees the handle's memory and runs `action` in the closing phase.
fn close(handle: *mut c_void, action: Action) {
    let closing = Box::into_raw(Box::new(action));
    // SAFETY: the caller's handle is initialised and open.
    unsafe { uv_handle_set_data(handle, closing.cast()) };
    // SAFETY: as above.
    unsafe { uv_close(handle, Some(closed)) };
}

unsafe extern "C" fn closed(handle: *mut c_void) {
    contain((), || {
        // SAFETY: set in `close` to a leaked box, taken back once: libuv closes a handle once.
        let closing = unsafe { uv_handle_get_data(handle) }.cast::<Action>();
        // SAFETY: as above.
        let action = unsafe { Box::from_raw(closing) };
        free(handle);
        action();
    });
}

/// One layout for all kinds of handle: the largest, as this libuv says.
fn layout() -> Option<std::alloc::Layout> {
    // SAFETY: a pure table look-up in libuv.
    let poll = unsafe { uv_handle_size(UV_POLL) };
    // SAFETY: as above.
    let idle = unsafe { uv_handle_size(UV_IDLE) };
    // SAFETY: as above.
    let check = unsafe { uv_handle_size(UV_CHECK) };
    std::alloc::Layout::from_size_align(poll.max(idle).max(check).max(1), 16).ok()
}

fn allocate() -> Option<*mut c_void> {
    // SAFETY: the layout has a non-zero size.
    let memory = unsafe { std::alloc::alloc_zeroed(layout()?) };
    (!memory.is_null()).then_some(memory.cast())
}

fn free(handle: *mut c_void) {
    if let Some(layout) = layout() {
        // SAFETY: allocated by `allocate` with the same layout; libuv has let go of it.
        unsafe { std::alloc::dealloc(handle.cast(), layout) };
    }
}
