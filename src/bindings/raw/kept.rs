//! Memory of a Buffer that is filled before JS sees it.
//!
//! # Safety
//! As in [`super`].
#![allow(unsafe_code)]

use std::ptr;

use napi::sys;

use super::Host;
use crate::sys::loan::Lendable;

/// A Buffer that V8 allocated, uninitialised, and that only we know.
pub struct KeptBuffer {
    env: sys::napi_env,
    reference: sys::napi_ref,
    data: *mut u8,
    length: usize,
}

impl KeptBuffer {
    /// The Buffer, to be used while the scope that is open now is.
    pub(super) fn value(&self) -> Option<sys::napi_value> {
        let mut value = ptr::null_mut();
        // SAFETY: a live env, and a reference of this env that is deleted only by `drop`.
        let status =
            unsafe { sys::napi_get_reference_value(self.env, self.reference, &raw mut value) };
        (status == sys::Status::napi_ok && !value.is_null()).then_some(value)
    }
}

impl AsMut<[u8]> for KeptBuffer {
    fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: napi_create_buffer gave `length` bytes there; the reference keeps them alive and
        // V8 does not move them. JS sees the Buffer when `self` is given away.
        unsafe { std::slice::from_raw_parts_mut(self.data, self.length) }
    }
}

// SAFETY: as above: memory of V8's that stays where it is, and that nobody else knows.
unsafe impl Lendable for KeptBuffer {}

impl Drop for KeptBuffer {
    fn drop(&mut self) {
        // SAFETY: made in `allocate_kept`, deleted once, on the thread of the env. Streams and channels
        // are closed by the cleanup hook, while the env is there.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

impl Host {
    /// Needs an open scope.
    pub fn allocate_kept(&self, length: usize) -> Option<KeptBuffer> {
        if self.silent.get() {
            return None;
        }
        let mut data = ptr::null_mut();
        let mut value = ptr::null_mut();
        // SAFETY: the env is live while not silent; a scope is open by the doc above.
        let status =
            unsafe { sys::napi_create_buffer(self.env, length, &raw mut data, &raw mut value) };
        if status != sys::Status::napi_ok || data.is_null() {
            return None;
        }
        let mut reference = ptr::null_mut();
        // SAFETY: a live env and a live handle of the open scope.
        let status = unsafe { sys::napi_create_reference(self.env, value, 1, &raw mut reference) };
        let data = data.cast();
        (status == sys::Status::napi_ok).then_some(KeptBuffer {
            env: self.env,
            reference,
            data,
            length,
        })
    }
}
