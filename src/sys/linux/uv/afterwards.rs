//! A callback that runs when libuv tells of a shutdown: once all that was ready has been served, before
//! setImmediate; or, if nothing is being served, before the loop looks for what is ready. libuv has a
//! queue of its own for this, which nobody else can put anything into. A check handle and an idle
//! handle run at the same two points: one that was started last comes before Node's.
//!
//! # Safety
//! As in `super`.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::rc::Rc;

use super::{Loop, allocate, close, free, uv_handle_get_data, uv_handle_set_data, uv_idle_init};
use crate::sys::unwind::contain;

type LoopCallback = unsafe extern "C" fn(*mut c_void);

unsafe extern "C" {
    fn uv_idle_start(handle: *mut c_void, callback: LoopCallback) -> c_int;
    fn uv_idle_stop(handle: *mut c_void) -> c_int;
    fn uv_check_init(uv_loop: *mut c_void, handle: *mut c_void) -> c_int;
    fn uv_check_start(handle: *mut c_void, callback: LoopCallback) -> c_int;
    fn uv_check_stop(handle: *mut c_void) -> c_int;
}

/// The two handles. They must be closed before the environment is gone.
pub struct Afterwards {
    idle: *mut c_void,
    check: *mut c_void,
    shared: *const Shared,
    closed: Cell<bool>,
}

/// What the handles point to.
struct Shared {
    idle: *mut c_void,
    check: *mut c_void,
    action: Rc<dyn Fn()>,
}

impl Shared {
    fn stop(&self) {
        // SAFETY: both handles are open while anything points here.
        unsafe { uv_idle_stop(self.idle) };
        // SAFETY: as above.
        unsafe { uv_check_stop(self.check) };
    }
}

impl Afterwards {
    /// Nothing runs until `ask`. `None` if there is no memory.
    pub fn new(uv_loop: Loop, action: Rc<dyn Fn()>) -> Option<Afterwards> {
        let idle = allocate()?;
        let Some(check) = allocate() else {
            free(idle);
            return None;
        };
        // SAFETY: memory of the size of an idle handle; the loop is live by `Loop::from_raw`.
        unsafe { uv_idle_init(uv_loop.0.as_ptr(), idle) };
        // SAFETY: as above, of a check handle.
        unsafe { uv_check_init(uv_loop.0.as_ptr(), check) };
        let shared = Box::into_raw(Box::new(Shared { idle, check, action }));
        // SAFETY: initialised above.
        unsafe { uv_handle_set_data(idle, shared.cast()) };
        // SAFETY: as above.
        unsafe { uv_handle_set_data(check, shared.cast()) };
        Some(Afterwards { idle, check, shared, closed: Cell::new(false) })
    }

    /// Runs the action once, at the next of the two points, and keeps the loop alive until then.
    pub fn ask(&self) {
        if self.closed.get() {
            return;
        }
        // SAFETY: an open handle; libuv ignores the start of one that is started.
        unsafe { uv_idle_start(self.idle, due) };
        // SAFETY: as above.
        unsafe { uv_check_start(self.check, due) };
    }

    /// Closes both handles; `done` runs when libuv has let go of them.
    pub fn close(&self, done: impl FnOnce() + 'static) {
        if self.closed.replace(true) {
            return;
        }
        let shared = self.shared.cast_mut();
        close(self.idle, Box::new(|| {}));
        // The handle that is closed last is let go of first (libuv, `uv__make_close_pending`): which of
        // the two it is does not matter, as neither calls back from now on.
        close(
            self.check,
            Box::new(move || {
                // SAFETY: leaked in `new`, taken back once (`closed` guards).
                drop(unsafe { Box::from_raw(shared) });
                done();
            }),
        );
    }
}

unsafe extern "C" fn due(handle: *mut c_void) {
    contain((), || {
        // SAFETY: an open handle, with the data that `new` has set.
        let shared = unsafe { uv_handle_get_data(handle) }.cast::<Shared>();
        // SAFETY: not freed while the handles are open.
        let shared = unsafe { &*shared };
        shared.stop();
        // The action may close the handles, and with them what is borrowed.
        let action = Rc::clone(&shared.action);
        action();
    });
}
