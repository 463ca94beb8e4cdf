//! Old glibc: the addon built on a new machine runs on distributions from 2018 on.
//!
//! A linker binds a symbol to its newest version. glibc 2.34 gave all of libpthread and libdl a new one
//! when it took them in, 2.33 did so for the stat family, 2.29 for a part of libm; so a program that is
//! linked today starts nowhere else, though it uses nothing new. All of these symbols are still there in
//! the version that they had at first. For each of them this writes a stub that jumps to that version
//! (`.symver`), and has the linker lead every use there (`--wrap`), also those within the standard library.
//!
//! What is not in the table and is too new shows in `npm run pack`, which reads the symbols of what it packs.

use std::fmt::Write as _;
use std::{env, fs, path::Path};

/// The architecture's first version of glibc is what most symbols have.
struct Arch {
    first: &'static str,
    /// Jumps to what the linker put into the table of addresses.
    jump: fn(&str) -> String,
    /// Makes room for the version of `struct stat` as a first argument before `count` others.
    shift: fn(count: usize) -> String,
    gettid: &'static str,
}

const X86_64: Arch = Arch {
    first: "GLIBC_2.2.5",
    jump: |symbol| format!("jmp qword ptr [rip + {symbol}@GOTPCREL]"),
    shift: |count| {
        let registers = ["rdi", "rsi", "rdx", "rcx", "r8"];
        let moves = (0..count).rev();
        let moves = moves.map(|at| format!("mov {}, {}\n", registers[at + 1], registers[at]));
        moves.collect::<String>() + "mov edi, 1"
    },
    gettid: "mov eax, 186\nsyscall\nret",
};

const AARCH64: Arch = Arch {
    first: "GLIBC_2.17",
    jump: |symbol| format!("adrp x16, :got:{symbol}\nldr x16, [x16, :got_lo12:{symbol}]\nbr x16"),
    shift: |count| {
        let moves = (0..count).rev();
        let moves = moves.map(|at| format!("mov x{}, x{at}\n", at + 1));
        moves.collect::<String>() + "mov w0, #0"
    },
    gettid: "mov x8, #178\nsvc #0\nret",
};

/// Symbols that are as they always were, with their first version on x86-64 where it is not that of glibc.
const SAME: &[(&str, Option<&str>)] = &[
    ("dladdr", None),
    ("dlclose", None),
    ("dlerror", None),
    ("dlopen", None),
    ("dlsym", None),
    ("exp", None),
    ("log", None),
    ("pow", None),
    ("pthread_attr_getguardsize", None),
    ("pthread_attr_getstack", None),
    ("pthread_attr_setguardsize", None),
    ("pthread_attr_setstacksize", None),
    ("pthread_create", None),
    ("pthread_detach", None),
    ("pthread_getaffinity_np", Some("GLIBC_2.3.4")),
    ("pthread_getattr_np", None),
    ("pthread_getspecific", None),
    ("pthread_join", None),
    ("pthread_key_create", None),
    ("pthread_key_delete", None),
    ("pthread_kill", None),
    ("pthread_mutex_trylock", None),
    ("pthread_once", None),
    ("pthread_setaffinity_np", Some("GLIBC_2.3.4")),
    ("pthread_setname_np", Some("GLIBC_2.12")),
    ("pthread_setspecific", None),
    ("pthread_sigmask", None),
];

/// Functions of the stat family: what they were until 2.33, and how many arguments they have.
const STAT: &[(&str, &str, usize)] =
    &[("stat64", "__xstat64", 2), ("lstat64", "__lxstat64", 2), ("fstat64", "__fxstat64", 2)];

/// Writes the stubs to `$OUT_DIR/glibc.s`, empty where the target needs none, and tells the linker.
pub fn bind_old_versions() {
    println!("cargo:rerun-if-changed=build/glibc.rs");
    let stubs = match arch() {
        Some(arch) => stubs(&arch),
        None => String::new(),
    };
    let place = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("glibc.s");
    if let Err(error) = fs::write(&place, stubs) {
        panic!("{}: {error}", place.display());
    }
}

fn arch() -> Option<Arch> {
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    if (target("OS").as_str(), target("ENV").as_str()) != ("linux", "gnu") {
        return None;
    }
    match target("ARCH").as_str() {
        "x86_64" => Some(X86_64),
        "aarch64" => Some(AARCH64),
        _ => None,
    }
}

fn stubs(arch: &Arch) -> String {
    let mut text = String::new();
    let mut stub = |name: &str, code: String| {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--wrap={name}");
        // A section each, so that the linker drops what is not used, and with it the symbol.
        let _ = write!(
            text,
            ".section .text.__wrap_{name},\"ax\",%progbits\n.globl __wrap_{name}\n\
             .hidden __wrap_{name}\n.type __wrap_{name},%function\n__wrap_{name}:\n{code}\n"
        );
    };
    for &(name, since) in SAME {
        let version = match since {
            Some(version) if arch.first == X86_64.first => version,
            _ => arch.first,
        };
        let old = format!("__old_{name}");
        let jump = (arch.jump)(&old);
        stub(name, format!(".symver {old}, {name}@{version}\n{jump}"));
    }
    for &(name, before, count) in STAT {
        let old = format!("__old_{name}");
        let (shift, jump) = ((arch.shift)(count), (arch.jump)(&old));
        let version = arch.first;
        stub(name, format!(".symver {old}, {before}@{version}\n{shift}\n{jump}"));
    }
    stub("gettid", arch.gettid.to_string());
    text + ".text\n"
}
