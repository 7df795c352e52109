//! Handoffs: episodes of human care.

use crate::macros::{aside, aside_touched};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::{AgentId, CustomerId, HandoffId, ThreadId};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct HandoffRow {
    pub id: String,
    pub reason: String,
    pub opened_at: Millis,
    pub assigned_at: Option<Millis>,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub resolved_at: Option<Millis>,
}

impl Conn {
    pub async fn open_handoff(&mut self, id: &HandoffId, thread: &ThreadId, reason: &str, now: Millis) -> Result<()> {
        let sql = "INSERT INTO handoffs (id, thread_id, home_thread_id, reason, opened_at) VALUES ($1, $2, $2, $3, $4)";
        aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(thread.as_str()).bind(reason).bind(now).execute(db).await)?;
        Ok(())
    }

    /// The thread's open episode has an agent now; the first assignment's time stays.
    pub async fn assign_handoff(&mut self, thread: &ThreadId, agent: &AgentId, now: Millis) -> Result<()> {
        let sql = "UPDATE handoffs SET agent_id = $2, assigned_at = COALESCE(assigned_at, $3) WHERE thread_id = $1 AND resolved_at IS NULL";
        aside_touched!(self, db => sqlx::query(sql).bind(thread.as_str()).bind(agent.as_str()).bind(now).execute(db).await)?;
        Ok(())
    }

    pub async fn close_handoff(&mut self, thread: &ThreadId, now: Millis) -> Result<()> {
        let sql = "UPDATE handoffs SET resolved_at = $2 WHERE thread_id = $1 AND resolved_at IS NULL";
        aside_touched!(self, db => sqlx::query(sql).bind(thread.as_str()).bind(now).execute(db).await)?;
        Ok(())
    }

    /// Does the thread have an open episode?
    pub async fn has_open_handoff(&mut self, thread: &ThreadId) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM handoffs WHERE thread_id = $1 AND resolved_at IS NULL";
        let (count,): (i64,) = aside!(self, db => sqlx::query_as(sql).bind(thread.as_str()).fetch_one(db).await)?;
        Ok(count > 0)
    }

    /// Newest first, at most 50.
    pub async fn handoffs_of(&mut self, customer: &CustomerId) -> Result<Vec<HandoffRow>> {
        let sql = concat!(
            "SELECT h.id, h.reason, h.opened_at, h.assigned_at, h.agent_id, a.name AS agent_name, h.resolved_at",
            " FROM handoffs h JOIN threads t ON t.id = h.thread_id LEFT JOIN agents a ON a.id = h.agent_id",
            " WHERE t.customer_id = $1 ORDER BY h.opened_at DESC, h.id DESC LIMIT 50"
        );
        Ok(aside!(self, db => sqlx::query_as(sql).bind(customer.as_str()).fetch_all(db).await)?)
    }
}
