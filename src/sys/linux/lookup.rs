//! Which paths exec tries for a command: execvp's search (exec(3)), planned by the parent so that
//! the child does nothing but system calls. Pure.

use super::cstrings::CStringArray;

/// What execvp searches when the environment has no PATH (confstr(_CS_PATH) of glibc).
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// NAME_MAX: a longer bare name is ENAMETOOLONG before any directory is looked at.
const NAME_MAX: usize = 255;

/// The paths to try in order. `path` is the PATH of the *child's* environment, as in Node. A
/// relative entry, and the empty one that means the current directory, are resolved by the
/// kernel after the child's chdir. The file ends at its first NUL, as any C string.
///
/// # Errors
/// ENOENT for an empty file, ENAMETOOLONG for a bare name that no directory can hold.
pub fn candidates(file: &[u8], path: Option<&[u8]>) -> Result<CStringArray, i32> {
    let file = file.split(|&byte| byte == 0).next().unwrap_or_default();
    if file.is_empty() {
        return Err(libc::ENOENT);
    }
    let mut block = Vec::with_capacity(256);
    if file.contains(&b'/') {
        block.extend_from_slice(file);
        block.push(0);
        return Ok(CStringArray::from_terminated(block));
    }
    if file.len() > NAME_MAX {
        return Err(libc::ENAMETOOLONG);
    }
    for directory in path.unwrap_or(DEFAULT_PATH).split(|&byte| byte == b':') {
        if directory.len() >= libc::PATH_MAX as usize {
            continue;
        }
        if !directory.is_empty() {
            block.extend_from_slice(directory);
            block.push(b'/');
        }
        block.extend_from_slice(file);
        block.push(0);
    }
    Ok(CStringArray::from_terminated(block))
}

#[cfg(test)]
mod tests {
    use super::candidates;

    fn tried(file: &str, path: Option<&str>) -> Vec<String> {
        let list = candidates(file.as_bytes(), path.map(str::as_bytes)).unwrap();
        list.iter().map(|entry| String::from_utf8(entry.to_vec()).unwrap()).collect()
    }

    #[test]
    fn a_name_with_a_slash_is_tried_as_it_is() {
        assert_eq!(tried("./x", Some("/bin")), ["./x"]);
    }

    #[test]
    fn a_bare_name_is_tried_in_every_directory() {
        assert_eq!(tried("ls", Some("/a:/b")), ["/a/ls", "/b/ls"]);
        assert_eq!(tried("ls", None), ["/bin/ls", "/usr/bin/ls"]);
    }

    #[test]
    fn an_empty_entry_means_the_current_directory() {
        assert_eq!(tried("ls", Some("/a::/b")), ["/a/ls", "ls", "/b/ls"]);
        assert_eq!(tried("ls", Some("")), ["ls"]);
    }

    #[test]
    fn nothing_behind_a_nul_is_tried() {
        assert_eq!(tried("/bin/x\0y", None), ["/bin/x"]);
        assert_eq!(tried("x\0/y", Some("/a:/b")), ["/a/x", "/b/x"]);
    }

    #[test]
    fn impossible_names_are_refused() {
        assert_eq!(candidates(b"", None).err(), Some(libc::ENOENT));
        assert_eq!(candidates(b"\0x", None).err(), Some(libc::ENOENT));
        assert_eq!(candidates(&[b'x'; 256], None).err(), Some(libc::ENAMETOOLONG));
    }
}
