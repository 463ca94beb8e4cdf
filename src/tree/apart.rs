//! Where this process has no descriptor left, a tree is still to be found and ended: by a thread that
//! shares no descriptors with the others, and so has some.

use std::io;

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
    let alone = move || sprog_tree::leave_descriptors().ok().map(|()| work());
    super::helper_thread(alone).ok()?.join().ok()?
}
