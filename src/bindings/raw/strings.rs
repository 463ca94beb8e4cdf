//! JS strings as UTF-8.
//!
//! # Safety
//! As in [`super`].
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

use napi::sys;
use napi::{Env, JsValue, Result, Unknown};

use super::check;
use crate::text;

/// Room for a text that is converted without asking for its length first.
const SHORT_TEXT_BYTES: usize = 1024;
/// After a long text that is not ASCII so many are not tried as such.
const WARY_TEXTS: u32 = 16;
/// The longest UTF-8 sequence: a text that does not fit is cut off by less.
const SLACK_BYTES: usize = 4;

thread_local! {
    /// How many long texts are still to be converted in two steps, whatever they are. V8's own conversion, tried on a
    /// text with a single character beyond Latin-1, takes ten times as long.
    static WARINESS: Cell<u32> = const { Cell::new(0) };
}

/// Appends a JS string as UTF-8. Lone surrogates become U+FFFD.
pub fn append_utf8(env: &Env, value: &Unknown<'_>, out: &mut Vec<u8>) -> Result<()> {
    append(env.raw(), value.raw(), out)
}

/// The same, of a handle.
pub(super) fn append(env: sys::napi_env, value: sys::napi_value, out: &mut Vec<u8>) -> Result<()> {
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
    if begins_as_ascii && WARINESS.get() == 0 {
        // Of any other text more than that is written: what is cut off is less than a sequence.
        if append_within(env, value, out, units + SLACK_BYTES + 1)? == units {
            return Ok(());
        }
        out.truncate(start);
    }
    append_wide(env, value, units, out)?;
    let is_ascii = out.len() - start == units;
    WARINESS.set(if is_ascii { WARINESS.get().saturating_sub(1) } else { WARY_TEXTS });
    Ok(())
}

/// Appends a long string of so many units, in two steps.
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
        text::encode(&room[..written], out);
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
