//! Messages on their way out. The row is the truth about delivery: it is
//! queued in the transaction that decided it, and one parcel at a time is
//! under way per recipient, in order.

mod claim;

pub(crate) use claim::Queued;

use crate::macros::{after, after_touched, aside};
use crate::many::{Many, read_many, write_many};
use crate::messages::MessageError;
use crate::waiting::Known;
use crate::{Conn, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, InboxId, MessageId, ParcelId};
use onethread_core::message::Status;
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
    #[sqlx(skip)]
    pub claimed_at: Millis,
    /// When it was first handed over, of the tries that may have sent it and this one.
    pub tried_at: Millis,
    pub last_interaction_at: Option<Millis>,
    pub queued_at: Millis,
    /// Files of the message, for names and types.
    pub content: Json<onethread_core::message::Content>,
    /// What became of the try before this one.
    pub error: Option<Json<MessageError>>,
    /// A try before an agent had it sent again may have arrived.
    pub in_doubt: bool,
}

/// A parcel that is queued in a disabled inbox.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Stranded {
    pub id: String,
    pub message_id: String,
    /// What became of its last try.
    pub error: Option<Json<MessageError>>,
    /// As in [`ClaimedParcel`].
    pub in_doubt: bool,
}

/// A parcel that is being handed over, or perhaps was.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UnderWay {
    pub id: String,
    pub part: Json<Part>,
    /// Since when it can have arrived; 0 where an agent had it sent again, for the tries before are not known any more.
    pub since: Millis,
    pub fate: Fate,
}

/// What may still become of a parcel that may be on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "TEXT", rename_all = "lowercase")]
pub enum Fate {
    /// It is being handed over, or will be (once more, where a person asked for that).
    Open,
    /// Nobody knows whether it arrived.
    Unknown,
}

/// A parcel whose sender is gone.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Orphan {
    pub id: String,
    pub message_id: String,
    pub inbox_id: String,
    pub address: String,
    /// Since when it may have been sent.
    pub since: Millis,
}

/// How a parcel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Sent,
    Failed,
    Uncertain,
    Withheld,
}

/// A parcel of ours that the platform shows us.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ShownParcel {
    pub id: String,
    pub message_id: String,
    pub thread_id: String,
    pub identity_id: String,
    pub inbox_id: String,
    pub address: String,
    /// Where it is: `sending`, `sent` and so on.
    pub state: String,
}

/// A parcel that the platform took.
#[derive(Debug, Clone, Copy)]
pub struct Gone<'a> {
    pub parcel: &'a ClaimedParcel,
    pub platform_id: &'a str,
    /// `sent` or `delivered`.
    pub status: Status,
    /// Since when it can have been on the platform; `None`: it shows with its message, as a whole.
    pub handed_at: Option<Millis>,
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

/// What waits for this very message, and what waits for any that goes out.
/// The message is known by this id, and nothing is being handed over to the address any more.
fn known(inbox: &str, address: &str, platform_id: &str) -> [Known; 2] {
    let of = |platform_id: &str| Known { inbox: inbox.into(), address: address.into(), platform_id: platform_id.into() };
    [of(platform_id), of("")]
}

static SHOWN: Many = Many::new(
    "SELECT o.id, o.message_id, m.thread_id, o.identity_id, o.inbox_id, i.address, o.state FROM",
    1,
    concat!(
        "AS v JOIN outbox o ON o.id = v.column1 JOIN messages m ON m.id = o.message_id",
        " JOIN identities i ON i.id = o.identity_id"
    ),
);

static SHOWN_LINKS: Many = Many::insert(
    "INSERT INTO platform_messages (identity_id, platform_id, message_id)",
    3,
    "ON CONFLICT (identity_id, platform_id) DO NOTHING",
);

const SENT: &str =
    "UPDATE outbox SET state = 'sent', platform_id = v.column2, error = NULL, claim = NULL, settled_at = v.column3 FROM";

static GONE: Many = Many::new(SENT, 3, "AS v WHERE outbox.id = v.column1 AND outbox.state = 'sending'");

static GONE_AFTER_ALL: Many =
    Many::new(SENT, 3, "AS v WHERE outbox.id = v.column1 AND outbox.state IN ('queued', 'uncertain') RETURNING message_id");

static GONE_LINKS: Many = Many::insert(
    "INSERT INTO platform_messages (identity_id, platform_id, message_id, status, handed_at)",
    5,
    "ON CONFLICT (identity_id, platform_id) DO NOTHING",
);

