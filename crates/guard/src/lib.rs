//! The guard: a small program that ends what another one started, when that one is gone, however
//! it went. The addon starts it from memory (src/guard) and links this library for the words that
//! the two exchange; the program itself is `main.rs`.
//!
//! | module     | what lives there                                                    |
//! |------------|---------------------------------------------------------------------|
//! | `protocol` | what addon, children and guard say to each other, as bytes          |
//! | `link`     | the guard's end of the socket                                       |
//! | `clock`    | the time as /proc has it                                            |
//! | `wards`    | what has been told of, and when it may be forgotten                 |
//! | `burial`   | the end of all wards                                                |
//! | `watch`    | the life of the guard                                               |
//! | `sys`      | the few system calls that are not safe by themselves                |

pub mod burial;
pub mod clock;
pub mod link;
pub mod protocol;
pub mod sys;
pub mod wards;
pub mod watch;
