//! Two customers become one, and two again. Messages hang on identities and
//! remember where they were born, so that parting them restores both threads
//! exactly: a thread's order is always the rank by (accepted, born).

use crate::macros::{after, touched};
use crate::messages::{MessageRow, message_columns};
use crate::{Conn, Result, StoreError, Tx};
use onethread_core::Millis;
use onethread_core::ids::{CustomerId, MergeId, MessageId, ThreadId};
use serde_json::Value;
use sqlx::types::Json;

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct MergeRow {
    pub id: String,
    pub into_customer: String,
    pub from_customer: String,
    pub from_name: String,
    /// Identities that came over, and home threads whose own entries (notes) did.
    pub identities: Json<Vec<String>>,
    pub threads: Json<Vec<String>>,
    pub merged_at: Millis,
    /// `{id, name}` of the agent.
    pub merged_by: Json<Value>,
    pub undone_at: Option<Millis>,
}

macro_rules! merge_columns {
    ($rest:expr) => {
        concat!(
            "SELECT g.id, g.into_customer, g.from_customer, c.name AS from_name, g.identities, g.threads, g.merged_at, g.merged_by,",
            " g.undone_at FROM merges g JOIN customers c ON c.id = g.from_customer ",
            $rest
        )
    };
}

impl Tx {
    /// Fold `from` into `into`: its identities, messages and episodes move over. Both threads must be held.
    pub async fn merge_customers(
        &mut self,
        id: &MergeId,
        into: &CustomerId,
        from: &CustomerId,
        by: &Value,
        now: Millis,
    ) -> Result<()> {
        let (target, source) = (self.thread_of(into).await?, self.thread_of(from).await?);
        if target.folded || source.folded || target.id == source.id {
            return Err(StoreError::Conflict("one of these customers is part of another already"));
        }
        let identities: Vec<String> = self.identities_of(from).await?.into_iter().map(|row| row.id).collect();
        let threads = self.homes_in(&source.id.as_str().into()).await?;
        let sql = concat!(
            "INSERT INTO merges (id, into_customer, from_customer, identities, threads, merged_at, merged_by)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7)"
        );
        touched!(self, db => sqlx::query(sql)
            .bind(id.as_str()).bind(into.as_str()).bind(from.as_str()).bind(Json(&identities)).bind(Json(&threads))
            .bind(now).bind(Json(by))
            .execute(db).await)?;
        let sql = "UPDATE customers SET merged_into = $2, updated_at = $3 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(from.as_str()).bind(into.as_str()).bind(now).execute(db).await)?;
        let sql = "UPDATE identities SET customer_id = $2 WHERE customer_id = $1";
        touched!(self, db => sqlx::query(sql).bind(from.as_str()).bind(into.as_str()).execute(db).await)?;
        let (target, source): (ThreadId, ThreadId) = (target.id.into(), source.id.into());
        self.step_aside(&source).await?;
        let sql = "UPDATE messages SET thread_id = $2 WHERE thread_id = $1";
        touched!(self, db => sqlx::query(sql).bind(source.as_str()).bind(target.as_str()).execute(db).await)?;
        let sql = "UPDATE handoffs SET thread_id = $2 WHERE thread_id = $1";
        touched!(self, db => sqlx::query(sql).bind(source.as_str()).bind(target.as_str()).execute(db).await)?;
        let sql = "UPDATE threads SET unread = unread + (SELECT s.unread FROM threads s WHERE s.id = $2) WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(target.as_str()).bind(source.as_str()).execute(db).await)?;
        touched!(self, db => sqlx::query("UPDATE threads SET folded = TRUE WHERE id = $1").bind(source.as_str()).execute(db).await)?;
        self.rank(&target).await?;
        self.refresh_thread(&target, into).await
    }