/// Of those that the platform had shown to us before it answered.
static GONE_LINKS_SHOWN: Many = Many::new(
    concat!(
        "UPDATE platform_messages SET handed_at = v.column5,",
        " status = CASE WHEN platform_messages.status = 'sent' THEN v.column4 ELSE platform_messages.status END FROM"
    ),
    5,
    concat!(
        "AS v WHERE platform_messages.identity_id = v.column1 AND platform_messages.platform_id = v.column2",
        " AND platform_messages.message_id = v.column3"
    ),
);

static GONE_MESSAGES: Many = Many::new(
    // An earlier part may not be as far as this one.
    concat!(
        "UPDATE messages SET error = NULL, status = CASE WHEN EXISTS (SELECT 1 FROM platform_messages p",
        " WHERE p.message_id = v.column1 AND p.status = 'sent') THEN 'sent' ELSE v.column2 END FROM"
    ),
    2,
    concat!(
        "AS v WHERE messages.id = v.column1 AND messages.status IN ('queued', 'sent', 'uncertain')",
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = v.column1 AND o.state <> 'sent')"
    ),
);

impl Conn {
    /// Put a claimed parcel back in line, due at `at`. `doubtful`: it may have been sent all the same.
    pub async fn requeue_parcel(&mut self, id: &str, at: Millis, error: Option<&MessageError>, doubtful: bool) -> Result<()> {
        let sql = concat!(
            "UPDATE outbox SET state = 'queued', claim = NULL, not_before = $2, error = $3,",
            " tried_at = CASE WHEN $4 THEN tried_at END WHERE id = $1 AND state = 'sending'"
        );
        after_touched!(self, db => sqlx::query(sql).bind(id).bind(at).bind(error.map(Json)).bind(doubtful).execute(db).await)?;
        Ok(())
    }

    /// Parcels that the platform took: each ends, the platform's id means its message, and a message
    /// that has gone as a whole is raised. Answers the messages of those that their sender was no longer believed to
    /// be sending: what was to follow them may have been given up.
    pub async fn parcels_gone(&mut self, gone: &[Gone<'_>], now: Millis) -> Result<Vec<MessageId>> {
        // In an order that all who lock them have.
        let mut gone = gone.to_vec();
        gone.sort_by(|a, b| a.parcel.id.cmp(&b.parcel.id));
        let gone = gone.as_slice();
        let sent = write_many!(self, GONE, gone, query, one => query.bind(&one.parcel.id).bind(one.platform_id).bind(now));
        let mut late: Vec<(String,)> = Vec::new();
        // Mostly because the platform showed it to us before it answered.
        if sent < gone.len() as u64 {
            late = read_many!(self, (String,), GONE_AFTER_ALL, gone, query, one => {
                query.bind(&one.parcel.id).bind(one.platform_id).bind(now)
            });
        }
        let linked = write_many!(self, GONE_LINKS, gone, query, one => {
            query.bind(&one.parcel.identity_id).bind(one.platform_id).bind(&one.parcel.message_id)
                .bind(one.status.as_str()).bind(one.handed_at)
        });
        if linked < gone.len() as u64 {
            write_many!(self, GONE_LINKS_SHOWN, gone, query, one => {
                query.bind(&one.parcel.identity_id).bind(one.platform_id).bind(&one.parcel.message_id)
                    .bind(one.status.as_str()).bind(one.handed_at)
            });
        }
        let known = |one: &Gone<'_>| known(&one.parcel.inbox_id, &one.parcel.address, one.platform_id);
        let known: Vec<Known> = gone.iter().flat_map(known).collect();
        self.reopened += self.release_waiting(&known).await?;
        write_many!(self, GONE_MESSAGES, gone, query, one => query.bind(&one.parcel.message_id).bind(one.status.as_str()));
        Ok(late.into_iter().map(|(message,)| message.into()).collect())
    }

    /// The parcels with these keys, where they are ours.
    pub async fn parcels_of_keys(&mut self, keys: &[&str]) -> Result<Vec<ShownParcel>> {
        Ok(read_many!(self, ShownParcel, SHOWN, keys, query, key => query.bind(*key)))
    }

    /// The platform shows us parcels that it was being given, each under this id of its own: they have gone. Of those that
    /// had gone already only the id is noted. Answers the messages of those that their sender has given up meanwhile, as
    /// [`Self::parcels_gone`] does.
    pub async fn parcels_shown(&mut self, shown: &[(&ShownParcel, &str)], now: Millis) -> Result<Vec<MessageId>> {
        let gone = write_many!(self, GONE, shown, query, (parcel, platform_id) => {
            query.bind(&parcel.id).bind(*platform_id).bind(now)
        });
        let mut late: Vec<(String,)> = Vec::new();
        if gone < shown.iter().filter(|(parcel, _)| parcel.state == "sending").count() as u64 {
            late = read_many!(self, (String,), GONE_AFTER_ALL, shown, query, (parcel, platform_id) => {
                query.bind(&parcel.id).bind(*platform_id).bind(now)
            });
        }
        write_many!(self, SHOWN_LINKS, shown, query, (parcel, platform_id) => {
            query.bind(&parcel.identity_id).bind(*platform_id).bind(&parcel.message_id)
        });
        // Of one that had gone before only the id is new: its delivery has ended, and another may be under way.
        let known = |(parcel, platform_id): &(&ShownParcel, &str)| {
            let ends = if parcel.state == "sending" { 2 } else { 1 };
            known(&parcel.inbox_id, &parcel.address, platform_id).into_iter().take(ends)
        };
        let known: Vec<Known> = shown.iter().flat_map(known).collect();
        self.reopened += self.release_waiting(&known).await?;
        write_many!(self, GONE_MESSAGES, shown, query, (parcel, _) => query.bind(&parcel.message_id).bind("sent"));
        Ok(late.into_iter().map(|(message,)| message.into()).collect())
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
        let rows = after_touched!(self, db => sqlx::query(sql)
            .bind(id).bind(end.as_str()).bind(platform_id).bind(error.map(Json)).bind(now)
            .execute(db).await)?;
        Ok(rows > 0)
    }

    /// The message's other parcels that have not gone yet end with it. Answers how many.
    pub async fn end_rest_of(&mut self, message: &MessageId, end: End, now: Millis) -> Result<u64> {
        let sql = "UPDATE outbox SET state = $2, claim = NULL, settled_at = $3 WHERE message_id = $1 AND state = 'queued'";
        Ok(after_touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(end.as_str()).bind(now).execute(db).await)?)
    }

