//! When commits of an embedded database are on the disk. SQLite could wait for
//! the disk itself, before it lets the next transaction begin; so it leaves that
//! to us, and the next one goes on meanwhile. Whoever comes while the disk is
//! busy shares its next turn.

use crate::{Result, StoreError};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, SetOnce};

/// The database's log, which is what commits write.
#[derive(Clone)]
pub(super) struct Disk(Arc<State>);

struct State {
    log: Arc<File>,
    /// Commits so far.
    written: AtomicU64,
    /// So many of them are on the disk.
    synced: Mutex<u64>,
    /// What the disk answered when it failed. It may have dropped what it could not write and say `Ok` the next time, so
    /// it is not asked again, and nobody may write any more.
    broken: SetOnce<String>,
}

/// A commit's place among all.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl Disk {
    /// Of an open database with this file: its log is there as long as anybody has it open.
    pub(super) fn open(database: &Path) -> std::io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Ok(Self::of(std::fs::OpenOptions::new().read(true).write(true).open(log)?))
    }

    fn of(log: File) -> Self {
        let (written, synced, broken) = (AtomicU64::new(0), Mutex::new(0), SetOnce::new());
        Self(Arc::new(State { log: Arc::new(log), written, synced, broken }))
    }

    /// Whether anybody may still write.
    pub(super) fn check(&self) -> Result<()> {
        self.0.broken.get().map_or(Ok(()), |why| Err(StoreError::DiskFailed(why.clone())))
    }

    /// Resolves once nobody may write any more.
    pub(super) async fn broken(&self) {
        self.0.broken.wait().await;
    }

    /// One more was committed. For whoever has the writer.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.0.written.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Wait until that one, and all before it, are on the disk.
    pub(super) async fn reach(&self, Mark(place): Mark) -> Result<()> {
        let mut synced = self.0.synced.lock().await;
        if *synced >= place {
            return Ok(());
        }
        self.check()?;
        let written = self.0.written.load(Ordering::Acquire);
        let log = self.0.log.clone();
        let done = tokio::task::spawn_blocking(move || log.sync_data()).await;
        if let Err(error) = done.unwrap_or_else(|gone| Err(std::io::Error::other(gone))) {
            let _ = self.0.broken.set(error.to_string());
            return self.check();
        }
        *synced = written;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_comes_while_the_disk_is_busy_shares_its_next_turn() {
        let disk = Disk::of(tempfile::tempfile().expect("a file"));
        let (first, second) = (disk.mark(), disk.mark());
        disk.reach(first).await.expect("a disk");
        assert_eq!(*disk.0.synced.lock().await, 2, "the second was written by then");
        disk.reach(second).await.expect("a disk");
        let third = disk.mark();
        assert_eq!(*disk.0.synced.lock().await, 2, "nobody waited for the third yet");
        disk.reach(third).await.expect("a disk");
        assert_eq!(*disk.0.synced.lock().await, 3);
    }

    /// A pipe cannot be written to a disk, so this one fails.
    #[tokio::test]
    async fn after_the_disk_failed_once_nothing_counts_as_kept_and_nobody_writes() {
        let (_reads, writes) = std::io::pipe().expect("a pipe");
        let disk = Disk::of(File::from(std::os::fd::OwnedFd::from(writes)));
        let (first, second) = (disk.mark(), disk.mark());
        disk.check().expect("nothing happened yet");
        let error = disk.reach(first).await.expect_err("no disk");
        assert!(error.to_string().contains("start the gateway again"), "{error}");
        disk.reach(second).await.expect_err("it may have dropped that, too");
        disk.check().expect_err("nobody writes any more");
        disk.broken().await;
    }
}
