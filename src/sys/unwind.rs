//! The one place where a panic is stopped. Every function of ours that C calls (libuv callbacks,
//! cleanup hooks, finalizers) runs its body through [`contain`]: unwinding into C frames is
//! undefined behaviour, and a defect of ours must not take the host process down.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`; a panic ends here (its message has gone to stderr by the panic hook) and
/// `fallback` is returned instead.
pub fn contain<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use super::contain;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(contain(7, || panic!("expected in this test")), 7);
        assert_eq!(contain(7, || 8), 8);
    }
}
