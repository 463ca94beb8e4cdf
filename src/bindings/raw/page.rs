//! Shared pages as Buffers.
//!
//! # Safety
//! As in [`super`].
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use napi::bindgen_prelude::ToNapiValue;
use napi::{Result, sys};

use super::check;
use crate::sys::shared::{PAGE_BYTES, SharedPage};
use crate::sys::unwind::contain;

/// A page, to become a Buffer; or null, where the host (Electron) has no Buffers on memory of others.
pub struct PageBuffer(pub SharedPage);

impl ToNapiValue for PageBuffer {
    unsafe fn to_napi_value(env: sys::napi_env, page: PageBuffer) -> Result<sys::napi_value> {
        let data = page.0.start();
        let boxed = Box::into_raw(Box::new(page.0));
        let mut value = ptr::null_mut();
        // SAFETY: a live env; `data` is mapped until `unmap`, which takes the box. Others may write
        // to it: JS reads and writes it by Atomics.
        let status = unsafe {
            sys::napi_create_external_buffer(
                env,
                PAGE_BYTES,
                data.cast(),
                Some(unmap),
                boxed.cast(),
                &raw mut value,
            )
        };
        if status == sys::Status::napi_no_external_buffers_allowed {
            // SAFETY: this answer comes before Node has looked at the memory: the box is still ours.
            drop(unsafe { Box::from_raw(boxed) });
            // SAFETY: a live env.
            check(unsafe { sys::napi_get_null(env, &raw mut value) })?;
            return Ok(value);
        }
        // After any other failure Node may or may not give the memory back, so it is left alone.
        check(status)?;
        Ok(value)
    }
}

/// Called once, when no Buffer is left on the page.
unsafe extern "C" fn unmap(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    contain((), || {
        // SAFETY: the box that was handed over with the page, given back once.
        drop(unsafe { Box::from_raw(hint.cast::<SharedPage>()) });
    });
}
