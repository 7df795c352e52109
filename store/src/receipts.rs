//! What platforms tell of our messages after they took them. A message of several parts is as far as
//! the last of them: what is known of each part stands with the platform's id of it.

use crate::macros::{on, touched};
use crate::messages::thread_of_identity;
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, MessageId};
use onethread_core::message::Status;

/// Raise those of the messages `$which` of which no part is missing to the least of their parts: `$3`, or below it.
macro_rules! raise_messages {
    ($which:expr) => {
        concat!(
            "UPDATE messages SET error = NULL, status = CASE WHEN EXISTS (SELECT 1 FROM platform_messages p",
            " WHERE p.message_id = messages.id AND p.status = 'delivered') THEN 'delivered' ELSE $3 END WHERE ",
            $which,
            " AND (status <> 'delivered' OR $3 = 'read' AND NOT EXISTS (SELECT 1 FROM platform_messages p",
            " WHERE p.message_id = messages.id AND p.status = 'delivered'))",
            " AND NOT EXISTS (SELECT 1 FROM platform_messages p WHERE p.message_id = messages.id AND p.status = 'sent')",
            " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = messages.id AND o.state <> 'sent') RETURNING id"
        )
    };
}

impl Conn {
    /// A receipt: this part of a message of ours arrived or was read (`to`). The message moves with the last of
    /// its parts, and never backwards. Answers which moved.
    pub async fn raise_status(&mut self, identity: &IdentityId, platform_id: &str, to: Status) -> Result<Vec<MessageId>> {
        let part = concat!(
            "UPDATE platform_messages SET status = $3 WHERE identity_id = $1 AND platform_id = $2",
            " AND (status = 'sent' OR status = 'delivered' AND $3 = 'read')"
        );
        touched!(self, db => {
            sqlx::query(part).bind(identity.as_str()).bind(platform_id).bind(to.as_str()).execute(db).await
        })?;
        let sql = raise_messages!(concat!(
            "id IN (SELECT message_id FROM platform_messages WHERE identity_id = $1 AND platform_id = $2)",
            " AND status IN ('queued', 'sent', 'uncertain', 'delivered')",
            // A part that went on an agent's word alone has no id that a receipt could name.
            " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = messages.id AND o.platform_id IS NULL)"
        ));
        let rows: Vec<(String,)> =
            on!(self, db => sqlx::query_as(sql).bind(identity.as_str()).bind(platform_id).bind(to.as_str()).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }

    /// The same for every part that was handed over to the identity until then.
    pub async fn raise_status_until(&mut self, identity: &IdentityId, until: Millis, to: Status) -> Result<Vec<MessageId>> {
        let parts = concat!(
            "UPDATE platform_messages SET status = $3 WHERE identity_id = $1 AND COALESCE(handed_at, $2) <= $2",
            " AND (status = 'sent' OR status = 'delivered' AND $3 = 'read') AND message_id IN (SELECT id FROM messages",
            " WHERE thread_id = ",
            thread_of_identity!(),
            " AND identity_id = $1 AND created_at <= $2 AND status IN ('queued', 'sent', 'uncertain', 'delivered'))"
        );
        touched!(self, db => sqlx::query(parts).bind(identity.as_str()).bind(until).bind(to.as_str()).execute(db).await)?;
        let sql = raise_messages!(concat!(
            "thread_id = ",
            thread_of_identity!(),
            " AND identity_id = $1 AND created_at <= $2 AND status IN ('sent', 'delivered')"
        ));
        let rows: Vec<(String,)> =
            on!(self, db => sqlx::query_as(sql).bind(identity.as_str()).bind(until).bind(to.as_str()).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }
}
