//! What the shop taught the bot, as the draft of the next version. One text means one thing.

use crate::macros::{after, after_touched};
use crate::{Conn, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::PhraseId;
use serde::{Deserialize, Serialize};

/// A text, and what it means. Kept in the draft and, whole, in each version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct PhraseRow {
    pub id: String,
    /// By which the same text is known again.
    pub key: String,
    pub language: String,
    /// `intent`, `answer` or `not_mine`.
    pub kind: String,
    /// The intent's name, the answer's id, or empty.
    pub target: String,
    pub text: String,
    /// The customer's message that it was.
    pub message_id: Option<String>,
    /// A name, to be shown.
    pub added_by: String,
    pub added_at: Millis,
}

impl Conn {
    /// The whole draft, newest first. It is bounded by whoever adds to it.
    pub async fn phrases(&mut self) -> Result<Vec<PhraseRow>> {
        let sql = concat!(
            "SELECT id, key, language, kind, target, text, message_id, added_by, added_at FROM phrases",
            " ORDER BY added_at DESC, id DESC"
        );
        Ok(after!(self, db => sqlx::query_as(sql).fetch_all(db).await)?)
    }

    /// Add to the draft. A text that is there already means this from now on.
    pub async fn put_phrase(&mut self, phrase: &PhraseRow) -> Result<()> {
        let sql = concat!(
            "INSERT INTO phrases (id, key, language, kind, target, text, message_id, added_by, added_at)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO UPDATE SET id = excluded.id,",
            " language = excluded.language, kind = excluded.kind, target = excluded.target, text = excluded.text,",
            " message_id = excluded.message_id, added_by = excluded.added_by, added_at = excluded.added_at",
            " WHERE phrases.kind <> excluded.kind OR phrases.target <> excluded.target OR phrases.language <> excluded.language"
        );
        after_touched!(self, db => sqlx::query(sql)
            .bind(&phrase.id).bind(&phrase.key).bind(&phrase.language).bind(&phrase.kind).bind(&phrase.target)
            .bind(&phrase.text).bind(&phrase.message_id).bind(&phrase.added_by).bind(phrase.added_at)
            .execute(db).await)?;
        Ok(())
    }

    pub async fn remove_phrase(&mut self, id: &PhraseId) -> Result<()> {
        let sql = "DELETE FROM phrases WHERE id = $1";
        match after_touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)? {
            0 => Err(StoreError::Missing("phrase")),
            _ => Ok(()),
        }
    }

    /// Throw the draft away. Whoever calls puts something else in its place.
    pub async fn clear_phrases(&mut self) -> Result<u64> {
        let sql = "DELETE FROM phrases";
        Ok(after_touched!(self, db => sqlx::query(sql).execute(db).await)?)
    }
}
