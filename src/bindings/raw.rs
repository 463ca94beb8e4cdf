//! Raw Node-API calls, and nothing else: what napi's safe wrappers do not offer, or not cheaply
//! enough for the hot paths.
//!
//! # Safety
//! A `napi_env` is used on its own thread only: the types that hold one are not Send. Handles
//! (`napi_value`) live as long as the innermost open scope; [`Scope`] opens one, and everything
//! made by [`Host`] is used before it closes. Once the environment is being torn down no call
//! that can run JS is made (`Host::silence`).
#![allow(unsafe_code)]

mod calls;
mod floats;
mod kept;
mod page;
mod results;
mod strings;

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use napi::sys;
use napi::{Env, Error, JsValue, Result, Status, Unknown};

use crate::capture::Chunk;
use crate::sys::unwind::contain;
use crate::sys::uv::Loop;
pub use results::{Captured, Whole};

pub use calls::function;
pub use floats::SharedFloats;
pub use kept::KeptBuffer;
pub use page::PageBuffer;
pub use strings::append_utf8;

/// The JS side of an environment: one function that is told of every event.
pub struct Host {
    env: sys::napi_env,
    dispatch: sys::napi_ref,
    silent: Cell<bool>,
    /// The exception that is on its way out of `dispatch` has been reported.
    reported: Cell<bool>,
}

/// An argument of an event.
pub enum Value<'a> {
    Number(f64),
    /// Becomes a JS string; what is not UTF-8 becomes U+FFFD.
    Text(&'a [u8]),
    /// Becomes a Buffer with a copy of the bytes.
    Bytes(&'a [u8]),
    /// Becomes a Buffer or a string.
    Chunk(Chunk),
    /// A Buffer that was read into.
    Kept(KeptBuffer),
}

/// An open handle scope.
pub struct Scope {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
}

impl Drop for Scope {
    fn drop(&mut self) {
        // SAFETY: opened in `Host::scope`, closed once, in reverse order by Rust's drop order.
        unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
    }
}

impl Host {
    /// Keeps `dispatch` for as long as the environment lives.
    pub fn new(env: &Env, dispatch: sys::napi_value) -> Result<Host> {
        let mut reference = ptr::null_mut();
        // SAFETY: a live env and a live handle of this call.
        check(unsafe { sys::napi_create_reference(env.raw(), dispatch, 1, &raw mut reference) })?;
        Ok(Host {
            env: env.raw(),
            dispatch: reference,
            silent: Cell::new(false),
            reported: Cell::new(false),
        })
    }

    /// No JS from here on: the environment is going.
    pub fn silence(&self) {
        self.silent.set(true);
    }

    /// Opens a scope for the handles of what follows; libuv calls us without one.
    pub fn scope(&self) -> Option<Scope> {
        if self.silent.get() {
            return None;
        }
        let mut scope = ptr::null_mut();
        // SAFETY: the env is live while not silent.
        let status = unsafe { sys::napi_open_handle_scope(self.env, &raw mut scope) };
        (status == sys::Status::napi_ok).then_some(Scope { env: self.env, scope })
    }

    /// Calls `dispatch(token, event, first, second)` as a callback of its own: ticks and
    /// microtasks run when it returns, and what it throws is an uncaught exception. Needs an open
    /// scope.
    pub fn emit(&self, token: u32, event: u32, first: Value<'_>, second: Value<'_>) {
        if self.silent.get() {
            return;
        }
        if self.try_emit(token, event, first, second).is_err() {
            self.report_exception();
        }
    }

    fn try_emit(&self, token: u32, event: u32, first: Value<'_>, second: Value<'_>) -> Result<()> {
        let arguments = [
            self.value(Value::Number(f64::from(token)))?,
            self.value(Value::Number(f64::from(event)))?,
            self.value(first)?,
            self.value(second)?,
        ];
        let mut function = ptr::null_mut();
        // SAFETY: the reference was made for this env and is never deleted.
        check(unsafe {
            sys::napi_get_reference_value(self.env, self.dispatch, &raw mut function)
        })?;
        let mut result = ptr::null_mut();
        // SAFETY: live handles; a null async context is allowed (the JS side enters the context
        // of each child itself).
        check(unsafe {
            sys::napi_make_callback(
                self.env,
                ptr::null_mut(),
                function,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &raw mut result,
            )
        })
    }

    fn value(&self, value: Value<'_>) -> Result<sys::napi_value> {
        let mut handle = ptr::null_mut();
        let status = match value {
            Value::Number(number) => {
                // SAFETY: live env, live out pointer.
                unsafe { sys::napi_create_double(self.env, number, &raw mut handle) }
            }
            Value::Text(text) => {
                let length = text.len() as isize;
                let bytes = text.as_ptr().cast();
                if text.is_ascii() {
                    // Latin-1 is one copy; UTF-8 is decoded first.
                    // SAFETY: live env; `bytes` has `length` bytes.
                    unsafe {
                        sys::napi_create_string_latin1(self.env, bytes, length, &raw mut handle)
                    }
                } else {
                    return results::text(self.env, text);
                }
            }
            Value::Bytes(bytes) => {
                let source = bytes.as_ptr().cast();
                let mut copy = ptr::null_mut();
                // SAFETY: live env; `source` has `len` bytes.
                unsafe {
                    sys::napi_create_buffer_copy(
                        self.env,
                        bytes.len(),
                        source,
                        &raw mut copy,
                        &raw mut handle,
                    )
                }
            }
            Value::Chunk(chunk) => return results::chunk(self.env, chunk),
            Value::Kept(buffer) => match buffer.value() {
                Some(value) => {
                    handle = value;
                    sys::Status::napi_ok
                }
                None => sys::Status::napi_generic_failure,
            },
        };
        check(status)?;
        Ok(handle)
    }

    /// Makes an 'uncaughtException' of an exception that JS has caught, in whatever context it is in, and
    /// that it throws on: what it leaves behind is that of a callback that has failed.
    pub fn report_early(&self, exception: sys::napi_value) {
        self.reported.set(true);
        if !self.silent.get() {
            // SAFETY: live env, and a handle of the call that this is part of.
            unsafe { sys::napi_fatal_exception(self.env, exception) };
        }
    }

    /// Turns a pending JS exception into an 'uncaughtException'; the next event still comes.
    fn report_exception(&self) {
        let mut pending = false;
        // SAFETY: live env.
        unsafe { sys::napi_is_exception_pending(self.env, &raw mut pending) };
        if !pending {
            return;
        }
        let mut exception = ptr::null_mut();
        // SAFETY: live env.
        let status =
            unsafe { sys::napi_get_and_clear_last_exception(self.env, &raw mut exception) };
        if self.reported.take() {
            return;
        }
        if status == sys::Status::napi_ok && !exception.is_null() {
            // SAFETY: live env and handle. Where JS may not run any more (a worker being
            // terminated) Node ignores the call.
            unsafe { sys::napi_fatal_exception(self.env, exception) };
        }
    }
}

/// Where the elements of a typed array of this kind are, and how many.
fn elements(
    env: &Env,
    value: Unknown<'_>,
    wanted: sys::napi_typedarray_type,
) -> Result<(*mut c_void, usize)> {
    let mut kind = 0;
    let mut length = 0;
    let mut data = ptr::null_mut();
    // SAFETY: a live env and handle; unwanted results may be null.
    check(unsafe {
        sys::napi_get_typedarray_info(
            env.raw(),
            value.raw(),
            &raw mut kind,
            &raw mut length,
            &raw mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    })?;
    if kind != wanted || data.is_null() {
        return Err(Error::from_status(Status::InvalidArg));
    }
    Ok((data, length))
}

/// The elements of an Int32Array argument, to read and to write during the call: once for each array, and
/// while no JS runs.
pub fn int32s<'a>(env: &Env, value: Unknown<'a>) -> Result<&'a mut [i32]> {
    let (data, length) = elements(env, value, sys::TypedarrayType::int32_array)?;
    // SAFETY: `length` aligned i32s there, kept alive by the handle; no JS runs during the call,
    // so that nobody else touches them.
    Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), length) })
}