    /// Part them again: everything that hangs on what came over goes back, with what was said since.
    pub async fn part_customers(&mut self, merge: &MergeRow, now: Millis) -> Result<()> {
        let (into, from): (CustomerId, CustomerId) = (merge.into_customer.as_str().into(), merge.from_customer.as_str().into());
        let (target, source) = (self.thread_of(&into).await?, self.thread_of(&from).await?);
        if target.folded {
            return Err(StoreError::Conflict("this customer is part of another; undo that merge first"));
        }
        let (target, source): (ThreadId, ThreadId) = (target.id.into(), source.id.into());
        let sql = "UPDATE merges SET undone_at = $2 WHERE id = $1 AND undone_at IS NULL";
        if touched!(self, db => sqlx::query(sql).bind(&merge.id).bind(now).execute(db).await)? == 0 {
            return Err(StoreError::Conflict("this merge is undone already"));
        }
        let sql = "UPDATE customers SET merged_into = NULL, updated_at = $2 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(from.as_str()).bind(now).execute(db).await)?;
        let line = line_of(&merge.id.as_str().into());
        touched!(self, db => sqlx::query("DELETE FROM messages WHERE id = $1").bind(line.as_str()).execute(db).await)?;
        self.step_aside(&target).await?;
        for identity in &merge.identities.0 {
            let sql = "UPDATE identities SET customer_id = $2 WHERE id = $1";
            touched!(self, db => sqlx::query(sql).bind(identity).bind(from.as_str()).execute(db).await)?;
            let sql = "UPDATE messages SET thread_id = $3 WHERE identity_id = $1 AND thread_id = $2";
            touched!(self, db => sqlx::query(sql).bind(identity).bind(target.as_str()).bind(source.as_str()).execute(db).await)?;
        }
        for home in &merge.threads.0 {
            let sql = "UPDATE messages SET thread_id = $3 WHERE home_thread_id = $1 AND thread_id = $2 AND identity_id IS NULL";
            touched!(self, db => sqlx::query(sql).bind(home).bind(target.as_str()).bind(source.as_str()).execute(db).await)?;
            let sql = "UPDATE handoffs SET thread_id = $3 WHERE home_thread_id = $1 AND thread_id = $2";
            touched!(self, db => sqlx::query(sql).bind(home).bind(target.as_str()).bind(source.as_str()).execute(db).await)?;
        }
        self.share_unread(&target, &source).await?;
        touched!(self, db => sqlx::query("UPDATE threads SET folded = FALSE WHERE id = $1").bind(source.as_str()).execute(db).await)?;
        for (thread, customer) in [(&target, &into), (&source, &from)] {
            self.rank(thread).await?;
            self.refresh_thread(thread, customer).await?;
        }
        Ok(())
    }

    /// The source takes the unread it brought, as far as nobody has read it meanwhile.
    async fn share_unread(&mut self, target: &ThreadId, source: &ThreadId) -> Result<()> {
        let sql = concat!(
            "UPDATE threads SET unread = (SELECT CASE WHEN t.unread < threads.unread THEN t.unread ELSE threads.unread END",
            " FROM threads t WHERE t.id = $2) WHERE id = $1"
        );
        touched!(self, db => sqlx::query(sql).bind(source.as_str()).bind(target.as_str()).execute(db).await)?;
        let sql = "UPDATE threads SET unread = unread - (SELECT s.unread FROM threads s WHERE s.id = $2) WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(target.as_str()).bind(source.as_str()).execute(db).await)?;
        Ok(())
    }

