//! The durable, raw record of every call a platform made to us.

use crate::macros::{aside, aside_touched};
use crate::many::{Many, write_many};
use crate::{Conn, Page, Result, StoreError};
use onethread_core::Millis;
use onethread_core::channel::RawCall;
use onethread_core::ids::InboxId;
use sqlx::types::Json;

/// One call, as it is read back.
#[derive(Debug, Clone)]
pub struct Entry {
    pub position: i64,
    pub inbox_id: InboxId,
    pub received_at: Millis,
    pub call: RawCall,
    pub attempts: i64,
    pub error: Option<String>,
}

/// How a call is kept beside its body.
#[derive(serde::Serialize)]
struct Kept<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a [(String, String)],
}

/// The same, read back.
#[derive(serde::Deserialize)]
struct Envelope {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    inbox_id: String,
    received_at: i64,
    call: Json<Envelope>,
    body: Vec<u8>,
    attempts: i64,
    error: Option<String>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let Envelope { method, path, query, headers } = row.call.0;
        Self {
            position: row.position,
            inbox_id: row.inbox_id.into(),
            received_at: row.received_at,
            call: RawCall { method, path, query, headers, body: row.body.into() },
            attempts: row.attempts,
            error: row.error,
        }
    }
}

static APPEND: Many = Many::insert("INSERT INTO ledger (position, inbox_id, received_at, call, body, state, settled_at)", 7, "");

static CLAIM: Many = Many::new(
    "UPDATE ledger SET state = 'done', error = NULL, settled_at = v.column2 FROM",
    2,
    "AS v WHERE ledger.position = v.column1 AND ledger.state = 'new'",
);

impl Conn {
    /// Append calls in this order; `received_at` is the same for all. Headers must already be the kept ones.
    /// `understood`: this transaction takes them in, too. Answers the position of the first; the others follow it
    /// without a gap.
    pub async fn append_calls(&mut self, calls: &[(&InboxId, &RawCall)], understood: bool, received_at: Millis) -> Result<i64> {
        let count = i64::try_from(calls.len()).unwrap_or(i64::MAX);
        let first = self.count("ledger", count).await? - count + 1;
        let rows: Vec<(i64, &(&InboxId, &RawCall))> = (first..).zip(calls).collect();
        let (state, settled_at) = if understood { ("done", Some(received_at)) } else { ("new", None) };
        write_many!(self, APPEND, &rows, query, (position, (inbox, call)) => {
            let kept = Kept { method: &call.method, path: &call.path, query: &call.query, headers: &call.headers };
            query.bind(position).bind(inbox.as_str()).bind(received_at).bind(Json(kept)).bind(call.body.as_ref()).bind(state)
                .bind(settled_at)
        });
        Ok(first)
    }

    /// The oldest calls that nobody has understood yet.
    pub async fn open_calls(&mut self, limit: usize) -> Result<Vec<Entry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = concat!(
            "SELECT position, inbox_id, received_at, call, body, attempts, error",
            " FROM ledger WHERE state = 'new' ORDER BY position LIMIT $1"
        );
        let rows: Vec<Row> = aside!(self, db => sqlx::query_as(sql).bind(limit).fetch_all(db).await)?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// These calls are being understood in this transaction. Answers how many of them nobody had understood before.
    pub async fn claim_calls(&mut self, positions: &[i64], now: Millis) -> Result<usize> {
        let claimed = write_many!(self, CLAIM, positions, query, position => query.bind(position).bind(now));
        Ok(usize::try_from(claimed).unwrap_or(usize::MAX))
    }

    /// The call could not be understood: it stays, visible, until it is replayed.
    pub async fn bury_call(&mut self, position: i64, error: &str, now: Millis) -> Result<()> {
        let sql = "UPDATE ledger SET state = 'dead', error = $2, attempts = attempts + 1, settled_at = $3 WHERE position = $1";
        aside_touched!(self, db => sqlx::query(sql).bind(position).bind(error).bind(now).execute(db).await)?;
        Ok(())
    }

    /// Put a dead letter back in line. `Missing` when it is none.
    pub async fn replay_call(&mut self, position: i64) -> Result<()> {
        let sql = "UPDATE ledger SET state = 'new' WHERE position = $1 AND state = 'dead'";
        match aside_touched!(self, db => sqlx::query(sql).bind(position).execute(db).await)? {
            0 => Err(StoreError::Missing("dead letter")),
            _ => {
                self.reopened += 1;
                Ok(())
            }
        }
    }

    /// Put every dead letter back in line: of this inbox, whose error holds these words, where given. Answers how many.
    pub async fn replay_calls(&mut self, inbox: Option<&InboxId>, error: Option<&str>) -> Result<u64> {
        let sql = concat!(
            "UPDATE ledger SET state = 'new' WHERE state = 'dead' AND ($1 IS NULL OR inbox_id = $1)",
            " AND ($2 IS NULL OR error LIKE $2 ESCAPE '\\')"
        );
        let (inbox, error) = (inbox.map(InboxId::as_str), error.map(crate::customers::like_exactly));
        let replayed = aside_touched!(self, db => sqlx::query(sql).bind(inbox).bind(&error).execute(db).await)?;
        self.reopened += usize::try_from(replayed).unwrap_or(usize::MAX);
        Ok(replayed)
    }

    /// Dead letters, newest first.
    pub async fn dead_calls(&mut self, before: Option<i64>, limit: i64) -> Result<Page<Entry>> {
        let sql = concat!(
            "SELECT position, inbox_id, received_at, call, body, attempts, error",
            " FROM ledger WHERE state = 'dead' AND position < $1 ORDER BY position DESC LIMIT $2"
        );
        let before = before.unwrap_or(i64::MAX);
        let rows: Vec<Row> = aside!(self, db => sqlx::query_as(sql).bind(before).bind(limit + 1).fetch_all(db).await)?;
        Ok(Page::cut(rows.into_iter().map(Entry::from).collect(), limit, |entry| entry.position.to_string()))
    }

    /// How many calls wait, and how many are dead.
    pub async fn ledger_depth(&mut self) -> Result<(i64, i64)> {
        let sql = "SELECT (SELECT COUNT(*) FROM ledger WHERE state = 'new'), (SELECT COUNT(*) FROM ledger WHERE state = 'dead')";
        Ok(aside!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }

    /// Forget understood calls from before `at`, at most `limit` at once.
    pub async fn prune_calls(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = concat!(
            "DELETE FROM ledger WHERE position IN",
            " (SELECT position FROM ledger WHERE state = 'done' AND received_at < $1 ORDER BY received_at LIMIT $2)"
        );
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }
}

impl<T> Page<T> {
    /// Of `limit + 1` rows, the first `limit`, and the cursor of the last where more follow.
    pub fn cut(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { items: rows, next }
    }

    /// The same page of other things.
    pub fn map<U>(self, how: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(how).collect(), next: self.next }
    }
}
