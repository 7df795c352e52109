//! A disk that holds only what a power cut would leave of the database (`disk.c` says how).

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The disk below a database's file.
pub struct Disk {
    database: PathBuf,
    /// What it would hold without power.
    kept: PathBuf,
    library: PathBuf,
}

impl Disk {
    /// Below the file of this URL, which is or will be in the folder.
    pub fn below(folder: &Path, url: &str) -> Self {
        let folder = folder.canonicalize().expect("the folder is there");
        let name = Path::new(url.trim_start_matches("sqlite:")).file_name().expect("the URL names a file");
        let (kept, library) = (folder.join("kept"), folder.join("disk.so"));
        fs::create_dir(&kept).expect("a folder can be made");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/disk.c");
        let compiled = Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
        assert!(compiled.expect("a C compiler is there, as for the build").success(), "{source} compiles");
        Self { database: folder.join(name), kept, library }
    }

    /// For a process that is to be watched.
    pub fn environment(&self) -> [(&'static str, OsString); 3] {
        [("LD_PRELOAD", (&self.library).into()), ("DISK_WATCHED", (&self.database).into()), ("DISK_KEPT", (&self.kept).into())]
    }

    /// Whatever is there by now is safe.
    pub fn has_all(&self) {
        for (file, kept) in self.files() {
            copy(&file, &kept);
        }
    }

    /// The power is gone: nothing but what the disk holds is left.
    pub fn lose_power(&self) {
        for (file, kept) in self.files() {
            copy(&kept, &file);
        }
        remove(&ending(&self.database, "-shm"));
    }

    /// The database and its log, each with what the disk holds of it.
    fn files(&self) -> [(PathBuf, PathBuf); 2] {
        let kept = self.kept.join(self.database.file_name().expect("the database is a file"));
        ["", "-wal"].map(|end| (ending(&self.database, end), ending(&kept, end)))
    }
}

fn ending(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}

fn copy(from: &Path, to: &Path) {
    if from.exists() {
        fs::copy(from, to).expect("a file can be copied");
    } else {
        remove(to);
    }
}

fn remove(path: &Path) {
    if path.exists() {
        fs::remove_file(path).expect("a file can be removed");
    }
}
