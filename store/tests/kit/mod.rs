//! A database of its own for each test, on either engine: gone when the test is.
//!
//! ```ignore
//! #[rstest]
//! #[tokio::test]
//! async fn a_thing_is_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
//!     let db = TestDb::open(engine).await;
//! ```
//!
//! PostgreSQL is looked for at `ONETHREAD_TEST_POSTGRES`, a URL whose role may
//! create databases. Where there is none the test fails: an engine is never skipped.

#![allow(dead_code, reason = "every test binary uses its own part of the kit, some all of it")]
#![expect(clippy::disallowed_methods, reason = "tests read their own environment")]

use onethread_core::Millis;
use onethread_store::{Db, Tx};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use std::ops::Deref;

/// The instant at which every test begins.
pub const NOW: Millis = 1_790_000_000_000;

const POSTGRES: &str = "postgres://root@127.0.0.1:5432/test";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An open, empty database that is removed on drop.
pub struct TestDb {
    db: Db,
    place: Place,
}

enum Place {
    Folder(tempfile::TempDir),
    Server { admin: String, name: String },
}

impl TestDb {
    pub async fn open(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        }
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let db = Db::open(&url).await.expect("SQLite opens a new file");
        Self { db, place: Place::Folder(folder) }
    }

    async fn postgres() -> Self {
        let admin = std::env::var("ONETHREAD_TEST_POSTGRES").unwrap_or_else(|_| POSTGRES.to_owned());
        let name = format!("onethread_{}", uuid::Uuid::now_v7().simple());
        run(&admin, &format!("CREATE DATABASE {name} TEMPLATE template0")).await.unwrap_or_else(|error| {
            panic!("these tests need PostgreSQL: start one and set ONETHREAD_TEST_POSTGRES to a URL whose role may create databases ({error})")
        });
        let db = Db::open(&beside(&admin, &name)).await.expect("the new database opens");
        Self { db, place: Place::Server { admin, name } }
    }

    /// Begin, let `work` write, commit at [`NOW`].
    pub async fn write<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> onethread_store::Result<T>) -> onethread_store::Result<T> {
        let mut tx = self.db.begin().await?;
        let value = work(&mut tx).await?;
        tx.commit(NOW).await?;
        Ok(value)
    }

    /// Where it lies, for those who must look beneath the store.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Folder(folder) => format!("sqlite:{}", folder.path().join("test.db").display()),
            Place::Server { admin, name } => beside(admin, name),
        }
    }

    /// Statements past the store, as an earlier version may have left the database.
    pub async fn run_beneath(&self, statements: &str) {
        let statements = sqlx::AssertSqlSafe(statements.to_owned());
        match &self.place {
            Place::Folder(_) => {
                let mut conn = SqliteConnection::connect(&self.url()).await.expect("the file opens");
                conn.execute(sqlx::raw_sql(statements)).await.expect("the statements are right");
            }
            Place::Server { .. } => {
                let mut conn = PgConnection::connect(&self.url()).await.expect("the server answers");
                conn.execute(sqlx::raw_sql(statements)).await.expect("the statements are right");
            }
        }
    }

    /// A second handle on the same database, as another process has it.
    pub async fn another(&self) -> Db {
        Db::open(&self.url()).await.expect("the database opens twice")
    }
}

impl Deref for TestDb {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Place::Server { admin, name } = &self.place else { return };
        let (admin, sql) = (admin.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a small runtime starts");
            runtime.block_on(run(&admin, &sql))
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("the test's database `{name}` stays behind: {error}");
        }
    }
}

async fn run(url: &str, sql: &str) -> sqlx::Result<()> {
    let mut conn = PgConnection::connect(url).await?;
    conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await?;
    conn.close().await
}

/// The same server, another database.
fn beside(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}
