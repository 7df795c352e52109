//! When commits of an embedded database are on the disk. SQLite could wait for
//! the disk itself, before it lets the next transaction begin; so it leaves that
//! to us, and the next one goes on meanwhile. Whoever comes while the disk is
//! busy shares its next turn.

use crate::{Result, StoreError};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, SetOnce, watch};

/// The database's log, which is what commits write.
#[derive(Clone)]
pub(super) struct Disk(Arc<State>);

struct State {
    log: File,
    /// Commits that have begun: from then on whoever reads may see them. One at a time.
    begun: AtomicU64,
    /// Of those, the ones that are over.
    ended: watch::Sender<u64>,
    /// Of those, the ones that are on the disk.
    synced: Arc<Mutex<u64>>,
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
        // SQLite, too, puts the log beside the file itself, and not beside a link to it.
        let mut log = std::fs::canonicalize(database)?.into_os_string();
        log.push("-wal");
        Ok(Self::of(std::fs::OpenOptions::new().read(true).write(true).open(log)?))
    }

    fn of(log: File) -> Self {
        let (begun, ended) = (AtomicU64::new(0), watch::Sender::new(0));
        Self(Arc::new(State { log, begun, ended, synced: Arc::default(), broken: SetOnce::new() }))
    }

    /// Whether anybody may still write.
    pub(super) fn check(&self) -> Result<()> {
        self.0.check()
    }

    /// It failed, and said so to somebody else.
    pub(super) fn failed(&self, why: &impl ToString) {
        let _ = self.0.broken.set(why.to_string());
    }

    /// Resolves once nobody may write any more; says why.
    pub(super) async fn broken(&self) -> String {
        self.0.broken.wait().await.clone()
    }

    /// A commit begins. For whoever has the writer.
    pub(super) fn begins(&self) -> Mark {
        Mark(self.0.begun.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// That commit is over, whatever came of it.
    pub(super) fn ends(&self, Mark(place): Mark) {
        self.0.ended.send_replace(place);
    }

    /// Wait until that one, which is over, and all before it are on the disk.
    pub(super) async fn reach(&self, Mark(place): Mark) -> Result<()> {
        let mut synced = self.0.synced.clone().lock_owned().await;
        if *synced >= place {
            return Ok(());
        }
        self.check()?;
        let state = self.0.clone();
        // It goes on to its end, even if nobody waits for it any more: what the disk answers now it may not answer again.
        let syncing = tokio::task::spawn_blocking(move || {
            let ended = *state.ended.borrow();
            match state.log.sync_data() {
                Ok(()) => *synced = ended,
                Err(error) => drop(state.broken.set(error.to_string())),
            }
            state.check()
        });
        syncing.await.map_err(|gone| sqlx::Error::Io(std::io::Error::other(gone)))?
    }

    /// Wait until whatever anybody can have read by now is on the disk.
    pub(super) async fn reach_all(&self) -> Result<()> {
        let begun = self.0.begun.load(Ordering::Acquire);
        let ended = self.0.ended.subscribe().wait_for(|ended| *ended >= begun).await.map(|_| ());
        ended.expect("who sends that is here");
        self.reach(Mark(begun)).await
    }
}

impl State {
    fn check(&self) -> Result<()> {
        self.broken.get().map_or(Ok(()), |why| Err(StoreError::DiskFailed(why.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn commit(disk: &Disk) -> Mark {
        let mark = disk.begins();
        disk.ends(mark);
        mark
    }

    #[tokio::test]
    async fn who_comes_while_the_disk_is_busy_shares_its_next_turn() {
        let disk = Disk::of(tempfile::tempfile().expect("a file"));
        let (first, second) = (commit(&disk), commit(&disk));
        disk.reach(first).await.expect("a disk");
        assert_eq!(*disk.0.synced.lock().await, 2, "the second was written by then");
        disk.reach(second).await.expect("a disk");
        commit(&disk);
        assert_eq!(*disk.0.synced.lock().await, 2, "nobody waited for the third yet");
        disk.reach_all().await.expect("a disk");
        assert_eq!(*disk.0.synced.lock().await, 3);
    }

    /// It can be read before whoever commits it has heard that it is done.
    #[tokio::test]
    async fn a_commit_that_may_be_seen_already_is_waited_for() {
        let disk = Disk::of(tempfile::tempfile().expect("a file"));
        commit(&disk);
        let second = disk.begins();
        let early = tokio::time::timeout(Duration::from_millis(20), disk.reach_all()).await;
        assert!(early.is_err(), "it is not over");
        disk.ends(second);
        disk.reach_all().await.expect("a disk");
        assert_eq!(*disk.0.synced.lock().await, 2);
    }

    /// A pipe cannot be written to a disk, so this one fails.
    fn failing() -> Disk {
        let (_reads, writes) = std::io::pipe().expect("a pipe");
        Disk::of(File::from(std::os::fd::OwnedFd::from(writes)))
    }

    #[tokio::test]
    async fn after_the_disk_failed_once_nothing_counts_as_kept_and_nobody_writes() {
        let disk = failing();
        let (first, second) = (commit(&disk), commit(&disk));
        disk.check().expect("nothing happened yet");
        let error = disk.reach(first).await.expect_err("no disk");
        assert!(error.to_string().contains("start the gateway again"), "{error}");
        disk.reach(second).await.expect_err("it may have dropped that, too");
        disk.check().expect_err("nobody writes any more");
        disk.broken().await;
    }

    #[tokio::test]
    async fn what_the_disk_answers_counts_even_if_nobody_waits_for_it() {
        let disk = failing();
        let mark = commit(&disk);
        {
            let mut waits = std::pin::pin!(disk.reach(mark));
            let polled = std::future::poll_fn(|context| std::task::Poll::Ready(waits.as_mut().poll(context))).await;
            assert!(polled.is_pending(), "the disk is asked by a thread of its own");
        }
        tokio::time::timeout(Duration::from_secs(5), disk.broken()).await.expect("it has answered");
    }
}
