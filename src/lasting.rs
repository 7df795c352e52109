//! Files that outlive a power cut: each is there whole or not at all, and its
//! name is on the disk as well, which syncing the file alone does not promise
//! (where the file system can sync a folder).

use std::fs::{self, File};
use std::io::{ErrorKind, Result, Write};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// Write a file, in the place of another where there is one.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = write_beside(path, bytes, &usual())?;
    file.persist(path)?;
    sync_names_of(path)
}

/// Write a file that only its owner can read, unless there is one: then that stays. Answers whether it is new.
pub fn write_once(path: &Path, bytes: &[u8]) -> Result<bool> {
    let file = write_beside(path, bytes, &Builder::new())?;
    let new = match file.persist_noclobber(path) {
        Ok(_) => true,
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => false,
        Err(failed) => return Err(failed.error),
    };
    sync_names_of(path)?;
    Ok(new)
}

/// Make a folder with all that it is in, unless it is there.
pub fn make_folder(path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    if !path.is_dir() {
        make_folder(folder_of(path))?;
        match fs::create_dir(path) {
            // By somebody else, a moment ago.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
            made => made?,
        }
    }
    // Even where it was there: whoever made it may not have come to this yet.
    sync(folder_of(path))
}

fn write_beside(path: &Path, bytes: &[u8], how: &Builder<'_, '_>) -> Result<NamedTempFile> {
    if !folder_of(path).is_dir() {
        make_folder(folder_of(path))?;
    }
    let mut file = how.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The file's name in its folder, and the folder's own.
fn sync_names_of(path: &Path) -> Result<()> {
    sync(folder_of(path))?;
    sync(folder_of(folder_of(path)))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        // The root is in no other.
        None => path,
    }
}

/// Have a folder's names written to the disk, where there is such a thing.
fn sync(folder: &Path) -> Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Not every system and file system can, and a folder that may be written to need not be readable.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

/// A file like any other, and not its owner's alone: whoever makes backups may be somebody else.
fn usual() -> Builder<'static, 'static> {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut usual = Builder::new();
    #[cfg(unix)]
    usual.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    usual
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As far as the system has such a thing.
    fn mode(path: &Path) -> u32 {
        #[cfg(unix)]
        return std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777;
        #[cfg(not(unix))]
        return 0o600;
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_file_takes_the_place_of_another_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("files").join("ab").join("fil_ab");
        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(path.parent().unwrap()), ["fil_ab"], "nothing is left beside it");
        let usual = folder.path().join("usual");
        fs::write(&usual, b"").unwrap();
        assert_eq!(mode(&path), mode(&usual));
    }

    #[test]
    fn what_is_written_once_stays_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("secret");
        assert!(write_once(&path, b"first").unwrap());
        assert!(!write_once(&path, b"second").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(path.parent().unwrap()), ["secret"], "nothing is left beside it");
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn where_there_is_no_folder_it_is_the_one_we_are_in() {
        assert_eq!(folder_of(Path::new("secret")), Path::new("."));
        assert_eq!(folder_of(Path::new("data/secret")), Path::new("data"));
        for there in ["", ".", "/"] {
            make_folder(Path::new(there)).unwrap();
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        make_folder(&folder.path().join("file").join("below")).unwrap_err();
        write(&folder.path().join("file").join("below"), b"").unwrap_err();
    }
}
