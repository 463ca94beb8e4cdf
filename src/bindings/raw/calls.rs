//! Functions that JS calls for every message: around each call of a method napi looks up the object,
//! checks its type and keeps track of what is borrowed, which costs more than the call does.
//!
//! # Safety
//! As in [`super`]. What a callback is given lives until it returns.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use napi::sys;
use napi::{Env, JsValue, Result, Unknown};

use super::check;
use crate::sys::unwind::contain;
use crate::text;

/// The most arguments that such a function is given.
const MAX_ARGUMENTS: usize = 2;

/// Room for a text that is converted without asking for its length first.
const SHORT_TEXT_BYTES: usize = 1024;
/// The longest UTF-8 sequence of one UTF-16 unit, and the NUL behind the text.
const SLACK_BYTES: usize = 4;

/// The arguments of one call.
pub struct Arguments {
    env: sys::napi_env,
    values: [sys::napi_value; MAX_ARGUMENTS],
}

impl Arguments {
    /// Appends an argument that is a string, as [`append_utf8`].
    pub fn append_utf8(&self, index: usize, out: &mut Vec<u8>) -> Result<()> {
        append(self.env, self.values[index], out)
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

/// Appends a JS string as UTF-8. Lone surrogates become U+FFFD.
pub fn append_utf8(env: &Env, value: &Unknown<'_>, out: &mut Vec<u8>) -> Result<()> {
    append(env.raw(), value.raw(), out)
}

fn append(env: sys::napi_env, value: sys::napi_value, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    let written = append_within(env, value, out, SHORT_TEXT_BYTES)?;
    if written + SLACK_BYTES < SHORT_TEXT_BYTES {
        return Ok(());
    }
    // It may not have been all. How many bytes it takes is not asked: up to Node 22 V8 needs as long for that as for
    // the conversion. If it is ASCII they are as many as its units, whose number V8 knows.
    let begins_as_ascii = out[start..].is_ascii();
    out.truncate(start);
    let mut units = 0;
    // SAFETY: a live env and handle; a null buffer asks for the length.
    check(unsafe {
        sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &raw mut units)
    })?;
    if begins_as_ascii {
        // Of any other text more than that is written: what is cut off is less than a sequence.
        if append_within(env, value, out, units + SLACK_BYTES + 1)? == units {
            return Ok(());
        }
        out.truncate(start);
    }
    append_wide(env, value, units, out)
}

/// Appends a long string that is not ASCII, of so many units.
fn append_wide(
    env: sys::napi_env,
    value: sys::napi_value,
    units: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    // A NUL behind it.
    text::with_room(units + 1, |room| {
        let (start, mut written) = (room.as_mut_ptr(), 0);
        // SAFETY: a live env and handle; `room` has so many units.
        check(unsafe {
            sys::napi_get_value_string_utf16(env, value, start, room.len(), &raw mut written)
        })?;
        text::encode(&room[..written], 2 * units, out);
        Ok(())
    })
}

/// Appends what fits into `size` bytes, of which the last is for a NUL; answers how many bytes were appended.
fn append_within(
    env: sys::napi_env,
    value: sys::napi_value,
    out: &mut Vec<u8>,
    size: usize,
) -> Result<usize> {
    out.reserve(size);
    let mut written = 0;
    let room = out.spare_capacity_mut().as_mut_ptr().cast();
    // SAFETY: a live env and handle; `size` bytes are reserved there.
    check(unsafe { sys::napi_get_value_string_utf8(env, value, room, size, &raw mut written) })?;
    // SAFETY: that many bytes were written behind `len`, and less than `size`.
    unsafe { out.set_len(out.len() + written) };
    Ok(written)
}
