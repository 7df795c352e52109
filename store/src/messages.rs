//! Messages: the entries of threads, in the order they were accepted.

use crate::macros::{after, after_touched, aside, on, touched};
use crate::many::{Many, read_many};
use crate::threads::LastMessage;
use crate::{Conn, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, MessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::text::excerpt;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use std::collections::HashMap;

/// A message about to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    pub id: MessageId,
    pub identity: Option<IdentityId>,
    /// The identity's channel, for the list's preview.
    pub channel: Option<String>,
    pub author: Author,
    pub note: bool,
    pub content: Content,
    pub reply_to: Option<MessageId>,
    pub unsupported: Option<String>,
    /// What happened, for a system line: `{"type": "taken", …}`.
    pub event: Option<serde_json::Value>,
    pub client_id: Option<String>,
    pub status: Status,
    pub platform_at: Option<Millis>,
}

impl NewMessage {
    /// A plain message; set the rest by struct update.
    #[must_use]
    pub fn new(id: MessageId, author: Author, content: Content, status: Status) -> Self {
        Self {
            id,
            identity: None,
            channel: None,
            author,
            note: false,
            content,
            reply_to: None,
            unsupported: None,
            event: None,
            client_id: None,
            status,
            platform_at: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct MessageRow {
    pub id: String,
    pub thread_id: String,
    pub seq: i64,
    pub born_seq: i64,
    pub identity_id: Option<String>,
    pub channel: Option<String>,
    pub author: Json<Author>,
    pub note: bool,
    pub content: Json<Content>,
    pub reply_to: Option<String>,
    pub reply_seq: Option<i64>,
    pub reply_content: Option<Json<Content>>,
    pub unsupported: Option<String>,
    pub event: Option<Json<serde_json::Value>>,
    pub intent: Option<Json<serde_json::Value>>,
    pub client_id: Option<String>,
    pub status: String,
    pub error: Option<Json<MessageError>>,
    pub reactions: Json<Vec<Reaction>>,
    pub edited_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
    pub platform_at: Option<Millis>,
    pub created_at: Millis,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageError {
    pub code: String,
    pub detail: String,
    /// A part of the message had gone before; what is said here is of the rest.
    #[serde(default)]
    pub in_part: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub by: String,
}

macro_rules! message_columns {
    ($rest:expr) => {
        concat!(
            "SELECT m.id, m.thread_id, m.seq, m.born_seq, m.identity_id, b.channel, m.author, m.note, m.content, m.reply_to,",
            " r.seq AS reply_seq, r.content AS reply_content, m.unsupported, m.event, m.intent, m.client_id, m.status,",
            " m.error, m.reactions, m.edited_at, m.deleted_at, m.platform_at, m.created_at",
            " FROM messages m LEFT JOIN identities i ON i.id = m.identity_id LEFT JOIN inboxes b ON b.id = i.inbox_id",
            " LEFT JOIN messages r ON r.id = m.reply_to ",
            $rest
        )
    };
}

pub(crate) use message_columns;

/// The thread in which all messages of the identity `$1` stand: that of its customer.
macro_rules! thread_of_identity {
    () => {
        "(SELECT h.id FROM threads h JOIN identities w ON w.customer_id = h.customer_id WHERE w.id = $1)"
    };
}

static PLATFORM_IDS: Many = Many::new(
    "SELECT p.message_id, MIN(p.platform_id) FROM",
    2,
    "AS v JOIN platform_messages p ON p.message_id = v.column1 AND p.identity_id = v.column2 GROUP BY p.message_id",
);

impl Conn {
    /// Append to a thread; answers the message's place in it. `created_at` never runs backwards
    /// within a thread, whatever the clock does.
    pub async fn append(&mut self, thread: &ThreadId, message: &NewMessage, now: Millis) -> Result<i64> {
        if let Some(seq) = self.held.append(thread, message, now) {
            return Ok(seq);
        }
        let sql = concat!(
            "UPDATE threads SET last_seq = last_seq + 1, last_message = COALESCE($2, last_message),",
            " last_activity_at = CASE WHEN last_activity_at > $3 THEN last_activity_at ELSE $3 END",
            " WHERE id = $1 RETURNING last_seq, last_activity_at"
        );
        let preview = preview(message, now).map(Json);
        let place: Option<(i64, i64)> =
            on!(self, db => sqlx::query_as(sql).bind(thread.as_str()).bind(&preview).bind(now).fetch_optional(db).await)?;
        let (seq, at) = place.ok_or(StoreError::Missing("thread"))?;
        if let (true, Some(preview)) = (at != now, preview) {
            let (preview, sql) =
                (Json(LastMessage { created_at: at, ..preview.0 }), "UPDATE threads SET last_message = $2 WHERE id = $1");
            touched!(self, db => sqlx::query(sql).bind(thread.as_str()).bind(&preview).execute(db).await)?;
        }
        // Born after its neighbour even where parted customers left a gap in the numbers, or two
        // messages of one millisecond would change places at the next merge.
        let sql = concat!(
            "INSERT INTO messages (id, thread_id, seq, home_thread_id, born_seq, identity_id, author, note, content, reply_to,",
            " unsupported, event, client_id, status, reactions, platform_at, created_at)",
            " VALUES ($1, $2, $3, $2, COALESCE((SELECT CASE WHEN p.born_seq < $3 THEN $3 ELSE p.born_seq + 1 END",
            " FROM messages p WHERE p.thread_id = $2 AND p.seq = $3 - 1), $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        );
        touched!(self, db => sqlx::query(sql)
            .bind(message.id.as_str()).bind(thread.as_str()).bind(seq)
            .bind(message.identity.as_ref().map(IdentityId::as_str)).bind(Json(&message.author)).bind(message.note)
            .bind(Json(&message.content)).bind(message.reply_to.as_ref().map(MessageId::as_str)).bind(&message.unsupported)
            .bind(message.event.as_ref().map(Json)).bind(&message.client_id).bind(message.status.as_str())
            .bind(Json(Vec::<Reaction>::new())).bind(message.platform_at).bind(at)
            .execute(db).await)?;
        Ok(seq)
    }

    pub async fn message(&mut self, id: &MessageId) -> Result<MessageRow> {
        let sql = message_columns!("WHERE m.id = $1");
        let row = after!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("message"))
    }

    /// Up to `limit` messages with a place below `before`, oldest first.
    pub async fn messages_before(&mut self, thread: &ThreadId, before: i64, limit: i64) -> Result<Vec<MessageRow>> {
        let sql = message_columns!("WHERE m.thread_id = $1 AND m.seq < $2 ORDER BY m.seq DESC LIMIT $3");
        let mut rows: Vec<MessageRow> =
            after!(self, db => sqlx::query_as(sql).bind(thread.as_str()).bind(before).bind(limit).fetch_all(db).await)?;
        rows.reverse();
        Ok(rows)
    }

    /// Up to `limit` messages with a place above `after`, oldest first.
    pub async fn messages_after(&mut self, thread: &ThreadId, after: i64, limit: i64) -> Result<Vec<MessageRow>> {
        let sql = message_columns!("WHERE m.thread_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3");
        Ok(after!(self, db => sqlx::query_as(sql).bind(thread.as_str()).bind(after).bind(limit).fetch_all(db).await)?)
    }

    /// What one identity said and was told, newest `limit` of those whose [`MessageRow::position`] is
    /// above `after`, oldest first. No notes, no system lines, and nothing that waits: it may still be withheld.
    pub async fn messages_with(&mut self, identity: &IdentityId, after: i64, limit: i64) -> Result<Vec<MessageRow>> {
        let sql = message_columns!(concat!(
            "WHERE m.thread_id = ",
            thread_of_identity!(),
            " AND m.identity_id = $1 AND m.created_at * 1024 + m.born_seq % 1024 > $2",
            // A thread is read from its end, and no further back than to what is older than the cursor.
            " AND m.seq > COALESCE((SELECT p.seq FROM messages p WHERE $2 > 0 AND p.created_at < $2 / 1024 AND p.thread_id = ",
            thread_of_identity!(),
            " ORDER BY p.seq DESC LIMIT 1), 0)",
            " AND NOT m.note AND m.event IS NULL AND m.deleted_at IS NULL AND m.status NOT IN ('queued', 'withheld', 'failed')",
            " ORDER BY m.seq DESC LIMIT $3"
        ));
        let mut rows: Vec<MessageRow> =
            after!(self, db => sqlx::query_as(sql).bind(identity.as_str()).bind(after).bind(limit).fetch_all(db).await)?;
        rows.reverse();
        Ok(rows)
    }

    /// The message that this client already posted here under this id.
    pub async fn message_by_client_id(&mut self, thread: &ThreadId, client_id: &str) -> Result<Option<MessageRow>> {
        let sql = message_columns!("WHERE m.home_thread_id = $1 AND m.client_id = $2");
        Ok(after!(self, db => sqlx::query_as(sql).bind(thread.as_str()).bind(client_id).fetch_optional(db).await)?)
    }

    /// Which message a platform's id means on this identity.
    pub async fn message_by_platform_id(&mut self, identity: &IdentityId, platform_id: &str) -> Result<Option<MessageId>> {
        if let Some(message) = self.held.linked(identity.as_str(), platform_id) {
            return Ok(Some(message.into()));
        }
        let sql = "SELECT message_id FROM platform_messages WHERE identity_id = $1 AND platform_id = $2";
        let row: Option<(String,)> =
            aside!(self, db => sqlx::query_as(sql).bind(identity.as_str()).bind(platform_id).fetch_optional(db).await)?;
        Ok(row.map(|(id,)| id.into()))
    }

    /// How the platform calls this message towards this identity; the first part's id.
    pub async fn platform_id_of(&mut self, identity: &IdentityId, message: &MessageId) -> Result<Option<String>> {
        let sql =
            "SELECT platform_id FROM platform_messages WHERE message_id = $1 AND identity_id = $2 ORDER BY platform_id LIMIT 1";
        let row: Option<(String,)> =
            after!(self, db => sqlx::query_as(sql).bind(message.as_str()).bind(identity.as_str()).fetch_optional(db).await)?;
        Ok(row.map(|(id,)| id))
    }

    /// The same of many messages, by message; those that the platform has no name for are left out.
    pub async fn platform_ids_of(&mut self, identity: &IdentityId, messages: &[String]) -> Result<HashMap<String, String>> {
        self.written().await?;
        let identity = identity.as_str();
        let rows = read_many!(self, (String, String), PLATFORM_IDS, messages, query, id => query.bind(id).bind(identity));
        Ok(rows.into_iter().collect())
    }

    /// Remember what the platform calls this message. An id that means another message already keeps its meaning.
    pub async fn link_platform_id(&mut self, identity: &IdentityId, platform_id: &str, message: &MessageId) -> Result<()> {
        if self.held.link(identity.as_str(), platform_id, message.as_str()).is_some() {
            return Ok(());
        }
        let sql = concat!(
            "INSERT INTO platform_messages (identity_id, platform_id, message_id) VALUES ($1, $2, $3)",
            " ON CONFLICT (identity_id, platform_id) DO NOTHING"
        );
        after_touched!(self, db => sqlx::query(sql).bind(identity.as_str()).bind(platform_id).bind(message.as_str()).execute(db).await)?;
        Ok(())
    }

    pub async fn edit_message(&mut self, id: &MessageId, content: &Content, at: Millis) -> Result<()> {
        let sql = "UPDATE messages SET content = $2, edited_at = $3 WHERE id = $1";
        after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(content)).bind(at).execute(db).await)?;
        Ok(())
    }

    /// Write what a message carries, without calling it an edit: a file has arrived.
    pub async fn set_content(&mut self, id: &MessageId, content: &Content) -> Result<()> {
        let sql = "UPDATE messages SET content = $2 WHERE id = $1";
        after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(content)).execute(db).await)?;
        Ok(())
    }

