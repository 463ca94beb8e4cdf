//! Memory of a Buffer that is filled over several turns of the loop.
//!
//! # Safety
//! As in [`super`].
#![allow(unsafe_code)]

use std::ptr;

use napi::sys;

use super::{Host, HostBuffer};

/// As [`HostBuffer`], for longer than a scope is open.
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

impl Drop for KeptBuffer {
    fn drop(&mut self) {
        // SAFETY: made in `allocate_kept`, deleted once, on the thread of the env. Channels are
        // closed by the cleanup hook, while the env is there.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

impl Host {
    /// As [`Host::allocate`], for longer. Needs an open scope.
    pub fn allocate_kept(&self, length: usize) -> Option<KeptBuffer> {
        let HostBuffer { value, data, length } = self.allocate(length)?;
        let mut reference = ptr::null_mut();
        // SAFETY: a live env and a live handle of the open scope.
        let status = unsafe { sys::napi_create_reference(self.env, value, 1, &raw mut reference) };
        let kept = KeptBuffer { env: self.env, reference, data, length };
        if status == sys::Status::napi_ok {
            return Some(kept);
        }
        // There is no reference to delete.
        std::mem::forget(kept);
        None
    }
}
