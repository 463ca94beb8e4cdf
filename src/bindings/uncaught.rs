//! What JS throws out of an event.

use napi::JsValue;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::environment::Environment;

#[napi]
impl Environment {
    /// To be called with what `dispatch` throws next: it is an uncaught exception at once, in the
    /// asynchronous context of the caller.
    #[napi(catch_unwind)]
    pub fn uncaught(&self, exception: Unknown<'_>) {
        self.inner.host.report_early(exception.raw());
    }
}
