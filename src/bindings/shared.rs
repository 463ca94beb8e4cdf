//! Pages that two processes share. What JS makes of them is its own affair: lib/pool/claims.js.

use std::os::fd::IntoRawFd;

use napi_derive::napi;

use super::environment::Environment;
use super::negative_errno;
use super::raw::PageBuffer;
use crate::sys::fd;
use crate::sys::shared::{SharedPage, make_page};

#[napi]
impl Environment {
    /// A descriptor for a new page, the caller's to close by `closeDescriptor`; or `-errno`.
    #[napi(catch_unwind)]
    pub fn make_page(&self) -> i32 {
        make_page().map_or_else(|error| negative_errno(&error), IntoRawFd::into_raw_fd)
    }

    /// The page behind a descriptor, as a Buffer; it stays when the descriptor is closed. Null where it
    /// cannot be had: not a page of ours, no memory, or a host that has no such Buffers.
    #[napi(catch_unwind, ts_return_type = "Buffer | null")]
    pub fn map_page(&self, number: i32) -> Option<PageBuffer> {
        let page = fd::borrow(number).and_then(SharedPage::map);
        page.ok().map(PageBuffer)
    }
}
