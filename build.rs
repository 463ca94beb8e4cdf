#[path = "build/glibc.rs"]
mod glibc;

fn main() {
    napi_build::setup();
    glibc::bind_old_versions();
}
