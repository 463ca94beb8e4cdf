//! Stubs that bind what we use of glibc to the oldest version of it: `build/glibc.rs` writes them and
//! says why. They are no part of a program that the linker was not told about, as the unit tests are.

// The lint counts assembly as unsafe. Each stub is one jump that leaves the stack as it is, and hands on
// the arguments as the older function takes them (build/glibc.rs).
#![allow(unsafe_code)]

#[cfg(all(target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]
std::arch::global_asm!(include_str!(concat!(env!("OUT_DIR"), "/glibc.s")));
