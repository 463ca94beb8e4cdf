//! The one place where a panic is stopped. Every function of ours that C calls (libuv callbacks,
//! cleanup hooks, finalizers) runs its body through [`contain`]: unwinding into C frames is
//! undefined behaviour, and a defect of ours must not take the host process down.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Runs `body`; a panic ends here (its message has gone to stderr by the panic hook) and
/// `fallback` is returned instead.
pub fn contain<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// How long a thread rests after a turn that failed: of what made it fail there may be more.
const REST: Duration = Duration::from_millis(50);

/// The turns of a thread that is there for as long as the process, one after the other. None is its last, be it
/// an error or a panic that ends it: nobody would start another thread.
pub fn go_on(mut turn: impl FnMut() -> io::Result<()>) -> ! {
    loop {
        if contain(Err(io::ErrorKind::Other.into()), &mut turn).is_err() {
            std::thread::sleep(REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{contain, go_on};
    use std::sync::mpsc::channel;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(contain(7, || panic!("expected in this test")), 7);
        assert_eq!(contain(7, || 8), 8);
    }

    #[test]
    fn neither_an_error_nor_a_panic_is_the_last_turn() {
        let (told, turns) = channel();
        std::thread::spawn(move || {
            let mut turn = 0;
            go_on(|| {
                turn += 1;
                let _ = told.send(turn);
                match turn {
                    1 => Err(std::io::ErrorKind::NotFound.into()),
                    2 => panic!("expected in this test"),
                    3 => Ok(()),
                    _ => loop {
                        std::thread::park();
                    },
                }
            })
        });
        assert_eq!(turns.iter().take(4).collect::<Vec<i32>>(), [1, 2, 3, 4]);
    }
}