/// The libuv loop of an environment.
pub fn event_loop(env: &Env) -> Result<Loop> {
    let mut raw = ptr::null_mut();
    // SAFETY: a live env.
    check(unsafe { sys::napi_get_uv_event_loop(env.raw(), &raw mut raw) })?;
    // SAFETY: the loop of this env, on its thread; what is made from it is closed by the async
    // cleanup hook, for which Node keeps the loop running.
    unsafe { Loop::from_raw(raw.cast()) }.ok_or_else(|| Error::from_status(Status::GenericFailure))
}

/// Tells Node that the cleanup is done, after which the environment may go.
pub struct CleanupDone(sys::napi_async_cleanup_hook_handle);

impl CleanupDone {
    pub fn tell(self) {
        // SAFETY: the handle that the hook was called with, removed once (self is consumed).
        unsafe { sys::napi_remove_async_cleanup_hook(self.0) };
    }
}

type Cleanup = Box<dyn FnOnce(CleanupDone)>;

/// Runs `cleanup` when the environment is torn down; Node then keeps its loop running until
/// [`CleanupDone::tell`]. Never called on the main thread after process.exit().
pub fn at_teardown(env: &Env, cleanup: impl FnOnce(CleanupDone) + 'static) -> Result<()> {
    let boxed: *mut Cleanup = Box::into_raw(Box::new(Box::new(cleanup)));
    // SAFETY: a live env; the box is taken back by the hook, which runs at most once. No handle
    // is asked for: the hook is given it.
    check(unsafe {
        sys::napi_add_async_cleanup_hook(
            env.raw(),
            Some(run_cleanup),
            boxed.cast(),
            ptr::null_mut(),
        )
    })
}

unsafe extern "C" fn run_cleanup(
    handle: sys::napi_async_cleanup_hook_handle,
    argument: *mut c_void,
) {
    contain((), || {
        // SAFETY: leaked in `at_teardown`, and this runs once.
        let cleanup = unsafe { Box::from_raw(argument.cast::<Cleanup>()) };
        cleanup(CleanupDone(handle));
    });
}

fn check(status: sys::napi_status) -> Result<()> {
    match Status::from(status) {
        Status::Ok => Ok(()),
        status => Err(Error::from_status(status)),
    }
}