    /// The threads in which this thread's own entries (notes, episodes) were born, itself among them.
    /// Not those of its identities' messages: these may have been said in a thread it was parted from.
    async fn homes_in(&mut self, thread: &ThreadId) -> Result<Vec<String>> {
        let sql = concat!(
            "SELECT home_thread_id FROM messages WHERE thread_id = $1 AND identity_id IS NULL",
            " UNION SELECT home_thread_id FROM handoffs WHERE thread_id = $1 UNION SELECT $1"
        );
        let rows: Vec<(String,)> = after!(self, db => sqlx::query_as(sql).bind(thread.as_str()).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Make room in the thread's numbers, so that renumbering never meets itself.
    async fn step_aside(&mut self, thread: &ThreadId) -> Result<()> {
        let sql = concat!(
            "UPDATE messages SET seq = -(seq + (SELECT COALESCE(MAX(n.last_seq), 0) FROM threads n) * 2)",
            " WHERE thread_id = $1 AND seq > 0"
        );
        touched!(self, db => sqlx::query(sql).bind(thread.as_str()).execute(db).await)?;
        Ok(())
    }

    /// Number the thread's messages 1, 2, 3 … by when they were accepted.
    async fn rank(&mut self, thread: &ThreadId) -> Result<()> {
        let aside = concat!(
            "UPDATE messages SET seq = -r.place - 1000000000 FROM",
            " (SELECT id AS ranked, ROW_NUMBER() OVER (ORDER BY created_at, born_seq, id) AS place FROM messages WHERE thread_id = $1) r",
            " WHERE messages.id = r.ranked"
        );
        touched!(self, db => sqlx::query(aside).bind(thread.as_str()).execute(db).await)?;
        let back = "UPDATE messages SET seq = -seq - 1000000000 WHERE thread_id = $1";
        touched!(self, db => sqlx::query(back).bind(thread.as_str()).execute(db).await)?;
        let sql = "UPDATE threads SET last_seq = (SELECT COUNT(*) FROM messages WHERE thread_id = $1) WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(thread.as_str()).execute(db).await)?;
        Ok(())
    }

    /// Bring what the list shows in step with the messages.
    async fn refresh_thread(&mut self, thread: &ThreadId, customer: &CustomerId) -> Result<()> {
        let identities = self.identities_of(customer).await?;
        let mut channels: Vec<String> = Vec::new();
        for identity in &identities {
            if !channels.contains(&identity.channel) {
                channels.push(identity.channel.clone());
            }
        }
        let spoken = self.newest_spoken(thread).await?;
        let preview = spoken.map(|m| {
            Json(crate::threads::LastMessage {
                author: m.author.kind().to_owned(),
                text: onethread_core::text::excerpt(&m.content.text, 140),
                channel: m.channel.clone(),
                created_at: m.created_at,
            })
        });
        let heard = self.last_heard(thread).await?;
        let heard = heard.or_else(|| identities.last().map(|identity| identity.id.clone()));
        let sql = concat!(
            "UPDATE threads SET channels = $2, last_message = $3, last_identity_id = $4, last_activity_at =",
            " COALESCE((SELECT MAX(m.created_at) FROM messages m WHERE m.thread_id = $1), created_at) WHERE id = $1"
        );
        touched!(self, db => sqlx::query(sql).bind(thread.as_str()).bind(Json(&channels)).bind(&preview).bind(&heard).execute(db).await)?;
        Ok(())
    }

    /// What the list previews: no note, no system line.
    async fn newest_spoken(&mut self, thread: &ThreadId) -> Result<Option<MessageRow>> {
        let sql = message_columns!("WHERE m.thread_id = $1 AND NOT m.note AND m.event IS NULL ORDER BY m.seq DESC LIMIT 1");
        Ok(after!(self, db => sqlx::query_as(sql).bind(thread.as_str()).fetch_optional(db).await)?)
    }

    /// The identity from which the customer wrote last.
    async fn last_heard(&mut self, thread: &ThreadId) -> Result<Option<String>> {
        let sql = concat!(
            "SELECT identity_id FROM messages WHERE thread_id = $1 AND identity_id IS NOT NULL",
            " AND author ->> 'kind' = 'customer' ORDER BY seq DESC LIMIT 1"
        );
        let row: Option<(String,)> = after!(self, db => sqlx::query_as(sql).bind(thread.as_str()).fetch_optional(db).await)?;
        Ok(row.map(|(id,)| id))
    }
}

/// The id of the line that tells of a merge in the thread: it goes when the merge is undone, so
/// that the thread is exactly as it was.
#[must_use]
pub fn line_of(merge: &MergeId) -> MessageId {
    MessageId(merge.as_str().replacen("mrg_", "msg_", 1))
}

impl Conn {
    pub async fn merge(&mut self, id: &MergeId) -> Result<MergeRow> {
        let sql = merge_columns!("WHERE g.id = $1");
        let row = after!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("merge"))
    }

    /// What was merged into this customer and not undone, newest first.
    pub async fn merges_of(&mut self, customer: &CustomerId) -> Result<Vec<MergeRow>> {
        let sql = merge_columns!("WHERE g.into_customer = $1 AND g.undone_at IS NULL ORDER BY g.merged_at DESC, g.id DESC");
        Ok(after!(self, db => sqlx::query_as(sql).bind(customer.as_str()).fetch_all(db).await)?)
    }
}
