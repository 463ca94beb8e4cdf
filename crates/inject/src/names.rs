//! Names of the system calls and errors that the tests speak of.

macro_rules! syscalls {
    ($($(#[$only:meta])* $name:literal = $number:ident,)*) => {
        const SYSCALLS: &[(&str, i64)] = &[$($(#[$only])* ($name, libc::$number),)*];
    };
}

syscalls! {
    "clone" = SYS_clone,
    "clone3" = SYS_clone3,
    "close_range" = SYS_close_range,
    "dup3" = SYS_dup3,
    "epoll_create1" = SYS_epoll_create1,
    "epoll_ctl" = SYS_epoll_ctl,
    "epoll_pwait" = SYS_epoll_pwait,
    "epoll_pwait2" = SYS_epoll_pwait2,
    #[cfg(target_arch = "x86_64")]
    "epoll_wait" = SYS_epoll_wait,
    "eventfd2" = SYS_eventfd2,
    "execve" = SYS_execve,
    "ioctl" = SYS_ioctl,
    "memfd_create" = SYS_memfd_create,
    "mmap" = SYS_mmap,
    "pidfd_open" = SYS_pidfd_open,
    "pidfd_send_signal" = SYS_pidfd_send_signal,
    "pipe2" = SYS_pipe2,
    #[cfg(target_arch = "x86_64")]
    "poll" = SYS_poll,
    "ppoll" = SYS_ppoll,
    "prctl" = SYS_prctl,
    "read" = SYS_read,
    "recvfrom" = SYS_recvfrom,
    "recvmsg" = SYS_recvmsg,
    "sendmsg" = SYS_sendmsg,
    "sendto" = SYS_sendto,
    "setsockopt" = SYS_setsockopt,
    "socketpair" = SYS_socketpair,
    "waitid" = SYS_waitid,
    "write" = SYS_write,
}

const ERRORS: &[(&str, i32)] = &[
    ("EAGAIN", libc::EAGAIN),
    ("EINTR", libc::EINTR),
    ("EINVAL", libc::EINVAL),
    ("EIO", libc::EIO),
    ("EMFILE", libc::EMFILE),
    ("ENFILE", libc::ENFILE),
    ("ENOMEM", libc::ENOMEM),
    ("ENOSPC", libc::ENOSPC),
    ("ENOSYS", libc::ENOSYS),
    ("EPERM", libc::EPERM),
];

pub fn syscall(name: &str) -> Option<i64> {
    SYSCALLS.iter().find(|(known, _)| *known == name).map(|&(_, number)| number)
}

pub fn name_of(number: i64) -> Option<&'static str> {
    SYSCALLS.iter().find(|&&(_, known)| known == number).map(|&(name, _)| name)
}

pub fn errno(name: &str) -> Option<i32> {
    ERRORS.iter().find(|(known, _)| *known == name).map(|&(_, errno)| errno)
}
