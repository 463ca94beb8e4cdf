//! What the environment of this process says of the way in which sprog works. Read once, as the addon is
//! loaded: later another thread may set a variable, and libc's getenv(3) is not safe beside that.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

pub struct Settings {
    /// `SPROG_SPAWN=fork`: children begin with a copy of our memory.
    pub copies_memory: bool,
    /// `SPROG_PIDFD=off`: as on an old kernel.
    pub uses_pidfds: bool,
    /// `SPROG_GUARD=file`: as where memory may not be run.
    pub guard_in_file: bool,
    /// `SPROG_TREE`: the markers of the trees that this process is in.
    pub markers: Option<OsString>,
    /// Where temporary files go, the best first.
    pub temporary: Vec<PathBuf>,
}

pub fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(read)
}

fn read() -> Settings {
    let is = |name: &str, value: &str| std::env::var_os(name).is_some_and(|it| it == value);
    let user = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    Settings {
        copies_memory: is("SPROG_SPAWN", "fork"),
        uses_pidfds: !is("SPROG_PIDFD", "off"),
        guard_in_file: is("SPROG_GUARD", "file"),
        markers: std::env::var_os(sprog_tree::MARKER_VARIABLE),
        temporary: [std::env::temp_dir()].into_iter().chain(user).collect(),
    }
}
