//! Numbers that native code leaves for JS in a Float64Array that both know.
//!
//! # Safety
//! As in [`super`].
#![allow(unsafe_code)]

use std::ptr;

use napi::sys;
use napi::{Env, JsValue, Result, Unknown};

use super::{check, elements};

/// A Float64Array of JS, kept for as long as the environment lives.
pub struct SharedFloats {
    data: *mut f64,
    length: usize,
}

impl SharedFloats {
    /// `value` is an array that JS gives to nobody else: its memory must stay where it is.
    pub fn new(env: &Env, value: Unknown<'_>) -> Result<SharedFloats> {
        let (data, length) = elements(env, value, sys::TypedarrayType::float64_array)?;
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
