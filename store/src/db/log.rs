//! An embedded database writes into a log first, which must be folded into the
//! file now and then (SQLite calls it a checkpoint). Left to itself it makes
//! whoever commits do that, and everybody wait for as long as it takes.

use super::writer::Writer;
use super::{Db, Engine};
use crate::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Error};
use std::sync::Arc;
use tokio::fs::File;
use tokio::sync::Mutex;

/// So few pages may be folded while the writer waits.
const FOLD_AT_ONCE: i64 = 500;

const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";
const FOLD: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// A connection beside the writer's. `None` once it is closed. Two that fold need SQLite 3.51.3 or newer: before, they
/// could in rare cases lose pages (fixed in that version, says its list of changes).
#[derive(Clone)]
pub(super) struct Folder {
    options: Arc<SqliteConnectOptions>,
    slot: Arc<Mutex<Option<SqliteConnection>>>,
    /// The database's file, to have it written to the disk. It is never closed, one a process: closing a file, by
    /// whichever descriptor, ends the locks that this process has on it, and SQLite's connections go by those.
    file: &'static File,
}

impl Folder {
    pub(super) async fn open(options: SqliteConnectOptions) -> std::result::Result<Self, Error> {
        // It looks at no table, and what it copies goes past the cache.
        let options = options.pragma("cache_size", "-1000");
        let connection = options.connect().await?;
        // Not by a task, which could be dropped half way, and the file with it.
        let file = std::fs::OpenOptions::new().read(true).write(true).open(options.get_filename())?;
        let file: &'static File = Box::leak(Box::new(File::from_std(file)));
        Ok(Self { options: Arc::new(options), slot: Arc::new(Mutex::new(Some(connection))), file })
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

    /// Fold an embedded database's log into its file, where at least so many pages wait in it, beside the writer.
    /// Answers whether it did. A log that has `long` pages in all may begin anew after it: for that the writer waits.
    pub async fn fold_log(&self, from: i64, long: i64) -> Result<bool> {
        let Engine::Sqlite { writer, folder, .. } = &self.engine else { return Ok(false) };
        writer.disk().check()?;
        let folded = fold(writer, folder, from, long).await;
        // Of a file that the disk refused once nobody knows what it holds; the log still has it all.
        if let Err(error) = folded.as_ref()
            && is_of_disk(error)
        {
            writer.disk().failed(error);
        }
        Ok(folded?)
    }
}

/// The disk could not write the log or the file: our own sync failed, or SQLite's (`SQLITE_IOERR_FSYNC`).
fn is_of_disk(error: &Error) -> bool {
    match error {
        Error::Io(_) => true,
        Error::Database(said) => said.code().as_deref() == Some("1034"),
        _ => false,
    }
}

async fn fold(writer: &Writer, folder: &Folder, from: i64, long: i64) -> std::result::Result<bool, Error> {
    let mut slot = folder.slot.lock().await;
    let Some(connection) = slot.as_mut() else { return Ok(false) };
    let mut log = match run(connection, LOOK).await {
        Ok(log) => log,
        // Its thread may be gone.
        Err(_) => {
            *connection = folder.options.connect().await?;
            run(connection, LOOK).await?
        }
    };
    if log.waiting() < from {
        return Ok(false);
    }
    loop {
        let before = log;
        run(connection, FOLD).await?;
        // SQLite does that only in a fold that leaves nothing in the log, which is the one that the writer waits for.
        folder.file.sync_data().await?;
        log = run(connection, LOOK).await?;
        // Somebody still reads what the file had before: nothing can begin anew now.
        let stuck = log.folded <= before.folded;
        if log.pages < long || stuck {
            return Ok(true);
        }
        // As few as they will get, while others write.
        if log.waiting() < FOLD_AT_ONCE || log.waiting() * 4 > before.waiting() * 3 {
            break;
        }
    }
    // The log begins anew only where nothing is left.
    if let Some(connection) = writer.turn().await?.as_mut() {
        run(connection, FOLD).await?;
    }
    Ok(true)
}

/// In pages.
#[derive(Clone, Copy)]
struct Log {
    pages: i64,
    folded: i64,
}

impl Log {
    fn waiting(&self) -> i64 {
        self.pages - self.folded
    }
}

/// Run this and answer how the log is then.
async fn run(connection: &mut SqliteConnection, pragma: &'static str) -> std::result::Result<Log, Error> {
    let (_, pages, folded): (i64, i64, i64) = sqlx::query_as(pragma).fetch_one(connection).await?;
    Ok(Log { pages, folded })
}
