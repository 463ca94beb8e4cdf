//! sprog: child processes for Node.js, in Rust.
//!
//! Layers, each of which may use only those above it in this list:
//!
//! | module     | what lives there                                              | may use           |
//! |------------|---------------------------------------------------------------|-------------------|
//! | `sys`      | system calls and libuv; all the unsafe code but Node-API's     | rustix, libc      |
//! | `reactor`  | one epoll set per JS environment, inside libuv's loop          | sys               |
//! | `guard`    | the process that ends children when this one is gone           | sys               |
//! | `process`  | a child: started, watched, exited exactly once                 | sys, guard        |
//! | `capture`  | the whole output of a stream, gathered without JS              | sys               |
//! | `stream`   | the parent's ends of stdio                                     | sys, capture      |
//! | `sync`     | a program run to its end while the calling thread waits        | sys               |
//! | `channel`  | the IPC channel: framing, coalescing, descriptors              | sys               |
//! | `offload`  | the tokio runtime for what must go on without the JS thread    | sys, tokio        |
//! | `job`      | work of another thread whose outcome JS awaits                 | sys               |
//! | `tree`     | a child and its descendants, as one                            | sys, sprog-tree   |
//! | `bindings` | Node-API: the only code that knows JS                          | all of the above  |

pub mod sys;

mod bindings;
pub mod capture;
pub mod channel;
pub mod guard;
pub mod job;
pub mod offload;
pub mod orphans;
pub mod process;
pub mod reactor;
pub mod stream;
pub mod sync;
pub mod tree;
