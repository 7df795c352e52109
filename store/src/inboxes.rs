//! Inboxes: connected accounts of the business. Secrets are sealed before they come here.

use crate::macros::{aside, aside_touched, touched};
use crate::many::{Many, write_many};
use crate::{Conn, Result, StoreError};
use onethread_core::Millis;
use onethread_core::channel::Bookmark;
use onethread_core::ids::InboxId;
use onethread_core::secret::Settings;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct InboxRow {
    pub id: String,
    pub channel: String,
    pub name: String,
    /// The platform's name for the account, and a digest of the app it calls through.
    pub account: Option<String>,
    pub app: Option<String>,
    /// What is not secret.
    pub settings: Json<Settings>,
    /// The secret settings, encrypted.
    pub sealed: String,
    /// `active`, `paused` (the queue is kept) or `disabled` (history stays).
    pub state: String,
    pub pause_reason: Option<String>,
    pub health: Json<HealthRow>,
    pub last_heard_at: Option<Millis>,
    /// How long it is usually silent between two calls: a running average.
    pub usual_gap: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthRow {
    /// `None` until the first probe.
    pub healthy: Option<bool>,
    pub reason: String,
    pub since: Millis,
    pub checked_at: Option<Millis>,
    pub account_name: Option<String>,
    /// The line to the platform is broken: what a probe of the token says does not make it well.
    #[serde(default)]
    pub line_down: bool,
}

macro_rules! inbox_columns {
    ($rest:expr) => {
        concat!(
            "SELECT id, channel, name, account, app, settings, sealed, state, pause_reason, health, last_heard_at, usual_gap, created_at, updated_at FROM inboxes ",
            $rest
        )
    };
}

static HEARD: Many = Many::new(
    concat!(
        "UPDATE inboxes SET last_heard_at = v.column2, usual_gap = CASE WHEN last_heard_at IS NULL THEN usual_gap",
        " WHEN usual_gap IS NULL THEN v.column2 - last_heard_at ELSE (usual_gap * 15 + v.column2 - last_heard_at) / 16 END",
        " FROM"
    ),
    2,
    "AS v WHERE inboxes.id = v.column1 AND (last_heard_at IS NULL OR last_heard_at < v.column2)",
);

impl Conn {
    pub async fn add_inbox(&mut self, inbox: &InboxRow) -> Result<()> {
        let sql = concat!(
            "INSERT INTO inboxes (id, channel, name, account, app, settings, sealed, state, health, created_at, updated_at)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"
        );
        aside_touched!(self, db => sqlx::query(sql)
            .bind(&inbox.id).bind(&inbox.channel).bind(&inbox.name).bind(&inbox.account).bind(&inbox.app)
            .bind(&inbox.settings).bind(&inbox.sealed).bind(&inbox.state).bind(&inbox.health).bind(inbox.created_at)
            .execute(db).await)?;
        Ok(())
    }

    /// Every inbox that is not disabled, in the order they were made; `all` includes the disabled.
    pub async fn inboxes(&mut self, all: bool) -> Result<Vec<InboxRow>> {
        let sql = inbox_columns!("WHERE $1 OR state <> 'disabled' ORDER BY created_at, id");
        Ok(aside!(self, db => sqlx::query_as(sql).bind(all).fetch_all(db).await)?)
    }

    pub async fn inbox(&mut self, id: &InboxId) -> Result<InboxRow> {
        let sql = inbox_columns!("WHERE id = $1");
        let row = aside!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("inbox"))
    }

    /// Write name, settings, secrets, account and state over the present ones.
    pub async fn change_inbox(&mut self, inbox: &InboxRow, now: Millis) -> Result<()> {
        let sql = concat!(
            "UPDATE inboxes SET name = $2, account = $3, app = $4, settings = $5, sealed = $6, state = $7,",
            " pause_reason = $8, updated_at = $9 WHERE id = $1"
        );
        // Its name stands with whoever is on it.
        let rows = touched!(self, db => sqlx::query(sql)
            .bind(&inbox.id).bind(&inbox.name).bind(&inbox.account).bind(&inbox.app).bind(&inbox.settings)
            .bind(&inbox.sealed).bind(&inbox.state).bind(&inbox.pause_reason).bind(now)
            .execute(db).await)?;
        if rows == 0 { Err(StoreError::Missing("inbox")) } else { Ok(()) }
    }

    /// Pause with a reason, or go on with `None`. A disabled inbox stays so. `false`: nothing changed.
    pub async fn pause_inbox(&mut self, id: &InboxId, reason: Option<&str>, now: Millis) -> Result<bool> {
        let sql = concat!(
            "UPDATE inboxes SET state = CASE WHEN $2 IS NULL THEN 'active' ELSE 'paused' END, pause_reason = $2, updated_at = $3",
            " WHERE id = $1 AND state = CASE WHEN $2 IS NULL THEN 'paused' ELSE 'active' END"
        );
        let rows = aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(reason).bind(now).execute(db).await)?;
        Ok(rows > 0)
    }

    pub async fn record_health(&mut self, id: &InboxId, health: &HealthRow) -> Result<()> {
        let sql = "UPDATE inboxes SET health = $2 WHERE id = $1";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(health)).execute(db).await)?;
        Ok(())
    }

    /// When each of these inboxes was called last. Sixteen calls make the average of the gaps between
    /// them; calls of one instant are one.
    pub async fn heard_from_inboxes(&mut self, heard: &[(&InboxId, Millis)]) -> Result<()> {
        write_many!(self, HEARD, heard, query, (inbox, at) => query.bind(inbox.as_str()).bind(at));
        Ok(())
    }

    pub async fn bookmark(&mut self, id: &InboxId) -> Result<Option<serde_json::Value>> {
        let sql = "SELECT mark FROM bookmarks WHERE inbox_id = $1";
        let row: Option<(Json<serde_json::Value>,)> =
            aside!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        Ok(row.map(|(mark,)| mark.0))
    }

    /// How far the inbox's connector has heard, altogether and at places.
    pub async fn set_bookmark(&mut self, id: &InboxId, bookmark: &Bookmark) -> Result<()> {
        let sql =
            "INSERT INTO bookmarks (inbox_id, mark) VALUES ($1, $2) ON CONFLICT (inbox_id) DO UPDATE SET mark = excluded.mark";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(Json(&bookmark.mark)).execute(db).await)?;
        self.note_places(id, &bookmark.places).await
    }

    /// Take the inbox's refresh lock until `until`. `false`: somebody holds it.
    pub async fn lock_inbox(&mut self, id: &InboxId, until: Millis, now: Millis) -> Result<bool> {
        let sql = "UPDATE inboxes SET locked_until = $2 WHERE id = $1 AND locked_until < $3";
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(until).bind(now).execute(db).await)? > 0)
    }

    pub async fn unlock_inbox(&mut self, id: &InboxId) -> Result<()> {
        let sql = "UPDATE inboxes SET locked_until = 0 WHERE id = $1";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)?;
        Ok(())
    }

    /// Whether any customer is known there.
    pub async fn has_people(&mut self, id: &InboxId) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM identities WHERE inbox_id = $1 LIMIT 1) AS first";
        let (count,): (i64,) = aside!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_one(db).await)?;
        Ok(count > 0)
    }

    /// Write rotated secrets: the whole sealed set. No change of an admin's, so no other process opens the inbox anew for it.
    pub async fn reseal_inbox(&mut self, id: &InboxId, sealed: &str) -> Result<()> {
        let sql = "UPDATE inboxes SET sealed = $2 WHERE id = $1";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(sealed).execute(db).await)?;
        Ok(())
    }
}
