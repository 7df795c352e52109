//! An embedded database writes into a log first, which must be folded into the
//! file now and then (SQLite calls it a checkpoint). Left to itself it makes
//! whoever commits do that, and everybody wait for as long as it takes.

use super::{Db, Engine};
use crate::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::sync::Arc;
use tokio::sync::Mutex;

/// So few pages are folded while the writer waits.
const FOLD_AT_ONCE: i64 = 500;
/// How often those are folded that came while others were.
const FOLDS_MOST: usize = 4;

const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";
const FOLD: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// A connection beside the writer's. `None` once it is closed. Two that fold need SQLite 3.51.3 or newer: before, they
/// could in rare cases lose pages (fixed in that version, says its list of changes).
#[derive(Clone)]
pub(super) struct Folder {
    options: Arc<SqliteConnectOptions>,
    slot: Arc<Mutex<Option<SqliteConnection>>>,
}

impl Folder {
    pub(super) async fn open(options: SqliteConnectOptions) -> std::result::Result<Self, sqlx::Error> {
        // It looks at no table, and what it copies goes past the cache.
        let options = options.pragma("cache_size", "-1000");
        let connection = options.connect().await?;
        Ok(Self { options: Arc::new(options), slot: Arc::new(Mutex::new(Some(connection))) })
    }

    pub(super) async fn close(&self) {
        if let Some(connection) = self.slot.lock().await.take() {
            let _ = connection.close().await;
        }
    }
}

impl Db {
    /// Resolves after the next commit of this process to an embedded database.
    pub fn written(&self) -> impl Future<Output = ()> + '_ {
        self.woken.written.notified()
    }

    /// Fold an embedded database's log into its file, where at least so many pages wait in it: most of them beside
    /// the writer. Answers whether it did.
    pub async fn fold_log(&self, from: i64) -> Result<bool> {
        let Engine::Sqlite { writer, folder, .. } = &self.engine else { return Ok(false) };
        let mut slot = folder.slot.lock().await;
        let Some(connection) = slot.as_mut() else { return Ok(false) };
        let waits = match left(connection, LOOK).await {
            Ok(waits) => waits,
            // Its thread may be gone.
            Err(_) => {
                *connection = folder.options.connect().await?;
                left(connection, LOOK).await?
            }
        };
        if waits < from {
            return Ok(false);
        }
        // What comes meanwhile is less each time.
        for _ in 0..FOLDS_MOST {
            left(connection, FOLD).await?;
            if left(connection, LOOK).await? < FOLD_AT_ONCE {
                break;
            }
        }
        // The log begins anew only where nothing is left.
        if let Some(connection) = writer.turn().await?.as_mut() {
            left(connection, FOLD).await?;
        }
        Ok(true)
    }
}

/// Run this and answer how many pages of the log are not in the file yet.
async fn left(connection: &mut SqliteConnection, pragma: &'static str) -> Result<i64> {
    let (_, pages, folded): (i64, i64, i64) = sqlx::query_as(pragma).fetch_one(connection).await?;
    Ok(pages - folded)
}
