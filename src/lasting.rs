//! Files that outlive a power cut: each is there whole or not at all, and its
//! name is on the disk as well, which syncing the file alone does not promise.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;

/// Write a file, in the place of another where there is one.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = make_folder_of(path)?;
    // Overwritten where an earlier try was broken off.
    let beside = path.with_extension("part");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

/// Write a file that only its owner can read, unless there is one: then that stays. Answers whether it is new.
pub fn write_once(path: &Path, bytes: &[u8]) -> Result<bool> {
    let folder = make_folder_of(path)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map(|()| true),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

fn make_folder_of(path: &Path) -> Result<&Path> {
    let folder = path.parent().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "a file is in a folder"))?;
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        sync_folder(folder.parent().unwrap_or(folder))?;
    }
    Ok(folder)
}

/// Have a folder's names written to the disk.
fn sync_folder(folder: &Path) -> Result<()> {
    // Elsewhere a folder cannot be opened like a file.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ab").join("fil_ab");
        write(&path, b"first").unwrap();
        // Broken off.
        fs::write(path.with_extension("part"), b"sec and much more").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert!(!path.with_extension("part").exists());
    }

    #[test]
    fn what_is_written_once_stays_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("secret");
        assert!(write_once(&path, b"first").unwrap());
        assert!(!write_once(&path, b"second").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
