//! Functions that JS calls for every message: around each call of a method napi looks up the object,
//! checks its type and keeps track of what is borrowed, which costs more than the call does.
//!
//! # Safety
//! As in [`super`]. What a callback is given lives until it returns.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use napi::sys;
use napi::{Env, Result, Unknown};

use super::{check, strings};
use crate::sys::unwind::contain;

/// The most arguments that such a function is given.
const MAX_ARGUMENTS: usize = 2;

/// The arguments of one call.
pub struct Arguments {
    env: sys::napi_env,
    values: [sys::napi_value; MAX_ARGUMENTS],
}

impl Arguments {
    /// Appends an argument that is a string, as [`strings::append_utf8`].
    pub fn append_utf8(&self, index: usize, out: &mut Vec<u8>) -> Result<()> {
        strings::append(self.env, self.values[index], out)
    }

    /// Whether an argument is `true`.
    pub fn is_true(&self, index: usize) -> bool {
        let mut value = false;
        // SAFETY: a live env and handle of this call; anything but a boolean is left at false.
        unsafe { sys::napi_get_value_bool(self.env, self.values[index], &raw mut value) };
        value
    }
}

type Call = Box<dyn Fn(&Arguments) -> f64>;

/// A JS function that calls `call` and answers with a number. What `call` holds is let go of when
/// the function is collected.
pub fn function<'a>(
    env: &'a Env,
    call: impl Fn(&Arguments) -> f64 + 'static,
) -> Result<Unknown<'a>> {
    let call: *mut Call = Box::into_raw(Box::new(Box::new(call)));
    let mut value = ptr::null_mut();
    // SAFETY: a live env; an empty name; `call` lives until `let_go`.
    let made = check(unsafe {
        sys::napi_create_function(
            env.raw(),
            ptr::null(),
            0,
            Some(answer),
            call.cast(),
            &raw mut value,
        )
    });
    let kept = made.and_then(|()| {
        // SAFETY: a live env and handle; no reference is asked for.
        check(unsafe {
            sys::napi_add_finalizer(
                env.raw(),
                value,
                call.cast(),
                Some(let_go),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })
    });
    if let Err(error) = kept {
        // SAFETY: not given to a finalizer; the function, if there is one, was given to nobody.
        drop(unsafe { Box::from_raw(call) });
        return Err(error);
    }
    // SAFETY: a live handle of this env.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}

unsafe extern "C" fn answer(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    contain(ptr::null_mut(), || {
        let mut values = [ptr::null_mut(); MAX_ARGUMENTS];
        let mut count = MAX_ARGUMENTS;
        let mut data = ptr::null_mut();
        // SAFETY: live for this call; at most `count` values are written, missing ones as undefined.
        let status = unsafe {
            sys::napi_get_cb_info(
                env,
                info,
                &raw mut count,
                values.as_mut_ptr(),
                ptr::null_mut(),
                &raw mut data,
            )
        };
        if status != sys::Status::napi_ok || data.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: leaked in `function`; the function that is being called keeps it.
        let call = unsafe { &*data.cast::<Call>() };
        let number = call(&Arguments { env, values });
        let mut value = ptr::null_mut();
        // SAFETY: a live env.
        unsafe { sys::napi_create_double(env, number, &raw mut value) };
        value
    })
}

unsafe extern "C" fn let_go(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    contain((), || {
        // SAFETY: leaked in `function`; Node calls this once, when no call can come any more.
        drop(unsafe { Box::from_raw(data.cast::<Call>()) });
    });
}
