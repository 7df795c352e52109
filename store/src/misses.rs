//! Messages of customers that the bot missed, and what customers wrote lately. Both are read newest
//! first, within a time and up to a number, so that a million old messages cost nothing.

use crate::macros::{after, after_touched, aside_touched};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::{self, MessageId};
use onethread_core::message::Content;
use sqlx::types::Json;

/// What a customer wrote, without what the thread needs of it.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Written {
    pub id: String,
    pub thread_id: String,
    pub content: Json<Content>,
    pub created_at: Millis,
}

impl Conn {
    /// The bot had no answer to this message. Twice is once.
    pub async fn note_miss(&mut self, message: &MessageId, at: Millis) -> Result<()> {
        let sql = "INSERT INTO misses (message_id, at) VALUES ($1, $2) ON CONFLICT (message_id) DO NOTHING";
        aside_touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(at).execute(db).await)?;
        Ok(())
    }

    /// Missed since then, and neither filed nor dismissed; the newest `limit`, newest first.
    pub async fn open_misses(&mut self, since: Millis, limit: i64) -> Result<Vec<Written>> {
        let sql = concat!(
            "SELECT m.id, m.thread_id, m.content, m.created_at FROM misses s JOIN messages m ON m.id = s.message_id",
            " WHERE s.settled_at IS NULL AND s.at >= $1 AND m.deleted_at IS NULL",
            " ORDER BY s.at DESC, s.message_id DESC LIMIT $2"
        );
        Ok(after!(self, db => sqlx::query_as(sql).bind(since).bind(limit).fetch_all(db).await)?)
    }

    /// How many there are, counted no further than `most`.
    pub async fn count_open_misses(&mut self, since: Millis, most: i64) -> Result<i64> {
        let sql = concat!(
            "SELECT COUNT(*) FROM (SELECT message_id FROM misses WHERE settled_at IS NULL AND at >= $1",
            " ORDER BY at DESC LIMIT $2) counted"
        );
        let (count,): (i64,) = after!(self, db => sqlx::query_as(sql).bind(since).bind(most).fetch_one(db).await)?;
        Ok(count)
    }

    /// Somebody has dealt with these. Answers how many were open.
    pub async fn settle_misses(&mut self, messages: &[MessageId], now: Millis) -> Result<u64> {
        let sql = "UPDATE misses SET settled_at = $2 WHERE message_id = $1 AND settled_at IS NULL";
        let mut settled = 0;
        for message in messages {
            settled += after_touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(now).execute(db).await)?;
        }
        Ok(settled)
    }

    /// Forget misses from before `at`, at most `limit`. Answers how many.
    pub async fn prune_misses(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = concat!(
            "DELETE FROM misses WHERE message_id IN",
            " (SELECT message_id FROM misses WHERE message_id < $1 ORDER BY message_id LIMIT $2)"
        );
        let first = ids::first("msg", before);
        Ok(after_touched!(self, db => sqlx::query(sql).bind(&first).bind(limit).execute(db).await)?)
    }

    /// What customers wrote since then, the newest `limit`, newest first. The ids sort by time, so this
    /// reads no message that is older, and needs no index of its own.
    pub async fn written_since(&mut self, since: Millis, limit: i64) -> Result<Vec<Written>> {
        let sql = concat!(
            "SELECT id, thread_id, content, created_at FROM messages WHERE id >= $1 AND status = 'received'",
            " AND NOT note AND event IS NULL AND unsupported IS NULL AND deleted_at IS NULL AND author ->> 'kind' = 'customer'",
            " ORDER BY id DESC LIMIT $2"
        );
        let first = ids::first("msg", since);
        Ok(after!(self, db => sqlx::query_as(sql).bind(&first).bind(limit).fetch_all(db).await)?)
    }
}
