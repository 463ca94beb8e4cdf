//! Results of any size on their way into JS: what a program has written becomes a Buffer or a
//! string, without a copy where that pays.
//!
//! # Safety
//! As for the module above: a live `napi_env`, on its own thread.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use napi::bindgen_prelude::ToNapiValue;
use napi::{Result, sys};

use super::check;
use crate::capture::Chunk;
use crate::sys::unwind::contain;
use crate::text;

/// The whole output of a program, to become a Buffer.
pub struct Captured(pub Vec<u8>);

/// Up to here a result is copied. More than this, which no default maxBuffer lets through, is
/// handed over without a copy.
const COPIED_BYTES: usize = 2 * 1024 * 1024;
/// Node frees memory that was handed over in a later turn of its loop, so a program that runs one
/// child after the other without returning there keeps it all. Past this much, copies again.
const LENT_BYTES: usize = 64 * 1024 * 1024;
/// Node has no larger Buffers everywhere, and frees the memory of one that it cannot make.
const LARGEST_BYTES: usize = i32::MAX as usize;

/// Bytes that Buffers and strings of this process hold and V8 did not allocate.
static LENT: AtomicUsize = AtomicUsize::new(0);

impl ToNapiValue for Captured {
    unsafe fn to_napi_value(env: sys::napi_env, captured: Captured) -> Result<sys::napi_value> {
        let Captured(bytes) = captured;
        let lent = LENT.load(Ordering::Relaxed);
        let may_lend = lent == 0 || lent.saturating_add(bytes.len()) <= LENT_BYTES;
        buffer(env, bytes, may_lend)
    }
}

/// A part of what a stream has brought, or all of it, to become a Buffer or a string.
pub struct Whole(pub Chunk);

impl ToNapiValue for Whole {
    unsafe fn to_napi_value(env: sys::napi_env, whole: Whole) -> Result<sys::napi_value> {
        chunk(env, whole.0)
    }
}

/// The loop turns between one such result and the next, so that memory comes back.
pub(super) fn chunk(env: sys::napi_env, chunk: Chunk) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    let status = match chunk {
        Chunk::Bytes(bytes) => return buffer(env, bytes, true),
        Chunk::Latin1(text) => match lend_string(env, text, LATIN1)? {
            Ok(lent) => return Ok(lent),
            Err(text) => {
                let (start, length) = (text.as_ptr().cast(), text.len() as isize);
                // SAFETY: a live env; `text` has `length` bytes.
                unsafe { sys::napi_create_string_latin1(env, start, length, &raw mut value) }
            }
        },
        Chunk::Utf16(text) => match lend_string(env, text, UTF16)? {
            Ok(lent) => return Ok(lent),
            Err(text) => {
                let (start, length) = (text.as_ptr(), text.len() as isize);
                // SAFETY: a live env; `text` has `length` units.
                unsafe { sys::napi_create_string_utf16(env, start, length, &raw mut value) }
            }
        },
    };
    check(status)?;
    Ok(value)
}

