//! Two engines behind one enum: the embedded SQLite file and PostgreSQL.
//!
//! SQLite writes go through one connection that begins `IMMEDIATE`, so that a
//! write never fails for another's sake; reads have a pool of their own.

mod disk;
mod log;
mod postgres;
mod writer;

use crate::held::Held;
use crate::macros::aside;
use crate::orders::Named;
use crate::{Result, StoreError};
use log::Folder;
use onethread_core::Millis;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::collections::{HashMap, HashSet};
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use writer::{Writer, Writing, Written};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    woken: Arc<Woken>,
}

/// Who is woken by commits of this process.
#[derive(Default)]
struct Woken {
    /// After each that told something.
    told: Notify,
    /// After one that put calls back in line.
    reopened: Notify,
    /// After each to an embedded database.
    written: Notify,
}

#[derive(Clone)]
enum Engine {
    Sqlite { writer: Writer, reader: SqlitePool, folder: Folder },
    Postgres(PgPool),
}

impl Db {
    /// Open `sqlite:PATH` or `postgres://…` and bring it to this version's shape.
    pub async fn open(url: &str) -> Result<Self> {
        let engine = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Engine::Postgres(postgres::open(url, &MIGRATIONS).await?)
        } else if url.starts_with("sqlite:") {
            open_sqlite(url).await?
        } else {
            return Err(StoreError::BadUrl(url.to_owned()));
        };
        Ok(Self { engine, woken: Arc::default() })
    }

    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }

    /// A connection for reading, outside any transaction.
    pub async fn read(&self) -> Result<Conn> {
        Ok(Conn::new(match &self.engine {
            Engine::Sqlite { reader, .. } => Line::Sqlite(reader.acquire().await?),
            Engine::Postgres(pool) => Line::Postgres(pool.acquire().await?),
        }))
    }

    /// A transaction that may write. Dropped without [`Tx::commit`], nothing of it stays.
    pub async fn begin(&self) -> Result<Tx> {
        self.begin_as(false).await
    }

    /// The same for one that refers only to rows that it has read or writes itself: an embedded database, in which
    /// nobody else can take them away meanwhile, does not look each of them up once more while there are many such.
    pub async fn begin_trusted(&self) -> Result<Tx> {
        self.begin_as(true).await
    }

    async fn begin_as(&self, trusted: bool) -> Result<Tx> {
        let line = match &self.engine {
            Engine::Sqlite { writer, .. } => Line::SqliteTx(writer.begin(trusted).await?),
            Engine::Postgres(pool) => Line::PostgresTx(pool.begin().await?),
        };
        Ok(Tx {
            conn: Conn::new(line),
            woken: self.woken.clone(),
            events: crate::live::Words::default(),
            parcels: Vec::new(),
            jobs: Vec::new(),
        })
    }

    /// Resolves after the next commit of this process that told something.
    pub fn told(&self) -> impl Future<Output = ()> + '_ {
        self.woken.told.notified()
    }

    /// Resolves after a commit of this process that put calls back in line.
    pub fn reopened(&self) -> impl Future<Output = ()> + '_ {
        self.woken.reopened.notified()
    }

    /// Wait until whatever anybody can have read by now is durable: for whoever acts on what they read. Elsewhere a
    /// transaction's own commit waits for all before it.
    pub async fn all_kept(&self) -> Result<()> {
        match &self.engine {
            Engine::Sqlite { writer, .. } => writer.disk().reach_all().await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Resolves once an embedded database's disk has failed, with what it answered: nothing more is written, until it is
    /// opened again.
    pub async fn broken(&self) -> String {
        match &self.engine {
            Engine::Sqlite { writer, .. } => writer.disk().broken().await,
            Engine::Postgres(_) => std::future::pending().await,
        }
    }

    /// Close every connection; SQLite folds its log into the file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { writer, reader, folder } => {
                reader.close().await;
                folder.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(url: &str) -> Result<Engine> {
    let failed = |source| StoreError::Open { place: url.to_owned(), source };
    let options = SqliteConnectOptions::from_str(url)
        .map_err(failed)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit does not wait for the disk, but whoever acts on it does: see [`Committed::kept`].
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-32000")
        .pragma("temp_store", "memory")
        // In pages, by whoever commits then: only where [`Db::fold_log`] does not come to it.
        .pragma("wal_autocheckpoint", "64000")
        .statement_cache_capacity(512)
        // A statement's rows never wait for whoever asked to take them.
        .row_buffer_size(1024)
        .optimize_on_close(true, None);
    let mut connection = options.connect().await.map_err(failed)?;
    MIGRATIONS.run(&mut connection).await?;
    // What an earlier process left in the log may be in memory only, if its disk failed. From here it goes to the file.
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_all(&mut connection).await?;
    let writer = Writer::new(options.clone(), connection).map_err(failed)?;
    // A file does not go away: its connections are not asked each time whether they are still there.
    let readers = SqlitePoolOptions::new().max_connections(4).test_before_acquire(false);
    let reader = readers.connect_with(options.clone().read_only(true)).await.map_err(failed)?;
    let folder = Folder::open(options).await.map_err(failed)?;
    Ok(Engine::Sqlite { writer, reader, folder })
}

/// A connection of either engine, in a transaction or not.
pub struct Conn {
    line: Line,
    /// Only in a transaction is anything ever held.
    pub(crate) held: Held,
    /// Calls that this transaction put back in line.
    pub(crate) reopened: usize,
    /// Identities that this transaction made and that were not recognised yet.
    pub(crate) newcomers: HashSet<String>,
    /// Whether any event waits for a message, as far as this transaction has asked.
    pub(crate) waits: Option<bool>,
    /// Of codes that it looked for: what there was. Whoever changes an order or counts a wrong tail drops its code.
    pub(crate) orders: HashMap<String, Named>,
}

enum Line {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Writing),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

pub(crate) enum Engined<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    fn new(line: Line) -> Self {
        Self { line, held: Held::default(), reopened: 0, newcomers: HashSet::new(), waits: None, orders: HashMap::new() }
    }

    /// The engine, past what is held: for tables of which nothing is.
    pub(crate) fn engined(&mut self) -> Engined<'_> {
        match &mut self.line {
            Line::Sqlite(conn) => Engined::Sqlite(conn),
            Line::SqliteTx(tx) => Engined::Sqlite(tx.connection()),
            Line::Postgres(conn) => Engined::Postgres(conn),
            Line::PostgresTx(tx) => Engined::Postgres(tx),
        }
    }

    /// The engine, once what is held is written and let go: a statement must see, and may change, the rows themselves.
    pub(crate) async fn settled(&mut self) -> Result<Engined<'_>> {
        if self.held.holds_any() {
            Box::pin(self.write_held()).await?;
            self.held = Held::default();
        }
        Ok(self.engined())
    }

    /// The engine, once what is held is written, for a statement that sees it but changes none of it.
    pub(crate) async fn written(&mut self) -> Result<Engined<'_>> {
        if self.held.holds_any() {
            Box::pin(self.write_held()).await?;
        }
        Ok(self.engined())
    }

    /// Touch a row so that nobody else changes it until this transaction ends. SQLite's one writer
    /// needs no such thing.
    pub(crate) async fn lock_row(&mut self, touch: &'static str, key: &str) -> Result<()> {
        if let Engined::Postgres(db) = self.settled().await? {
            sqlx::query(touch).bind(key).execute(db).await?;
        }
        Ok(())
    }

    /// Take the next `n` numbers of a counter; answers the last of them. Numbers are dense
    /// and in commit order, because the row stays locked until the commit.
    pub async fn count(&mut self, counter: &str, n: i64) -> Result<i64> {
        let sql = "UPDATE counters SET value = value + $2 WHERE name = $1 RETURNING value";
        let (value,): (i64,) = aside!(self, db => sqlx::query_as(sql).bind(counter).bind(n).fetch_one(db).await)?;
        Ok(value)
    }
}

