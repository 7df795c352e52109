//! Threads: the one conversation of each customer, and who may speak in it.

use crate::customers::like;
use crate::macros::{after, touched};
use crate::{Conn, Page, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::{AgentId, CustomerId, IdentityId, ThreadId};
use onethread_core::thread::{Lease, Speaker};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::types::Json;

/// JSON that nobody here looks into: its text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unread(Box<RawValue>);

impl Unread {
    /// What cannot be written as JSON is `null`.
    pub fn new(value: &impl Serialize) -> Self {
        Self(serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Unread {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct ThreadRow {
    pub id: String,
    pub customer_id: String,
    pub customer_name: String,
    /// The file with the customer's picture: the first that a platform gave. Not looked up for what is held.
    #[sqlx(default)]
    pub avatar: Option<String>,
    pub status: String,
    pub assignee_id: Option<String>,
    pub assignee_name: Option<String>,
    pub lease_number: i64,
    pub waiting_since: Option<Millis>,
    pub handoff_reason: Option<String>,
    pub bot_context: Json<Unread>,
    pub last_seq: i64,
    pub unread: i64,
    pub last_message: Option<Json<LastMessage>>,
    pub last_identity_id: Option<String>,
    pub channels: Json<Vec<String>>,
    pub language: Option<String>,
    pub folded: bool,
    pub last_activity_at: Millis,
    pub created_at: Millis,
}

/// What the list shows of the newest message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMessage {
    /// `customer`, `bot`, `agent` or `system`.
    pub author: String,
    pub text: String,
    pub channel: Option<String>,
    pub created_at: Millis,
}

impl ThreadRow {
    /// The lease, as the pure rules know it.
    pub fn lease(&self) -> Result<Lease> {
        let corrupt = || StoreError::Corrupt { place: "threads.status", value: self.status.clone() };
        let speaker = match (self.status.as_str(), &self.assignee_id) {
            ("bot", _) => Speaker::Bot,
            ("waiting", _) => Speaker::Queue,
            ("assigned", Some(agent)) => Speaker::Agent { id: agent.as_str().into() },
            _ => return Err(corrupt()),
        };
        Ok(Lease { speaker, number: self.lease_number, waiting_since: self.waiting_since })
    }
}

/// Which threads a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View<'a> {
    /// Longest waiting first; all others: latest activity first.
    Waiting,
    Of(&'a AgentId),
    Bot,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct Counts {
    pub waiting: i64,
    pub mine: i64,
    pub bot: i64,
    pub every: i64,
    pub unread_mine: i64,
}

macro_rules! thread_columns {
    ($rest:expr) => {
        concat!(
            "SELECT t.id, t.customer_id, c.name AS customer_name, (SELECT i.avatar FROM identities i",
            " WHERE i.customer_id = t.customer_id AND i.avatar IS NOT NULL ORDER BY i.created_at, i.id LIMIT 1) AS avatar, t.status, t.assignee_id, COALESCE(a.name, k.name) AS assignee_name,",
            " t.lease_number, t.waiting_since, t.handoff_reason, t.bot_context, t.last_seq, t.unread, t.last_message,",
            " t.last_identity_id, t.channels, t.language, t.folded, t.last_activity_at, t.created_at",
            " FROM threads t JOIN customers c ON c.id = t.customer_id LEFT JOIN agents a ON a.id = t.assignee_id",
            " LEFT JOIN tokens k ON k.id = t.assignee_id ",
            $rest
        )
    };
}

/// Narrowed by status or agent, and by words and channel. One text for each way to narrow: an index is used only for a
/// condition that is always there.
macro_rules! narrowed {
    ($by:expr) => {
        concat!(
            "WHERE NOT t.folded AND ",
            $by,
            " AND c.folded LIKE $3 ESCAPE '\\' AND ($4 IS NULL OR CAST(t.channels AS TEXT) LIKE $4 ESCAPE '\\')",
            " AND (t.last_activity_at, t.id) < ($5, $6)"
        )
    };
}

/// Latest activity first.
macro_rules! latest {
    ($by:expr) => {
        thread_columns!(concat!(narrowed!($by), " ORDER BY t.last_activity_at DESC, t.id DESC LIMIT $7"))
    };
}

/// Those of one status, which is what the index begins with, to be merged with those of the others.
macro_rules! of_status {
    ($status:literal) => {
        concat!(
            "SELECT t.id, t.last_activity_at FROM threads t JOIN customers c ON c.id = t.customer_id ",
            narrowed!(concat!("t.status = '", $status, "'"))
        )
    };
}

const OF_ALL: &str = thread_columns!(concat!(
    "WHERE ($1 IS NULL OR t.status = $1) AND ($2 IS NULL OR t.assignee_id = $2) AND t.id IN (SELECT id FROM (",
    of_status!("bot"),
    " UNION ALL ",
    of_status!("waiting"),
    " UNION ALL ",
    of_status!("assigned"),
    " ORDER BY 2 DESC, 1 DESC LIMIT $7) AS latest) ORDER BY t.last_activity_at DESC, t.id DESC LIMIT $7"
));

impl Conn {
    pub(crate) async fn add_thread(&mut self, id: &ThreadId, customer: &CustomerId, channel: &str, now: Millis) -> Result<()> {
        let sql = concat!(
            "INSERT INTO threads (id, customer_id, status, lease_number, bot_context, channels, last_activity_at, created_at)",
            " VALUES ($1, $2, 'bot', 1, $3, $4, $5, $5)"
        );
        let (context, channels) = (Json(serde_json::json!({})), Json([channel]));
        touched!(self, db => sqlx::query(sql)
            .bind(id.as_str()).bind(customer.as_str()).bind(&context).bind(channels).bind(now)
            .execute(db).await)?;
        Ok(())
    }

    pub async fn thread(&mut self, id: &ThreadId) -> Result<ThreadRow> {
        if let Some(held) = self.held.thread(id.as_str()) {
            return Ok(held.clone());
        }
        let sql = thread_columns!("WHERE t.id = $1");
        let row = after!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("thread"))
    }

    pub async fn thread_of(&mut self, customer: &CustomerId) -> Result<ThreadRow> {
        if let Some(held) = self.held.thread_of(customer.as_str()) {
            return Ok(held.clone());
        }
        let sql = thread_columns!("WHERE t.customer_id = $1");
        let row = after!(self, db => sqlx::query_as(sql).bind(customer.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("thread"))
    }

    /// The thread, locked until the transaction ends: nobody else moves it meanwhile.
    pub async fn hold_thread(&mut self, id: &ThreadId) -> Result<ThreadRow> {
        if let Some(held) = self.held.thread(id.as_str()) {
            return Ok(held.clone());
        }
        self.lock_row("UPDATE threads SET last_seq = last_seq WHERE id = $1", id.as_str()).await?;
        self.thread(id).await
    }

    pub(crate) async fn hold_thread_of(&mut self, customer: &CustomerId) -> Result<ThreadRow> {
        self.lock_row("UPDATE threads SET last_seq = last_seq WHERE customer_id = $1", customer.as_str()).await?;
        self.thread_of(customer).await
    }

    /// Write who speaks.
    pub async fn set_lease(&mut self, id: &ThreadId, lease: &Lease, reason: Option<&str>) -> Result<()> {
        // The name of an assignee is read with the row: one who is new to the thread needs the statement.
        if let Some(row) = self.held.thread_mut(id.as_str())
            && row.assignee_id.as_deref() == lease.assignee().map(AgentId::as_str)
        {
            lease.status().as_str().clone_into(&mut row.status);
            (row.lease_number, row.waiting_since) = (lease.number, lease.waiting_since);
            row.handoff_reason = reason.map(str::to_owned);
            return Ok(());
        }
        let sql = concat!(
            "UPDATE threads SET status = $2, assignee_id = $3, lease_number = $4, waiting_since = $5, handoff_reason = $6",
            " WHERE id = $1"
        );
        let assignee = lease.assignee().map(AgentId::as_str);
        touched!(self, db => sqlx::query(sql)
            .bind(id.as_str()).bind(lease.status().as_str()).bind(assignee).bind(lease.number)
            .bind(lease.waiting_since).bind(reason)
            .execute(db).await)?;
        Ok(())
    }

    pub async fn set_bot_context(&mut self, id: &ThreadId, context: Unread, language: Option<&str>) -> Result<()> {
        if let Some(row) = self.held.thread_mut(id.as_str()) {
            row.bot_context = Json(context);
            row.language = language.map(str::to_owned).or(row.language.take());
            return Ok(());
        }
        let sql = "UPDATE threads SET bot_context = $2, language = COALESCE($3, language) WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(&context)).bind(language).execute(db).await)?;
        Ok(())
    }

    /// The customer wrote here last: where an answer goes unless told otherwise.
    pub async fn note_identity(&mut self, id: &ThreadId, identity: &IdentityId) -> Result<()> {
        if let Some(row) = self.held.thread_mut(id.as_str()) {
            row.last_identity_id = Some(identity.0.clone());
            row.unread += 1;
            return Ok(());
        }
        let sql = "UPDATE threads SET last_identity_id = $2, unread = unread + 1 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(identity.as_str()).execute(db).await)?;
        Ok(())
    }

    /// An agent has seen the thread up to `seq`.
    pub async fn mark_seen(&mut self, id: &ThreadId, seq: i64) -> Result<bool> {
        let sql = "UPDATE threads SET unread = 0 WHERE id = $1 AND last_seq <= $2 AND unread > 0";
        Ok(touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(seq).execute(db).await)? > 0)
    }

    /// One page of a view. `query` is searched in names, phones and e-mails; `channel` narrows.
    pub async fn threads(
        &mut self,
        view: View<'_>,
        query: &str,
        channel: Option<&str>,
        cursor: Option<&str>,
        limit: i64,
    ) -> Result<Page<ThreadRow>> {
        let waiting = matches!(view, View::Waiting);
        let (at, id) = match cursor {
            Some(cursor) => read_cursor(cursor)?,
            None if waiting => (i64::MIN, String::new()),
            None => (i64::MAX, String::from("~")),
        };
        let status = match view {
            View::Waiting => Some("waiting"),
            View::Bot => Some("bot"),
            View::Of(_) | View::All => None,
        };
        let agent = if let View::Of(agent) = view { Some(agent.as_str()) } else { None };
        let channel = channel.map(|kind| like(&format!("\"{kind}\"")));
        let like = like(query);
        let sql = if waiting {
            thread_columns!(concat!(
                "WHERE NOT t.folded AND t.status = $1 AND ($2 IS NULL OR t.assignee_id = $2) AND c.folded LIKE $3 ESCAPE '\\'",
                " AND ($4 IS NULL OR CAST(t.channels AS TEXT) LIKE $4 ESCAPE '\\') AND t.waiting_since IS NOT NULL",
                " AND (t.waiting_since, t.id) > ($5, $6) ORDER BY t.waiting_since, t.id LIMIT $7"
            ))
        } else if agent.is_some() {
            latest!("($1 IS NULL OR t.status = $1) AND t.assignee_id = $2")
        } else if status.is_some() {
            latest!("t.status = $1 AND ($2 IS NULL OR t.assignee_id = $2)")
        } else {
            OF_ALL
        };
        let rows: Vec<ThreadRow> = after!(self, db => sqlx::query_as(sql)
            .bind(status).bind(agent).bind(&like).bind(&channel).bind(at).bind(&id).bind(limit + 1)
            .fetch_all(db).await)?;
        let at = |row: &ThreadRow| if waiting { row.waiting_since.unwrap_or(0) } else { row.last_activity_at };
        Ok(Page::cut(rows, limit, |row| format!("{}:{}", at(row), row.id)))
    }

    pub async fn thread_counts(&mut self, agent: &AgentId) -> Result<Counts> {
        let sql = concat!(
            "SELECT (SELECT COUNT(*) FROM threads WHERE NOT folded AND status = 'waiting' AND waiting_since IS NOT NULL) AS waiting,",
            " (SELECT COUNT(*) FROM threads WHERE NOT folded AND assignee_id = $1) AS mine,",
            " (SELECT COUNT(*) FROM threads WHERE NOT folded AND status = 'bot') AS bot,",
            " (SELECT COUNT(*) FROM threads WHERE NOT folded) AS every,",
            " (SELECT COUNT(*) FROM threads WHERE NOT folded AND assignee_id = $1 AND unread > 0) AS unread_mine"
        );
        Ok(after!(self, db => sqlx::query_as(sql).bind(agent.as_str()).fetch_one(db).await)?)
    }
}

pub(crate) fn read_cursor(cursor: &str) -> Result<(i64, String)> {
    let (at, id) = cursor.split_once(':').ok_or(StoreError::BadCursor)?;
    Ok((at.parse().map_err(|_| StoreError::BadCursor)?, id.to_owned()))
}
