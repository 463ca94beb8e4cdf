//! sprog: child processes for Node.js, in Rust.
//!
//! Layers, each of which may use only those above it in this list, `sys` always:
//!
//! | module      | what lives there                                            | may use                      |
//! |-------------|-------------------------------------------------------------|------------------------------|
//! | `sys`       | system calls and libuv; all the unsafe code but Node-API's  | rustix, libc, sprog-tree     |
//! | `reactor`   | one epoll set per JS environment, inside libuv's loop       | sys                          |
//! | `reader`    | a thread that reads while the loop does other things        | sys                          |
//! | `deadlines` | signals that are due at a time, whatever the JS thread does | sys                          |
//! | `text`      | UTF-8 to UTF-16 and back                                    | encoding_rs                  |
//! | `capture`   | the whole output of a stream, gathered without JS           | reader, text                 |
//! | `stream`    | the parent's ends of stdio                                  | reactor, reader, capture     |
//! | `channel`   | the IPC channel: framing, coalescing, descriptors           | reactor                      |
//! | `offload`   | a thread for what must go on without the JS thread          | channel                      |
//! | `limits`    | control groups that hold a child to its limits              | offload, sprog-tree          |
//! | `bill`      | what a child has used, and whose memory it was              | limits                       |
//! | `guard`     | the process that ends children when this one is gone        | sys                          |
//! | `tree`      | a child and its descendants, as one                         | sprog-tree                   |
//! | `process`   | a child: started, watched, exited exactly once              | deadlines, bill, guard, tree |
//! | `orphans`   | children whose JS environment has gone, reaped at last      | process                      |
//! | `sync`      | a program run to its end while the calling thread waits     | bill, capture                |
//! | `job`       | work of another thread whose outcome JS awaits              | sys                          |
//! | `bindings`  | Node-API: the only code that knows JS                       | all of the above             |

pub mod sys;

pub mod bill;
mod bindings;
pub mod capture;
pub mod channel;
pub mod deadlines;
pub mod guard;
pub mod job;
pub mod limits;
pub mod offload;
pub mod orphans;
pub mod process;
pub mod reactor;
pub mod reader;
pub mod stream;
pub mod sync;
pub mod text;
pub mod tree;
