//! The guard program (crates/guard), built and compressed for the addon to carry it: src/guard/image.rs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Has `SPROG_GUARD_IMAGE` name the compressed program.
pub fn build() {
    for input in ["crates", "Cargo.toml", "Cargo.lock", "build.rs", "build"] {
        println!("cargo::rerun-if-changed={input}");
    }
    // A target directory of its own: cargo holds the lock of the other one.
    let directory = PathBuf::from(variable("OUT_DIR")).join("guard");
    let image = directory.join("sprog-guard.zlib");
    compress(&compile(&directory), &image);
    println!("cargo::rustc-env=SPROG_GUARD_IMAGE={}", image.display());
}

/// Builds it for the addon's target, always optimised and small; where it is.
fn compile(directory: &Path) -> PathBuf {
    let target = variable("TARGET");
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .current_dir(variable("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--locked", "--package", "sprog-guard", "--bin", "sprog-guard"])
        .args(["--profile", "guard", "--target", &target, "--target-dir"])
        .arg(directory);
    // Those are for the addon, a library: clippy in rustc's place, flags that napi sets for musl.
    let unwanted = ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "RUSTDOCFLAGS"];
    for name in unwanted.into_iter().chain(["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"]) {
        cargo.env_remove(name);
    }
    let status = cargo.status().unwrap_or_else(|error| panic!("cargo does not start: {error}"));
    assert!(status.success(), "the guard program cannot be built: {status}");
    directory.join(target).join("guard").join("sprog-guard")
}

/// Half of the program is all that the addon carries.
fn compress(from: &Path, to: &Path) {
    let program = fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let image = miniz_oxide::deflate::compress_to_vec_zlib(&program, 10);
    fs::write(to, image).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
