//! Stubs that bind what the program uses of glibc to the oldest version of it, as the addon has them:
//! `build/glibc.rs` writes them and tells the linker to lead every use there. Part of the program
//! alone, not of the library, which the addon links.

// The lint counts assembly as unsafe. Each stub is one jump that leaves the stack as it is, and hands on
// the arguments as the older function takes them (build/glibc.rs).
#![allow(unsafe_code)]

#[cfg(all(target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]
std::arch::global_asm!(include_str!(concat!(env!("OUT_DIR"), "/glibc.s")));
