//! The bare floor, a process of its own: what any durable webhook costs with
//! the same web server, database library and disk. One call is a signature
//! check, one row in a commit that it shares with others, and the answer 200.
//! Nothing is read, understood or sent.

use crate::{channels::SECRET, clock, process};
use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, SqliteConnection};
use std::path::Path;
use tokio::sync::{mpsc, oneshot};

/// Calls that share a commit at most.
const AT_ONCE: usize = 512;
const SCHEMA: &str = "CREATE TABLE calls (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL)";

#[derive(Clone)]
struct Floor {
    calls: mpsc::Sender<Call>,
    options: SqliteConnectOptions,
}

struct Call {
    body: Bytes,
    stored: oneshot::Sender<()>,
}

/// Serve until the parent ends this process.
pub async fn run(folder: &Path) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new().filename(folder.join("floor.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut writer = options.connect().await.context("the floor's database could not be opened")?;
    sqlx::query(SCHEMA).execute(&mut writer).await?;
    let (calls, queue) = mpsc::channel(AT_ONCE * 4);
    let writing = tokio::spawn(write(writer, queue));
    let router = Router::new().route("/hook", post(take)).route("/rows", get(rows)).with_state(Floor { calls, options });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    process::say(&json!({ "address": listener.local_addr()?.to_string() }))?;
    tokio::select! {
        served = axum::serve(listener, router) => Ok(served?),
        written = writing => written?,
    }
}

async fn take(State(floor): State<Floor>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_signed(&headers, &body) {
        return StatusCode::FORBIDDEN;
    }
    let (tell, told) = oneshot::channel();
    let taken = floor.calls.send(Call { body, stored: tell }).await;
    if taken.is_ok() && told.await.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let claimed = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()?.strip_prefix("sha256="));
    let Some(claimed) = claimed.and_then(|claimed| hex::decode(claimed).ok()) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length of key will do");
    mac.update(body);
    mac.verify_slice(&claimed).is_ok()
}

/// How many are stored: the run compares it with how many were acknowledged.
async fn rows(State(floor): State<Floor>) -> Result<String, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let mut reader = floor.options.connect().await.map_err(failed)?;
    let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM calls").fetch_one(&mut reader).await.map_err(failed)?;
    Ok(count.to_string())
}

/// All that wait go into one statement and one commit.
async fn write(mut writer: SqliteConnection, mut queue: mpsc::Receiver<Call>) -> anyhow::Result<()> {
    let mut calls = Vec::with_capacity(AT_ONCE);
    while queue.recv_many(&mut calls, AT_ONCE).await > 0 {
        let now = i64::try_from(clock::unix_millis())?;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut insert = QueryBuilder::new("INSERT INTO calls (at, body) ");
        insert.push_values(&calls, |mut row, call| {
            row.push_bind(now).push_bind(call.body.as_ref());
        });
        insert.build().persistent(false).execute(&mut *transaction).await?;
        transaction.commit().await?;
        for call in calls.drain(..) {
            // Whoever hung up meanwhile need not know.
            let _ = call.stored.send(());
        }
    }
    Ok(())
}
