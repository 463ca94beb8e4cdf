//! Files that are in memory only.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;

/// A program in memory, ready for exec and closed by it. Its contents cannot be changed any more.
///
/// EACCES where the system has forbidden it (vm.memfd_noexec=2); ENOSYS before Linux 3.17.
pub fn executable(name: &str, program: &[u8]) -> io::Result<OwnedFd> {
    let name = CString::new(name)?;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Where vm.memfd_noexec is 1, one that may be exec'ed must be asked for; before Linux 6.3 it cannot.
    let file = match rustix::fs::memfd_create(&*name, flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => rustix::fs::memfd_create(&*name, flags)?,
        other => other?,
    };
    let mut rest = program;
    while !rest.is_empty() {
        match super::fd::write(file.as_fd(), rest)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => rest = &rest[count..],
        }
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file)
}

/// Whether there are such files.
pub fn probe() -> io::Result<()> {
    rustix::fs::memfd_create(c"sprog", MemfdFlags::CLOEXEC)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_in_the_file_cannot_be_changed() {
        let file = super::executable("test", b"#!/bin/true\n").unwrap();
        assert!(crate::sys::fd::write(&file, b"x").is_err());
    }
}