    /// How many of the message's parcels have not been sent.
    pub async fn unsent_parcels_of(&mut self, message: &MessageId) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM outbox WHERE message_id = $1 AND state <> 'sent'";
        let (count,): (i64,) = after!(self, db => sqlx::query_as(sql).bind(message.as_str()).fetch_one(db).await)?;
        Ok(count)
    }

    /// Whether any part of the message has gone. Parcels are forgotten in time; what the platform calls them is not.
    pub async fn has_begun(&mut self, message: &MessageId) -> Result<bool> {
        let sql = concat!(
            "SELECT (SELECT COUNT(*) FROM outbox WHERE message_id = $1 AND state = 'sent')",
            " + (SELECT COUNT(*) FROM platform_messages WHERE message_id = $1)"
        );
        let (gone,): (i64,) = after!(self, db => sqlx::query_as(sql).bind(message.as_str()).fetch_one(db).await)?;
        Ok(gone > 0)
    }

    /// What is handed over to this person now or soon, or perhaps was: newest first.
    pub async fn parcels_under_way_to(&mut self, identity: &IdentityId) -> Result<Vec<UnderWay>> {
        let sql = concat!(
            "SELECT id, part, CASE WHEN in_doubt THEN 0 ELSE COALESCE(tried_at, created_at) END AS since, 'open' AS fate,",
            " +position AS place FROM outbox WHERE identity_id = $1 AND state IN ('queued', 'sending')",
            " UNION ALL SELECT id, part, CASE WHEN in_doubt THEN 0 ELSE COALESCE(tried_at, created_at) END AS since,",
            " 'unknown' AS fate, +position AS place FROM outbox",
            " WHERE identity_id = $1 AND state = 'uncertain' ORDER BY place DESC LIMIT 50"
        );
        Ok(aside!(self, db => sqlx::query_as(sql).bind(identity.as_str()).fetch_all(db).await)?)
    }

    /// Nothing is being handed over to this address any more, whatever came of it: what waited for that is read once
    /// more.
    pub async fn no_longer_under_way(&mut self, inbox: &str, address: &str) -> Result<()> {
        let known = Known { inbox: inbox.to_owned(), address: address.to_owned(), platform_id: String::new() };
        self.reopened += self.release_waiting(&[known]).await?;
        Ok(())
    }

    /// What was never handed over, because a part before it had an unknown fate, is queued now that this
    /// is known. Answers how many.
    pub async fn resume_parcels_of(&mut self, message: &MessageId, now: Millis) -> Result<u64> {
        let sql = concat!(
            "UPDATE outbox SET state = 'queued', attempts = 0, not_before = $2, created_at = $2, settled_at = NULL",
            " WHERE message_id = $1 AND state = 'failed' AND error IS NULL AND platform_id IS NULL"
        );
        Ok(after_touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(now).execute(db).await)?)
    }

    /// Queue again whatever of the message did not arrive for certain. The keys stay, so that a
    /// platform that de-duplicates shows it once. A person asked for it, now: the patience starts
    /// anew, and what the bot said is not overtaken by whoever holds the thread already. What may have arrived stays
    /// in doubt. Answers how many.
    pub async fn retry_parcels_of(&mut self, message: &MessageId, now: Millis) -> Result<u64> {
        let sql = concat!(
            "UPDATE outbox SET state = 'queued', attempts = 0, not_before = $2, created_at = $2, error = NULL, settled_at = NULL,",
            " tried_at = NULL, in_doubt = in_doubt OR state = 'uncertain', lease_number = CASE WHEN voice = 'bot' THEN (SELECT t.lease_number FROM threads t JOIN messages m ON m.thread_id = t.id",
            " WHERE m.id = $1) ELSE lease_number END WHERE message_id = $1 AND state IN ('failed', 'uncertain')"
        );
        Ok(after_touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(now).execute(db).await)?)
    }

    /// An agent says that the uncertain ones arrived.
    pub async fn believe_parcels_of(&mut self, message: &MessageId, now: Millis) -> Result<u64> {
        let sql = "UPDATE outbox SET state = 'sent', error = NULL, settled_at = $2 WHERE message_id = $1 AND state = 'uncertain'";
        Ok(after_touched!(self, db => sqlx::query(sql).bind(message.as_str()).bind(now).execute(db).await)?)
    }

    /// The sender is still at it: the claim holds until `until`.
    pub async fn renew_claim(&mut self, id: &str, until: Millis) -> Result<()> {
        let sql = "UPDATE outbox SET claimed_until = $2 WHERE id = $1 AND state = 'sending'";
        after_touched!(self, db => sqlx::query(sql).bind(id).bind(until).execute(db).await)?;
        Ok(())
    }

    /// Forget parcels that ended well before `before`, at most `limit` at once. Answers how many.
    pub async fn prune_parcels(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = concat!(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state IN ('sent', 'withheld') AND settled_at < $1",
            " ORDER BY settled_at LIMIT $2)"
        );
        Ok(after_touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }

    /// Parcels whose sender is gone: claimed and not settled in time.
    pub async fn orphaned_parcels(&mut self, now: Millis) -> Result<Vec<Orphan>> {
        let sql = concat!(
            "SELECT o.id, o.message_id, o.inbox_id, i.address, COALESCE(o.tried_at, o.created_at) AS since FROM outbox o",
            " JOIN identities i ON i.id = o.identity_id WHERE o.state IN ('queued', 'sending') AND o.state = 'sending'",
            " AND o.claimed_until < $1 ORDER BY +o.position LIMIT 200"
        );
        Ok(after!(self, db => sqlx::query_as(sql).bind(now).fetch_all(db).await)?)
    }

    /// Parcels that wait in disabled inboxes, oldest first; not while another of their message is under way, or nobody
    /// could say of it yet whether it has begun. Nobody claims them before the transaction is over.
    pub async fn stranded_parcels(&mut self, limit: i64) -> Result<Vec<Stranded>> {
        macro_rules! stranded {
            ($lock:literal) => {
                concat!(
                    "SELECT id, message_id, error, in_doubt FROM outbox WHERE state = 'queued'",
                    " AND inbox_id IN (SELECT id FROM inboxes WHERE state = 'disabled') AND NOT EXISTS (SELECT 1 FROM outbox e",
                    " WHERE e.message_id = outbox.message_id AND e.state = 'sending') ORDER BY +position LIMIT $1",
                    $lock
                )
            };
        }
        Ok(match self.written().await? {
            crate::db::Engined::Sqlite(db) => sqlx::query_as(stranded!("")).bind(limit).fetch_all(db).await?,
            crate::db::Engined::Postgres(db) => {
                sqlx::query_as(stranded!(" FOR UPDATE SKIP LOCKED")).bind(limit).fetch_all(db).await?
            }
        })
    }

    /// The parcel with this key, if it is one of ours: its message and identity.
    pub async fn parcel(&mut self, id: &str) -> Result<(MessageId, IdentityId)> {
        let sql = "SELECT message_id, identity_id FROM outbox WHERE id = $1";
        let row: Option<(String, String)> = after!(self, db => sqlx::query_as(sql).bind(id).fetch_optional(db).await)?;
        row.map(|(message, identity)| (message.into(), identity.into())).ok_or(StoreError::Missing("parcel"))
    }

    /// Parcels not settled: queued, and under way.
    pub async fn outbox_depth(&mut self) -> Result<(i64, i64)> {
        let sql = concat!(
            "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'queued'),",
            " (SELECT COUNT(*) FROM outbox WHERE state = 'sending')"
        );
        Ok(after!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }
}
