//! The one connection that writes to an embedded database. A pool of one would
//! ask it before and after each transaction whether it is still there: two
//! crossings to its thread, and nobody writes meanwhile.

use super::disk::{Disk, Mark};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteTransactionManager as Transactions};
use sqlx::{ConnectOptions, Connection, Error, Executor, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Whoever waits longer for their turn is refused.
const WAIT_MOST: Duration = Duration::from_secs(30);

/// Takes the right to write at once, so that nothing fails half way for another's sake.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Said between transactions only: within one it changes nothing.
const TRUST: &str = "PRAGMA foreign_keys = OFF";
const LOOK_UP: &str = "PRAGMA foreign_keys = ON";

/// `None` once it is closed.
type Slot = Option<SqliteConnection>;

#[derive(Clone)]
pub(super) struct Writer {
    options: Arc<SqliteConnectOptions>,
    slot: Arc<Mutex<Slot>>,
    /// What the connection was told. Changed by whoever has the writer.
    trust: Arc<Trust>,
    disk: Disk,
}

/// Whether rows are looked up that others refer to. Statements are prepared anew whenever that changes, so it changes only
/// where it lasts.
#[derive(Default)]
struct Trust {
    /// It may have been told not to look them up.
    given: AtomicBool,
    /// How many in a row would have been trusted.
    wanted: AtomicU32,
}

/// So many in a row, and it is busy enough: a round takes some ten milliseconds then.
const WANTED_LEAST: u32 = 64;

/// A transaction that has the writer until it ends. Dropped without [`Writing::commit`], it is rolled back.
pub(super) struct Writing {
    /// `None` only once it has ended.
    slot: Option<OwnedMutexGuard<Slot>>,
    disk: Disk,
    /// While it is being committed.
    commits: Option<Mark>,
}

/// A transaction that is committed: whoever reads sees it, and whoever writes builds on it.
pub(super) struct Written {
    disk: Disk,
    mark: Mark,
}

impl Writer {
    /// With a connection that has the database open.
    pub(super) fn new(options: SqliteConnectOptions, connection: SqliteConnection) -> Result<Self, Error> {
        let disk = Disk::open(options.get_filename())?;
        let slot = Arc::new(Mutex::new(Some(connection)));
        Ok(Self { options: Arc::new(options), slot, trust: Arc::default(), disk })
    }

    /// In turn, however many want to write. `trusted`: its rows refer to what is there, and nobody looks that up.
    pub(super) async fn begin(&self, trusted: bool) -> crate::Result<Writing> {
        let slot = self.turn().await?;
        if slot.is_none() {
            return Err(Error::PoolClosed.into());
        }
        self.disk.check()?;
        // From here on it is rolled back, whoever stops waiting when.
        let mut writing = Writing { slot: Some(slot), disk: self.disk.clone(), commits: None };
        let tell = self.trust.tell(trusted);
        let begun = start(writing.connection(), tell).await;
        if let Err(Error::WorkerCrashed | Error::InvalidSavePointStatement) = begun {
            // Its thread is gone; or SQLite has ended a transaction by itself, as it does where the disk is full, and sqlx
            // still counts it. A new connection looks up.
            *writing.connection() = self.options.connect().await?;
            start(writing.connection(), tell).await?;
        } else {
            begun?;
        }
        self.trust.told(tell);
        Ok(writing)
    }

    /// The disk that it writes to.
    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The connection outside any transaction.
    pub(super) async fn turn(&self) -> Result<OwnedMutexGuard<Slot>, Error> {
        tokio::time::timeout(WAIT_MOST, self.slot.clone().lock_owned()).await.map_err(|_| Error::PoolTimedOut)
    }

    pub(super) async fn close(&self) {
        if let Some(connection) = self.slot.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database was not closed in order; nothing of it is lost");
        }
    }
}

impl Trust {
    /// What to tell the connection before a transaction, if anything.
    fn tell(&self, trusted: bool) -> Option<&'static str> {
        let wanted = if trusted { self.wanted.load(Relaxed).saturating_add(1) } else { 0 };
        self.wanted.store(wanted, Relaxed);
        let tell = match (self.given.load(Relaxed), trusted) {
            (true, false) => LOOK_UP,
            (false, true) if wanted >= WANTED_LEAST => TRUST,
            _ => return None,
        };
        // However far it comes before somebody stops waiting: a connection that may trust is told again.
        self.given.store(true, Relaxed);
        Some(tell)
    }

    fn told(&self, tell: Option<&'static str>) {
        if let Some(tell) = tell {
            self.given.store(tell == TRUST, Relaxed);
        }
    }
}

async fn start(connection: &mut SqliteConnection, tell: Option<&'static str>) -> Result<(), Error> {
    if let Some(tell) = tell {
        connection.execute(tell).await?;
    }
    Transactions::begin(connection, Some(BEGIN.into_sql_str())).await
}

impl Writing {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        self.slot.as_deref_mut().and_then(Option::as_mut).expect("a transaction has the writer until it ends")
    }

    /// Done once this is `Ok` (the connection's thread has said so itself), and kept once it is on the disk.
    pub(super) async fn commit(mut self) -> Result<Written, Error> {
        let mark = self.disk.begins();
        self.commits = Some(mark);
        Transactions::commit(self.connection()).await?;
        self.end_commit();
        self.slot = None;
        Ok(Written { disk: self.disk.clone(), mark })
    }

    fn end_commit(&mut self) {
        if let Some(mark) = self.commits.take() {
            self.disk.ends(mark);
        }
    }
}

impl Written {
    /// Wait until the disk has it.
    pub(super) async fn kept(self) -> crate::Result<()> {
        self.disk.reach(self.mark).await
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Whatever comes next on this connection comes behind it.
        if let Some(connection) = self.slot.as_deref_mut().and_then(Option::as_mut) {
            Transactions::start_rollback(connection);
        }
        self.end_commit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqliteJournalMode;

    #[tokio::test]
    async fn after_a_full_disk_the_next_one_writes_again() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path().join("full.db")).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).pragma("max_page_count", "20");
        let mut connection = options.connect().await.unwrap();
        connection.execute("CREATE TABLE t (words BLOB)").await.unwrap();
        let writer = Writer::new(options, connection).unwrap();
        for trusted in [false, true, false] {
            let mut writing = writer.begin(trusted).await.unwrap();
            let full = writing.connection().execute("INSERT INTO t VALUES (zeroblob(1000000))").await.unwrap_err();
            assert_eq!(full.as_database_error().unwrap().code().as_deref(), Some("13"), "SQLITE_FULL: {full}");
            drop(writing);
            let mut writing = writer.begin(trusted).await.expect("nothing has to be restarted");
            writing.connection().execute("INSERT INTO t VALUES ('ạ')").await.unwrap();
            writing.commit().await.unwrap().kept().await.unwrap();
        }
        let (kept,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM t").fetch_one(writer.begin(false).await.unwrap().connection()).await.unwrap();
        assert_eq!(kept, 3);
    }
}
