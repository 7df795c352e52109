//! What is known of stored files; the bytes lie in the data directory.

use crate::macros::{aside, aside_touched};
use crate::{Conn, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::FileId;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FileRow {
    pub id: String,
    /// `image`, `audio`, `video`, `file` or `sticker`.
    pub kind: String,
    pub name: Option<String>,
    pub mime: Option<String>,
    pub size: Option<i64>,
    /// `fetching`, `stored` or `failed`.
    pub state: String,
    /// Where a customer's file comes from, until it is fetched.
    pub inbox_id: Option<String>,
    pub source: Option<String>,
    pub message_id: Option<String>,
    pub created_at: Millis,
}

impl Conn {
    pub async fn add_file(&mut self, file: &FileRow) -> Result<()> {
        let sql = concat!(
            "INSERT INTO files (id, kind, name, mime, size, state, inbox_id, source, message_id, created_at)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        );
        aside_touched!(self, db => sqlx::query(sql)
            .bind(&file.id).bind(&file.kind).bind(&file.name).bind(&file.mime).bind(file.size).bind(&file.state)
            .bind(&file.inbox_id).bind(&file.source).bind(&file.message_id).bind(file.created_at)
            .execute(db).await)?;
        Ok(())
    }

    pub async fn file(&mut self, id: &FileId) -> Result<FileRow> {
        let sql = "SELECT id, kind, name, mime, size, state, inbox_id, source, message_id, created_at FROM files WHERE id = $1";
        let row = aside!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("file"))
    }

    /// The bytes are there: what they turned out to be.
    pub async fn file_stored(&mut self, id: &FileId, kind: &str, mime: &str, size: i64) -> Result<()> {
        let sql = "UPDATE files SET state = 'stored', kind = $2, mime = $3, size = $4, source = NULL WHERE id = $1";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(kind).bind(mime).bind(size).execute(db).await)?;
        Ok(())
    }

    pub async fn file_failed(&mut self, id: &FileId) -> Result<()> {
        let sql = "UPDATE files SET state = 'failed' WHERE id = $1 AND state = 'fetching'";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)?;
        Ok(())
    }

    /// The file belongs to this message now; a file of another message is not taken.
    pub async fn attach_file(&mut self, id: &FileId, message: &str) -> Result<bool> {
        let sql = "UPDATE files SET message_id = $2 WHERE id = $1 AND (message_id IS NULL OR message_id = $2)";
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(message).execute(db).await)? > 0)
    }
}
