//! Numbers that native code leaves for JS in a Float64Array that both know.
//!
//! # Safety
//! As in [`super`].
#![allow(unsafe_code)]

use std::ptr;

use napi::sys;
use napi::{Env, Error, JsValue, Result, Status, Unknown};

use super::check;

/// A Float64Array of JS, kept for as long as the environment lives.
pub struct SharedFloats {
    data: *mut f64,
    length: usize,
}

impl SharedFloats {
    /// `value` is an array that JS gives to nobody else: its memory must stay where it is.
    pub fn new(env: &Env, value: Unknown<'_>) -> Result<SharedFloats> {
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
        if kind != sys::TypedarrayType::float64_array || data.is_null() {
            return Err(Error::from_status(Status::InvalidArg));
        }
        let mut reference = ptr::null_mut();
        // SAFETY: a live env and handle. The reference is never deleted: it ends with the env.
        check(unsafe {
            sys::napi_create_reference(env.raw(), value.raw(), 1, &raw mut reference)
        })?;
        Ok(SharedFloats { data: data.cast(), length })
    }

    /// Overwrites the first elements; what does not fit is left out.
    pub fn write(&self, numbers: &[f64]) {
        let count = numbers.len().min(self.length);
        // SAFETY: `length` aligned doubles there, alive by the reference and not moved (`new`); we
        // are on the thread of the env, and no JS runs meanwhile.
        unsafe { ptr::copy_nonoverlapping(numbers.as_ptr(), self.data, count) };
    }
}
