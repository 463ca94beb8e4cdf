//! Leaves Node-API and libuv unresolved, and looks for nothing before it is called: they are part of
//! Node, and no target comes near them.

fn main() {
    println!("cargo:rustc-link-arg=-Wl,--unresolved-symbols=ignore-all,-z,lazy");
}
