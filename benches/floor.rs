//! The bare floor, a process of its own: what any durable webhook costs with
//! the same web server, database library and disk. One call is a signature
//! check, one row in a commit that it shares with others, and the answer 200.
//! Nothing is read, understood or sent.
//!
//! With a sink it also answers: the same few words to whoever wrote, once the
//! call is stored, and a second durable write that says so. Any gateway that
//! loses no reply must do more than that.

use crate::channels::{PAGE, SECRET};
use crate::{clock, process, sink};
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
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Calls that share a commit at most.
const AT_ONCE: usize = 512;
const SCHEMA: &str = "CREATE TABLE calls (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL, answered INTEGER)";

#[derive(Clone)]
struct Floor {
    work: mpsc::Sender<Work>,
    options: SqliteConnectOptions,
}

/// What becomes durable.
enum Work {
    Call(Call),
    /// The call of this row was answered.
    Answered(i64),
}

struct Call {
    body: Bytes,
    stored: oneshot::Sender<()>,
}

/// Where answers go.
struct Answers {
    http: reqwest::Client,
    url: String,
    work: mpsc::Sender<Work>,
}

/// Serve until the parent ends this process.
pub async fn run(folder: &Path, sink: Option<&str>) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new().filename(folder.join("floor.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut writer = options.connect().await.context("the floor's database could not be opened")?;
    sqlx::query(SCHEMA).execute(&mut writer).await?;
    let (work, queue) = mpsc::channel(AT_ONCE * 4);
    let answers = sink.map(|sink| {
        let url = format!("http://{sink}/facebook/v25.0/{PAGE}/messages");
        Arc::new(Answers { http: reqwest::Client::new(), url, work: work.clone() })
    });
    let writing = tokio::spawn(write(writer, queue, answers));
    let router = Router::new().route("/hook", post(take)).route("/rows", get(rows)).with_state(Floor { work, options });
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
    let taken = floor.work.send(Work::Call(Call { body, stored: tell })).await;
    if taken.is_ok() && told.await.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let claimed = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()?.strip_prefix("sha256="));
    let Some(claimed) = claimed.and_then(|claimed| hex::decode(claimed).ok()) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length of key will do");
    mac.update(body);
    mac.verify_slice(&claimed).is_ok()
}

/// How many are stored, and how many of them answered: the run compares both with what it saw.
async fn rows(State(floor): State<Floor>) -> Result<String, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let mut reader = floor.options.connect().await.map_err(failed)?;
    let count = sqlx::query_as("SELECT count(*), count(answered) FROM calls").fetch_one(&mut reader);
    let (stored, answered): (i64, i64) = count.await.map_err(failed)?;
    Ok(json!({ "stored": stored, "answered": answered }).to_string())
}

impl Answers {
    /// Whoever wrote this gets a few words.
    async fn answer(&self, row: i64, body: &[u8]) {
        let person = sink::number_after(body, br#""sender":{"id":""#).unwrap_or_default().to_string();
        let words =
            json!({ "recipient": { "id": person }, "messaging_type": "RESPONSE", "message": { "text": "Dạ shop nghe ạ" } });
        let call = self.http.post(&self.url).header("content-type", "application/json").body(words.to_string());
        let took = async { call.send().await?.error_for_status()?.bytes().await };
        if took.await.is_ok() {
            let _ = self.work.send(Work::Answered(row)).await;
        }
    }
}

/// All that waits goes into one commit: the calls in one statement, what was answered in another.
async fn write(
    mut writer: SqliteConnection,
    mut queue: mpsc::Receiver<Work>,
    answers: Option<Arc<Answers>>,
) -> anyhow::Result<()> {
    let mut together = Vec::with_capacity(AT_ONCE);
    while queue.recv_many(&mut together, AT_ONCE).await > 0 {
        let (mut calls, mut answered) = (Vec::new(), Vec::new());
        for work in together.drain(..) {
            match work {
                Work::Call(call) => calls.push(call),
                Work::Answered(row) => answered.push(row),
            }
        }
        let now = i64::try_from(clock::unix_millis())?;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut last = 0;
        if !calls.is_empty() {
            let mut insert = QueryBuilder::new("INSERT INTO calls (at, body) ");
            insert.push_values(&calls, |mut row, call| {
                row.push_bind(now).push_bind(call.body.as_ref());
            });
            last = insert.build().persistent(false).execute(&mut *transaction).await?.last_insert_rowid();
        }
        if !answered.is_empty() {
            let mut update = QueryBuilder::new("UPDATE calls SET answered = 1 WHERE id IN (");
            let mut rows = update.separated(", ");
            answered.iter().for_each(|row| {
                rows.push_bind(*row);
            });
            update.push(")").build().persistent(false).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        // Nobody else writes: the rows of one statement follow each other.
        let first = last + 1 - i64::try_from(calls.len())?;
        for (row, call) in (first..).zip(calls) {
            // Whoever hung up meanwhile need not know.
            let _ = call.stored.send(());
            if let Some(answers) = &answers {
                let answers = answers.clone();
                tokio::spawn(async move { answers.answer(row, &call.body).await });
            }
        }
    }
    Ok(())
}
