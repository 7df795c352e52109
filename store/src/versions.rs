//! Every version of what the shop taught the bot, each whole. The newest is live; before the first
//! the bot knows what it came with, which counts as version 0.

use crate::macros::{after, after_touched};
use crate::phrases::PhraseRow;
use crate::{Conn, Result, StoreError};
use onethread_core::Millis;
use sqlx::types::Json;

/// A version about to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    pub phrases: Vec<PhraseRow>,
    pub note: String,
    /// The version that this one brings back.
    pub restores: Option<i64>,
    /// What its rehearsal showed: an object.
    pub figures: Option<serde_json::Value>,
    /// A name, to be shown.
    pub published_by: String,
}

/// A version without its phrases.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct VersionRow {
    pub number: i64,
    /// How many phrases it has.
    pub size: i64,
    pub note: String,
    pub restores: Option<i64>,
    pub figures: Option<Json<serde_json::Value>>,
    pub published_by: String,
    pub published_at: Millis,
}

impl Conn {
    /// The live version's number; 0 before the first.
    pub async fn live_version(&mut self) -> Result<i64> {
        let sql = "SELECT COALESCE(MAX(number), 0) FROM versions";
        let (number,): (i64,) = after!(self, db => sqlx::query_as(sql).fetch_one(db).await)?;
        Ok(number)
    }

    /// Publish over the version `over`; answers the new number. `Conflict` if that is not live any
    /// more: somebody else was faster.
    pub async fn publish(&mut self, version: &NewVersion, over: i64, now: Millis) -> Result<i64> {
        // The counter's row stays locked until the commit, so that two publishers go one after the other.
        let number = self.count("versions", 1).await?;
        if number != over + 1 {
            return Err(StoreError::Conflict("another version was published meanwhile"));
        }
        let size = i64::try_from(version.phrases.len()).unwrap_or(i64::MAX);
        let sql = concat!(
            "INSERT INTO versions (number, phrases, size, note, restores, figures, published_by, published_at)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        );
        after_touched!(self, db => sqlx::query(sql)
            .bind(number).bind(Json(&version.phrases)).bind(size).bind(&version.note).bind(version.restores)
            .bind(version.figures.as_ref().map(Json)).bind(&version.published_by).bind(now)
            .execute(db).await)?;
        Ok(number)
    }

    /// Versions, newest first, with a number below `before`.
    pub async fn versions(&mut self, before: i64, limit: i64) -> Result<Vec<VersionRow>> {
        let sql = concat!(
            "SELECT number, size, note, restores, figures, published_by, published_at FROM versions",
            " WHERE number < $1 ORDER BY number DESC LIMIT $2"
        );
        Ok(after!(self, db => sqlx::query_as(sql).bind(before).bind(limit).fetch_all(db).await)?)
    }

    /// The phrases of a version; of version 0 there are none.
    pub async fn version_phrases(&mut self, number: i64) -> Result<Vec<PhraseRow>> {
        if number == 0 {
            return Ok(Vec::new());
        }
        let sql = "SELECT phrases FROM versions WHERE number = $1";
        let row: Option<(Json<Vec<PhraseRow>>,)> = after!(self, db => sqlx::query_as(sql).bind(number).fetch_optional(db).await)?;
        row.map(|(phrases,)| phrases.0).ok_or(StoreError::Missing("version"))
    }
}
