//! Binds the guard program to an old glibc, as the addon is that carries it.

#[path = "../../build/glibc.rs"]
mod glibc;

fn main() {
    println!("cargo::rerun-if-changed=../../build/glibc.rs");
    glibc::bind_old_versions("bins");
}
