//! The one connection that writes to an embedded database. A pool of one would
//! ask it before and after each transaction whether it is still there: two
//! crossings to its thread, and nobody writes meanwhile.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Error};
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
    options: SqliteConnectOptions,
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
        Ok(Self { options, slot: Arc::new(Mutex::new(Some(connection))) })
    }

    /// In turn, however many want to write.
    pub(super) async fn begin(&self) -> Result<Writing, Error> {
        let slot = self.turn().await?;
        if slot.is_none() {
            return Err(Error::PoolClosed);
        }
        // From here on it is rolled back, whoever stops waiting when.
        let mut writing = Writing { slot: Some(slot) };
        let begun = run(writing.connection(), BEGIN).await;
        if let Err(Error::WorkerCrashed) = begun {
            *writing.connection() = self.options.connect().await?;
            run(writing.connection(), BEGIN).await?;
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

    pub(super) async fn commit(mut self) -> Result<(), Error> {
        run(self.connection(), "COMMIT").await?;
        self.slot = None;
        Ok(())
    }
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), Error> {
    sqlx::query(statement).execute(connection).await.map(drop)
}

impl Drop for Writing {
    fn drop(&mut self) {
        let Some(mut slot) = self.slot.take() else { return };
        // Where the program ends meanwhile, the connection ends, and its transaction with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Some(connection) = slot.as_mut() {
                    // Nothing to roll back where it failed to begin, or the database has done so itself.
                    let _ = run(connection, "ROLLBACK").await;
                }
            });
        }
    }
}
