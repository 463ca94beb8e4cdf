//! What the addon needs beside its own code: Node's linker options, the bindings to an old glibc, and the
//! guard program, which becomes part of the addon.

#[path = "build/glibc.rs"]
mod glibc;
#[path = "build/guard.rs"]
mod guard;

fn main() {
    napi_build::setup();
    glibc::bind_old_versions("cdylib");
    guard::build();
}