/// A string of UTF-8; what is none becomes U+FFFD.
pub(super) fn text(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value> {
    if size_of::<u16>() * bytes.len() >= COPIED_BYTES {
        let units = text::decode(bytes);
        let narrow = text::narrow(&units);
        return chunk(env, narrow.map_or(Chunk::Utf16(units), Chunk::Latin1));
    }
    text::with_decoded(bytes, |units| {
        let (start, length) = (units.as_ptr(), units.len() as isize);
        let mut value = ptr::null_mut();
        // SAFETY: a live env; `units` has `length` units.
        check(unsafe { sys::napi_create_string_utf16(env, start, length, &raw mut value) })?;
        Ok(value)
    })
}

fn buffer(env: sys::napi_env, mut bytes: Vec<u8>, may_lend: bool) -> Result<sys::napi_value> {
    if may_lend && (COPIED_BYTES..LARGEST_BYTES).contains(&bytes.len()) {
        bytes.shrink_to_fit();
        match lend(env, bytes)? {
            Ok(value) => return Ok(value),
            Err(refused) => bytes = refused,
        }
    }
    let mut data = ptr::null_mut();
    let mut value = ptr::null_mut();
    // SAFETY: a live env; `bytes` has `len` bytes.
    check(unsafe {
        sys::napi_create_buffer_copy(
            env,
            bytes.len(),
            bytes.as_ptr().cast(),
            &raw mut data,
            &raw mut value,
        )
    })?;
    Ok(value)
}

type Lent<T> = std::result::Result<sys::napi_value, Vec<T>>;

/// A Buffer on memory of ours; or the memory, where the host (Electron) has no such Buffers.
fn lend(env: sys::napi_env, bytes: Vec<u8>) -> Result<Lent<u8>> {
    let length = bytes.len();
    let boxed = Box::into_raw(Box::new(bytes));
    // SAFETY: `boxed` is live; the memory of its vector does not move with the box.
    let data = unsafe { (*boxed).as_mut_ptr() };
    let mut value = ptr::null_mut();
    // SAFETY: a live env; `data` has `length` bytes that nobody else uses until `give_back`, which
    // takes the box.
    let status = unsafe {
        sys::napi_create_external_buffer(
            env,
            length,
            data.cast(),
            Some(give_back::<u8>),
            boxed.cast(),
            &raw mut value,
        )
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        // SAFETY: this answer comes before Node has looked at the memory: the box is still ours.
        return Ok(Err(*unsafe { Box::from_raw(boxed) }));
    }
    // After any other failure Node may or may not give the memory back, so it is left alone.
    check(status)?;
    LENT.fetch_add(length, Ordering::Relaxed);
    Ok(Ok(value))
}

/// Names of the functions that make a string on memory of the caller's. Node has them since 20.4,
/// under version 10 of Node-API only since 22: they are looked up, not linked.
const LATIN1: &CStr = c"node_api_create_external_string_latin1";
const UTF16: &CStr = c"node_api_create_external_string_utf16";

type CreateExternal<T> = unsafe extern "C" fn(
    sys::napi_env,
    *const T,
    isize,
    sys::napi_finalize,
    *mut c_void,
    *mut sys::napi_value,
    *mut bool,
) -> sys::napi_status;

/// A string on memory of ours; or the memory, where that does not pay or the host cannot. `name`
/// is that of the function for units of this size.
fn lend_string<T>(env: sys::napi_env, mut text: Vec<T>, name: &CStr) -> Result<Lent<T>> {
    let size = size_of_val(&*text);
    if size < COPIED_BYTES {
        return Ok(Err(text));
    }
    // SAFETY: a name that ends with a NUL, looked up among what is loaded.
    let function = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if function.is_null() {
        return Ok(Err(text));
    }
    // SAFETY: the symbol is a function of Node-API with this signature (js_native_api.h).
    let create = unsafe { std::mem::transmute::<*mut c_void, CreateExternal<T>>(function) };
    text.shrink_to_fit();
    let length = text.len() as isize;
    let boxed = Box::into_raw(Box::new(text));
    // SAFETY: `boxed` is live; the memory of its vector does not move with the box.
    let start = unsafe { (*boxed).as_ptr() };
    let mut value = ptr::null_mut();
    let mut was_copied = false;
    // Before: a host that copies calls `give_back_string` at once.
    LENT.fetch_add(size, Ordering::Relaxed);
    weigh(env, size as i64);
    // SAFETY: a live env; `start` has `length` units that nobody changes until `give_back`, which
    // takes the box: at once, if the host had to copy.
    let status = unsafe {
        create(
            env,
            start,
            length,
            Some(give_back_string::<T>),
            boxed.cast(),
            &raw mut value,
            &raw mut was_copied,
        )
    };
    if let Err(error) = check(status) {
        // Node may or may not use the memory, so it is left alone; it does not give it back then.
        LENT.fetch_sub(size, Ordering::Relaxed);
        weigh(env, -(size as i64));
        return Err(error);
    }
    Ok(Ok(value))
}

/// V8 knows how large such a string is, but does not collect garbage for it without being told.
fn weigh(env: sys::napi_env, change: i64) {
    let mut total = 0;
    // SAFETY: the call runs no JS, and may be made while garbage is collected; of an env that is gone Node
    // tells finalizers as null, which it refuses.
    unsafe { sys::napi_adjust_external_memory(env, change, &raw mut total) };
}

unsafe extern "C" fn give_back<T>(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    contain((), || {
        // SAFETY: leaked in `lend`, and Node calls this once, when the memory is unused.
        unsafe { take_back::<T>(hint) };
    });
}

unsafe extern "C" fn give_back_string<T>(
    env: sys::napi_env,
    _data: *mut c_void,
    hint: *mut c_void,
) {
    contain((), || {
        // SAFETY: leaked in `lend_string`, and Node calls this once, when the memory is unused.
        let size = unsafe { take_back::<T>(hint) };
        weigh(env, -(size as i64));
    });
}

/// Frees what was lent; answers how much that was.
///
/// # Safety
/// `hint` is a leaked box of a vector of this type, and nobody uses it any more.
unsafe fn take_back<T>(hint: *mut c_void) -> usize {
    // SAFETY: the contract above.
    let memory = unsafe { Box::from_raw(hint.cast::<Vec<T>>()) };
    let size = size_of_val(&**memory);
    LENT.fetch_sub(size, Ordering::Relaxed);
    size
}
