//! What platforms say is left of an account's messages.

use crate::macros::{after, after_touched};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::InboxId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct QuotaRow {
    pub remaining: i64,
    pub total: Option<i64>,
    pub noted_at: Millis,
}

impl Conn {
    /// The platform said so at `now`; what it said later stays.
    pub async fn note_quota(&mut self, inbox: &InboxId, remaining: i64, total: Option<i64>, now: Millis) -> Result<()> {
        let sql = concat!(
            "INSERT INTO quotas (inbox_id, remaining, total, noted_at) VALUES ($1, $2, $3, $4) ON CONFLICT (inbox_id) DO UPDATE SET",
            " remaining = $2, total = $3, noted_at = $4 WHERE quotas.noted_at <= $4"
        );
        after_touched!(self, db => sqlx::query(sql).bind(inbox.as_str()).bind(remaining).bind(total).bind(now).execute(db).await)?;
        Ok(())
    }

    /// What the platform last said.
    pub async fn quota_of(&mut self, inbox: &InboxId) -> Result<Option<QuotaRow>> {
        let sql = "SELECT remaining, total, noted_at FROM quotas WHERE inbox_id = $1";
        Ok(after!(self, db => sqlx::query_as(sql).bind(inbox.as_str()).fetch_optional(db).await)?)
    }
}
