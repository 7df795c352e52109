//! Messages on their way out. The row is the truth about delivery: it is
//! queued in the transaction that decided it, and one parcel at a time is
//! under way per recipient, in order.

use crate::macros::{on, touched};
use crate::messages::MessageError;
use crate::{Conn, Result, StoreError, Tx};
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, InboxId, MessageId, ParcelId};
use onethread_core::parts::Part;
use sqlx::types::Json;

/// A parcel about to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewParcel {
    pub id: ParcelId,
    pub message: MessageId,
    pub identity: IdentityId,
    pub inbox: InboxId,
    pub part: Part,
    /// The platform's id of the message this answers.
    pub reply_to: Option<String>,
    /// `bot` or `person`.
    pub voice: &'static str,
    /// The lease that the bot held when it spoke; 0 for people, who are never overtaken.
    pub lease_number: i64,
}

/// A parcel that this process has claimed, with all that the sender must compare.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct ClaimedParcel {
    pub id: String,
    pub message_id: String,
    pub thread_id: String,
    pub identity_id: String,
    pub inbox_id: String,
    pub address: String,
    pub part: Json<Part>,
    pub reply_to: Option<String>,
    pub voice: String,
    pub lease_number: i64,
    /// The thread's lease as it is now.
    pub thread_lease: i64,
    pub attempts: i64,
    pub last_interaction_at: Option<Millis>,
    pub queued_at: Millis,
    /// Files of the message, for names and types.
    pub content: Json<onethread_core::message::Content>,
    /// What became of the try before this one.
    pub error: Option<Json<MessageError>>,
}

/// How a parcel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Sent,
    Failed,
    Uncertain,
    Withheld,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Withheld => "withheld",
        }
    }
}

impl Tx {
    /// Queue parcels, in this order, to be sent now. They are written with the commit: the counter
    /// that orders them is locked last, or whoever holds it and wants a thread would wait for
    /// whoever holds that thread and wants the counter.
    pub fn queue_parcels(&mut self, parcels: Vec<NewParcel>, now: Millis) {
        self.parcels.extend(parcels.into_iter().map(|parcel| (parcel, now)));
    }
}

impl Conn {
    pub(crate) async fn record_parcels(&mut self, parcels: &[(NewParcel, Millis)]) -> Result<()> {
        let count = i64::try_from(parcels.len()).unwrap_or(i64::MAX);
        let first = self.count("outbox", count).await? - count + 1;
        let sql = concat!(
            "INSERT INTO outbox (id, position, message_id, identity_id, inbox_id, part, reply_to, voice, lease_number, state,",
            " not_before, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', $10, $10)"
        );
        for (position, (parcel, now)) in (first..).zip(parcels) {
            touched!(self, db => sqlx::query(sql)
                .bind(parcel.id.as_str()).bind(position).bind(parcel.message.as_str()).bind(parcel.identity.as_str())
                .bind(parcel.inbox.as_str()).bind(Json(&parcel.part)).bind(&parcel.reply_to).bind(parcel.voice)
                .bind(parcel.lease_number).bind(now)
                .execute(db).await)?;
        }
        Ok(())
    }

    /// Claim due parcels under the name `claim`: of each recipient only the oldest, and none while
    /// another is under way (a newer one, where this one is retried) or its inbox is paused.
    pub async fn claim_parcels(&mut self, claim: &str, until: Millis, now: Millis, limit: i64) -> Result<Vec<ClaimedParcel>> {
        macro_rules! claim {
            ($lock:literal) => {
                concat!(
                    "UPDATE outbox SET state = 'sending', claim = $1, claimed_until = $2, attempts = attempts + 1 WHERE id IN (",
                    "SELECT o.id FROM outbox o JOIN inboxes b ON b.id = o.inbox_id",
                    " WHERE o.state = 'queued' AND o.not_before <= $3 AND b.state = 'active'",
                    " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.identity_id = o.identity_id AND e.state IN ('queued', 'sending')",
                    " AND (e.position < o.position OR e.state = 'sending')) ORDER BY o.position LIMIT $4",
                    $lock,
                    ")"
                )
            };
        }
        let sqlite = claim!("");
        let postgres = claim!(" FOR UPDATE OF o SKIP LOCKED");
        let claimed = match self.engined() {
            crate::db::Engined::Sqlite(db) => {
                sqlx::query(sqlite).bind(claim).bind(until).bind(now).bind(limit).execute(db).await?.rows_affected()
            }
            crate::db::Engined::Postgres(db) => {
                sqlx::query(postgres).bind(claim).bind(until).bind(now).bind(limit).execute(db).await?.rows_affected()
            }
        };
        if claimed == 0 {
            return Ok(Vec::new());
        }
        let sql = concat!(
            "SELECT o.id, o.message_id, m.thread_id, o.identity_id, o.inbox_id, i.address, o.part, o.reply_to, o.voice,",
            " o.lease_number, t.lease_number AS thread_lease, o.attempts, i.last_interaction_at, o.created_at AS queued_at, m.content,",
            " o.error",
            " FROM outbox o JOIN messages m ON m.id = o.message_id JOIN threads t ON t.id = m.thread_id",
            " JOIN identities i ON i.id = o.identity_id WHERE o.claim = $1 AND o.state = 'sending' ORDER BY o.position"
        );
        Ok(on!(self, db => sqlx::query_as(sql).bind(claim).fetch_all(db).await)?)
    }