    pub async fn delete_message(&mut self, id: &MessageId, at: Millis) -> Result<()> {
        let sql = "UPDATE messages SET deleted_at = COALESCE(deleted_at, $2) WHERE id = $1";
        after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(at).execute(db).await)?;
        Ok(())
    }

    pub async fn set_reactions(&mut self, id: &MessageId, reactions: &[Reaction]) -> Result<()> {
        let sql = "UPDATE messages SET reactions = $2 WHERE id = $1";
        after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(reactions)).execute(db).await)?;
        Ok(())
    }

    /// What the bot understood by the message.
    pub async fn set_intent(&mut self, id: &MessageId, intent: serde_json::Value) -> Result<()> {
        let Some(intent) = self.held.set_intent(id.as_str(), intent) else { return Ok(()) };
        let sql = "UPDATE messages SET intent = $2 WHERE id = $1";
        after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(&intent)).execute(db).await)?;
        Ok(())
    }

    /// Move an outgoing message, with the reason where it went wrong.
    pub async fn set_status(&mut self, id: &MessageId, status: Status, error: Option<&MessageError>) -> Result<()> {
        let sql = "UPDATE messages SET status = $2, error = $3 WHERE id = $1";
        after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(status.as_str()).bind(error.map(Json)).execute(db).await)?;
        Ok(())
    }
}

impl MessageRow {
    /// A cursor that no merge changes: accepted at, then born where.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.created_at * 1024 + self.born_seq % 1024
    }
}

/// Notes and quiet system lines do not become the list's preview.
pub(crate) fn preview(message: &NewMessage, now: Millis) -> Option<LastMessage> {
    if message.note || message.event.is_some() {
        return None;
    }
    Some(LastMessage {
        author: message.author.kind().to_owned(),
        text: excerpt(&message.content.text, 140),
        channel: message.channel.clone(),
        created_at: now,
    })
}
