//! The one connection that writes to an embedded database. A pool of one would
//! ask it before and after each transaction whether it is still there: two
//! crossings to its thread, and nobody writes meanwhile.

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
}

/// A transaction that has the writer until it ends. Dropped without [`Writing::commit`], it is rolled back.
pub(super) struct Writing {
    /// `None` only once it has ended.
    slot: Option<OwnedMutexGuard<Slot>>,
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, Error> {
        let connection = options.connect().await?;
        Ok(Self { options: Arc::new(options), slot: Arc::new(Mutex::new(Some(connection))) })
    }

    /// In turn, however many want to write.
    pub(super) async fn begin(&self) -> Result<Writing, Error> {
        let slot = self.turn().await?;
        if slot.is_none() {
            return Err(Error::PoolClosed);
        }
        // From here on it is rolled back, whoever stops waiting when.
        let mut writing = Writing { slot: Some(slot) };
        let begun = Transactions::begin(writing.connection(), Some(BEGIN.into_sql_str())).await;
        if let Err(Error::WorkerCrashed) = begun {
            *writing.connection() = self.options.connect().await?;
            Transactions::begin(writing.connection(), Some(BEGIN.into_sql_str())).await?;
        } else {
            begun?;
        }
        Ok(writing)
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

    /// Durable once this is `Ok`: the connection's thread has said so itself.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        Transactions::commit(self.connection()).await?;
        self.slot = None;
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Whatever comes next on this connection comes behind it.
        if let Some(connection) = self.slot.as_deref_mut().and_then(Option::as_mut) {
            Transactions::start_rollback(connection);
        }
    }
}
