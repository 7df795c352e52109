//! The one connection that writes to an embedded database. A pool of one would
//! ask it before and after each transaction whether it is still there: two
//! crossings to its thread, and nobody writes meanwhile.

use super::disk::{Disk, Mark};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteTransactionManager as Transactions};
use sqlx::{ConnectOptions, Connection, Error, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Whoever waits longer for their turn is refused.
const WAIT_MOST: Duration = Duration::from_secs(30);

/// Takes the right to write at once, so that nothing fails half way for another's sake.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// `None` once it is closed.
type Slot = Option<SqliteConnection>;

#[derive(Clone)]
pub(super) struct Writer {
    options: Arc<SqliteConnectOptions>,
    slot: Arc<Mutex<Slot>>,
    disk: Disk,
}

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
        Ok(Self { options: Arc::new(options), slot: Arc::new(Mutex::new(Some(connection))), disk })
    }

    /// In turn, however many want to write.
    pub(super) async fn begin(&self) -> crate::Result<Writing> {
        let slot = self.turn().await?;
        if slot.is_none() {
            return Err(Error::PoolClosed.into());
        }
        self.disk.check()?;
        // From here on it is rolled back, whoever stops waiting when.
        let mut writing = Writing { slot: Some(slot), disk: self.disk.clone(), commits: None };
        let begun = Transactions::begin(writing.connection(), Some(BEGIN.into_sql_str())).await;
        if let Err(Error::WorkerCrashed) = begun {
            *writing.connection() = self.options.connect().await?;
            Transactions::begin(writing.connection(), Some(BEGIN.into_sql_str())).await?;
        } else {
            begun?;
        }
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