/// A transaction, and what consoles will be told once it is committed.
pub struct Tx {
    pub(crate) conn: Conn,
    woken: Arc<Woken>,
    pub(crate) events: crate::live::Words,
    pub(crate) parcels: Vec<crate::outbox::Queued>,
    pub(crate) jobs: Vec<crate::jobs::NewJob>,
}

impl Tx {
    /// Make it durable, then tell.
    pub async fn commit(self, now: Millis) -> Result<()> {
        self.write(now).await?.kept().await
    }

    /// Commit, so that the next may write. Nobody outside may hear of it, nor anything be done for it, before it is
    /// [`Committed::kept`].
    pub async fn write(mut self, now: Millis) -> Result<Committed> {
        self.conn.settled().await?;
        let jobs = std::mem::take(&mut self.jobs);
        self.conn.record_jobs(&jobs).await?;
        let parcels = std::mem::take(&mut self.parcels);
        if !parcels.is_empty() {
            self.conn.record_parcels(&parcels).await?;
        }
        let events = std::mem::take(&mut self.events).in_order();
        let tells = !events.is_empty();
        if tells {
            self.conn.record_told(&events, now).await?;
        }
        let reopens = self.conn.reopened > 0;
        let written = match self.conn.line {
            Line::SqliteTx(tx) => {
                let written = tx.commit().await?;
                self.woken.written.notify_one();
                Some(written)
            }
            Line::PostgresTx(tx) => {
                tx.commit().await?;
                None
            }
            Line::Sqlite(_) | Line::Postgres(_) => None,
        };
        Ok(Committed { written, woken: self.woken, tells, reopens })
    }
}

/// A transaction that is committed.
pub struct Committed {
    /// Where the disk is still to be waited for.
    written: Option<Written>,
    woken: Arc<Woken>,
    tells: bool,
    reopens: bool,
}

impl Committed {
    /// Wait until it is durable, then tell.
    pub async fn kept(mut self) -> Result<()> {
        if let Some(written) = self.written.take() {
            written.kept().await?;
        }
        Ok(())
    }
}

impl Drop for Committed {
    /// Also where somebody stopped waiting: it is committed.
    fn drop(&mut self) {
        if self.tells {
            self.woken.told.notify_waiters();
        }
        if self.reopens {
            self.woken.reopened.notify_one();
        }
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
