//! A database of its own for each story.

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use std::path::Path;

const POSTGRES: &str = "postgres://root@127.0.0.1:5432/test";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Removed on drop.
pub struct Database {
    pub url: String,
    server: Option<(String, String)>,
}

impl Database {
    pub async fn make(engine: Engine, folder: &Path) -> Self {
        if engine == Engine::Sqlite {
            return Self { url: format!("sqlite:{}", folder.join("story.db").display()), server: None };
        }
        let admin = std::env::var("ONETHREAD_TEST_POSTGRES").unwrap_or_else(|_| POSTGRES.to_owned());
        let name = onethread_core::ids::fresh("story", 1_700_000_000_000);
        let mut server =
            PgConnection::connect(&admin).await.expect("PostgreSQL answers; start it or set ONETHREAD_TEST_POSTGRES");
        server.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("the role may create databases");
        let (base, _) = admin.rsplit_once('/').expect("the URL names a database");
        Self { url: format!("{base}/{name}"), server: Some((admin, name)) }
    }
}

/// Rows that refer to what is not there. A server refuses them itself.
#[allow(dead_code, reason = "for those who write in the middle of trouble")]
pub async fn dangling(url: &str) -> usize {
    if !url.starts_with("sqlite:") {
        return 0;
    }
    let mut file = SqliteConnection::connect(url).await.expect("the file is there");
    file.fetch_all("PRAGMA foreign_key_check").await.expect("the file can be looked through").len()
}

/// Run these statements beside the gateway.
#[allow(dead_code, reason = "the crash test needs none")]
pub async fn execute(url: &str, statements: &[&'static str]) {
    for statement in statements.iter().copied() {
        if url.starts_with("sqlite:") {
            let mut file = SqliteConnection::connect(url).await.expect("the file is there");
            file.execute(statement).await.expect("the statement is well written");
        } else {
            let mut server = PgConnection::connect(url).await.expect("the server is there");
            server.execute(statement).await.expect("the statement is well written");
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((admin, name)) = self.server.take() else { return };
        let drop = async move {
            if let Ok(mut server) = PgConnection::connect(&admin).await {
                let _ = server.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await;
            }
        };
        // A runtime may be running here already, and may be going away.
        let thread = std::thread::spawn(|| {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(drop);
            }
        });
        let _ = thread.join();
    }
}
