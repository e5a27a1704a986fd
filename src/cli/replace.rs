//! Writing a file as a whole: whoever reads it meanwhile has the old one or the new one, never a part.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Only who makes it may read it: it says with whom this host speaks.
const MODE: u32 = 0o600;

/// Writes a file that takes the place of what is there by its name. What is no file, such as a pipe or a terminal, is written
/// to as it is.
///
/// # Errors
/// When it cannot be written. A file that was there is as it was.
pub(super) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    // Of a link, what it leads to.
    let there = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&there).is_ok_and(|there| !there.is_file()) {
        return OpenOptions::new().write(true).open(&there)?.write_all(content);
    }
    let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "it names no file");
    let mut name = OsString::from(".");
    name.push(there.file_name().ok_or_else(no_name)?);
    name.push(format!(".{}", std::process::id()));
    let beside = there.with_file_name(name);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(MODE).open(&beside)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, &there));
    if written.is_err() {
        // Where that fails, too, a part of a page stays under a name of its own.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one");
        replace_file(&path, b"first").expect("written");
        replace_file(&path, b"second").expect("written again");
        assert_eq!(fs::read(&path).expect("read"), b"second");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        replace_file(&link, b"third").expect("written through it");
        assert_eq!(fs::read(&path).expect("read"), b"third");
        replace_file(Path::new("/dev/null"), b"x").expect("written to it");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).expect("made");
        assert!(replace_file(&taken, b"x").is_err(), "a directory is there");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 3);
    }
}
