//! Canned replies: texts that agents call up by a shortcut. Placeholders are kept as typed.

use crate::macros::{aside, aside_touched};
use crate::{Conn, Page, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::CannedReplyId;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CannedReplyRow {
    pub id: String,
    /// Without the slash.
    pub shortcut: String,
    pub text: String,
    pub updated_at: Millis,
}

fn taken(error: sqlx::Error) -> StoreError {
    let error = StoreError::from(error);
    if error.is_duplicate() { StoreError::Taken("a canned reply with this shortcut") } else { error }
}

impl Conn {
    /// Canned replies by shortcut.
    pub async fn canned_replies(&mut self, after: Option<&str>, limit: i64) -> Result<Page<CannedReplyRow>> {
        let sql = "SELECT id, shortcut, text, updated_at FROM canned_replies WHERE shortcut > $1 ORDER BY shortcut LIMIT $2";
        let after = after.unwrap_or_default();
        let rows: Vec<CannedReplyRow> = aside!(self, db => sqlx::query_as(sql).bind(after).bind(limit + 1).fetch_all(db).await)?;
        Ok(Page::cut(rows, limit, |row| row.shortcut.clone()))
    }

    /// `Taken` when the shortcut is.
    pub async fn add_canned_reply(&mut self, reply: &CannedReplyRow) -> Result<()> {
        let sql = "INSERT INTO canned_replies (id, shortcut, text, updated_at) VALUES ($1, $2, $3, $4)";
        aside_touched!(self, db => sqlx::query(sql)
            .bind(&reply.id).bind(&reply.shortcut).bind(&reply.text).bind(reply.updated_at)
            .execute(db).await)
        .map_err(taken)?;
        Ok(())
    }

    /// `Taken` when another reply has the shortcut.
    pub async fn change_canned_reply(&mut self, reply: &CannedReplyRow) -> Result<()> {
        let sql = "UPDATE canned_replies SET shortcut = $2, text = $3, updated_at = $4 WHERE id = $1";
        let rows = aside_touched!(self, db => sqlx::query(sql)
            .bind(&reply.id).bind(&reply.shortcut).bind(&reply.text).bind(reply.updated_at)
            .execute(db).await)
        .map_err(taken)?;
        if rows == 0 { Err(StoreError::Missing("canned reply")) } else { Ok(()) }
    }

    pub async fn remove_canned_reply(&mut self, id: &CannedReplyId) -> Result<()> {
        let sql = "DELETE FROM canned_replies WHERE id = $1";
        match aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)? {
            0 => Err(StoreError::Missing("canned reply")),
            _ => Ok(()),
        }
    }
}