    /// When the next queued parcel is due; `None` when nothing waits.
    pub async fn next_due(&mut self) -> Result<Option<Millis>> {
        let sql = "SELECT MIN(not_before) FROM outbox WHERE state = 'queued'";
        let (due,): (Option<i64>,) = on!(self, db => sqlx::query_as(sql).fetch_one(db).await)?;
        Ok(due)
    }

    /// Put a claimed parcel back in line, due at `at`.
    pub async fn requeue_parcel(&mut self, id: &str, at: Millis, error: Option<&MessageError>) -> Result<()> {
        let sql =
            "UPDATE outbox SET state = 'queued', claim = NULL, not_before = $2, error = $3 WHERE id = $1 AND state = 'sending'";
        touched!(self, db => sqlx::query(sql).bind(id).bind(at).bind(error.map(Json)).execute(db).await)?;
        Ok(())
    }

    /// A parcel's end. `false` when it had ended already.
    pub async fn end_parcel(
        &mut self,
        id: &str,
        end: End,
        platform_id: Option<&str>,
        error: Option<&MessageError>,
        now: Millis,
    ) -> Result<bool> {
        let sql = concat!(
            "UPDATE outbox SET state = $2, platform_id = COALESCE($3, platform_id), error = $4, claim = NULL, settled_at = $5",
            " WHERE id = $1 AND state IN ('queued', 'sending', 'uncertain')"
        );
        let rows = touched!(self, db => sqlx::query(sql)
            .bind(id).bind(end.as_str()).bind(platform_id).bind(error.map(Json)).bind(now)
            .execute(db).await)?;
        Ok(rows > 0)
    }

    /// The message's other parcels that have not gone yet end with it. Answers how many.
    pub async fn end_rest_of(&mut self, message: &MessageId, end: End, now: Millis) -> Result<u64> {
        let sql = "UPDATE outbox SET state = $2, claim = NULL, settled_at = $3 WHERE message_id = $1 AND state = 'queued'";
        Ok(touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(end.as_str()).bind(now).execute(db).await)?)
    }

    /// How many of the message's parcels have not been sent.
    pub async fn unsent_parcels_of(&mut self, message: &MessageId) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM outbox WHERE message_id = $1 AND state <> 'sent'";
        let (count,): (i64,) = on!(self, db => sqlx::query_as(sql).bind(message.as_str()).fetch_one(db).await)?;
        Ok(count)
    }

    /// Queue again whatever of the message did not arrive for certain. The keys stay, so that a
    /// platform that de-duplicates shows it once. A person asked for it, now: the patience starts
    /// anew, and what the bot said is not overtaken by whoever holds the thread already. Answers how many.
    pub async fn retry_parcels_of(&mut self, message: &MessageId, now: Millis) -> Result<u64> {
        let sql = concat!(
            "UPDATE outbox SET state = 'queued', attempts = 0, not_before = $2, created_at = $2, error = NULL, settled_at = NULL,",
            " lease_number = CASE WHEN voice = 'bot' THEN (SELECT t.lease_number FROM threads t JOIN messages m ON m.thread_id = t.id",
            " WHERE m.id = $1) ELSE lease_number END WHERE message_id = $1 AND state IN ('failed', 'uncertain')"
        );
        Ok(touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(now).execute(db).await)?)
    }

    /// An agent says that the uncertain ones arrived.
    pub async fn believe_parcels_of(&mut self, message: &MessageId, now: Millis) -> Result<u64> {
        let sql = "UPDATE outbox SET state = 'sent', error = NULL, settled_at = $2 WHERE message_id = $1 AND state = 'uncertain'";
        Ok(touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(now).execute(db).await)?)
    }

    /// The sender is still at it: the claim holds until `until`.
    pub async fn renew_claim(&mut self, id: &str, until: Millis) -> Result<()> {
        let sql = "UPDATE outbox SET claimed_until = $2 WHERE id = $1 AND state = 'sending'";
        touched!(self, db => sqlx::query(sql).bind(id).bind(until).execute(db).await)?;
        Ok(())
    }

    /// Forget parcels that ended well before `before`, at most `limit` at once. Answers how many.
    pub async fn prune_parcels(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = concat!(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state IN ('sent', 'withheld') AND settled_at < $1",
            " ORDER BY settled_at LIMIT $2)"
        );
        Ok(touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }

    /// Parcels whose sender is gone: claimed and not settled in time. With message, inbox, and how long the claim held.
    pub async fn orphaned_parcels(&mut self, now: Millis) -> Result<Vec<(String, String, String, Millis)>> {
        let sql = "SELECT id, message_id, inbox_id, claimed_until FROM outbox WHERE state = 'sending' AND claimed_until < $1 ORDER BY position LIMIT 200";
        Ok(on!(self, db => sqlx::query_as(sql).bind(now).fetch_all(db).await)?)
    }

    /// The parcel with this key, if it is one of ours: its message and identity.
    pub async fn parcel(&mut self, id: &str) -> Result<(MessageId, IdentityId)> {
        let sql = "SELECT message_id, identity_id FROM outbox WHERE id = $1";
        let row: Option<(String, String)> = on!(self, db => sqlx::query_as(sql).bind(id).fetch_optional(db).await)?;
        row.map(|(message, identity)| (message.into(), identity.into())).ok_or(StoreError::Missing("parcel"))
    }

    /// Parcels not settled: queued, and under way.
    pub async fn outbox_depth(&mut self) -> Result<(i64, i64)> {
        let sql = concat!(
            "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'queued'),",
            " (SELECT COUNT(*) FROM outbox WHERE state = 'sending')"
        );
        Ok(on!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }
}
