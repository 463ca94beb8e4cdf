//! Where this process has no descriptor left, a tree is still to be found and ended: by a thread that
//! shares no descriptors with the others, and so has some.

use std::io;

use crate::sys::signal;

/// `done`, unless descriptors were wanting for it: then what the work that is made by `again` brings, if the
/// system allows it.
pub fn where_needed<T, W>(done: io::Result<T>, again: impl FnOnce() -> W) -> io::Result<T>
where
    T: Send + 'static,
    W: FnOnce() -> io::Result<T> + Send + 'static,
{
    match done {
        Err(error) if error.raw_os_error() == Some(libc::EMFILE) => {
            apart(again()).unwrap_or(Err(error))
        }
        done => done,
    }
}

/// `None`: there is no such thread.
fn apart<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Option<io::Result<T>> {
    let thread = std::thread::Builder::new()
        .name("sprog-tree".into())
        .stack_size(256 * 1024)
        .spawn(move || {
            signal::block_for_helper_thread();
            sprog_tree::leave_descriptors().ok().map(|()| work())
        })
        .ok()?;
    thread.join().ok()?
}
