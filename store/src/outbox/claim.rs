//! How parcels come into the outbox and out of it: queued, then claimed by whoever sends them.

use super::{ClaimedParcel, NewParcel};
use crate::held::Held;
use crate::macros::{after, aside};
use crate::many::{Many, read_many, write_many};
use crate::{Conn, Result, Tx};
use onethread_core::Millis;
use onethread_core::ids::InboxId;
use sqlx::types::Json;
use std::collections::HashSet;

/// A parcel that the commit will write.
pub(crate) struct Queued {
    parcel: NewParcel,
    at: Millis,
    claim: Option<Claim>,
}

/// By whom it is claimed already, from when and until when.
struct Claim {
    name: String,
    from: Millis,
    until: Millis,
}

#[derive(sqlx::FromRow)]
struct Placed {
    position: i64,
    #[sqlx(flatten)]
    parcel: ClaimedParcel,
}

/// Recipients to whom something is on its way already.
static BUSY: Many = Many::new(
    "SELECT o.identity_id FROM",
    1,
    "AS v JOIN outbox o ON o.identity_id = v.column1 AND o.state IN ('queued', 'sending')",
);

static CLAIMED: Many = Many::new(
    concat!(
        "SELECT o.id, o.message_id, m.thread_id, o.identity_id, o.inbox_id, i.address, o.part, o.reply_to, o.voice,",
        " o.lease_number, t.lease_number AS thread_lease, o.attempts, i.last_interaction_at, o.created_at AS queued_at, m.content,",
        " o.error, o.in_doubt, COALESCE(o.tried_at, o.created_at) AS tried_at, o.position FROM"
    ),
    1,
    concat!(
        "AS v JOIN outbox o ON o.id = v.column1 JOIN messages m ON m.id = o.message_id JOIN threads t ON t.id = m.thread_id",
        " JOIN identities i ON i.id = o.identity_id"
    ),
);

static RECORD: Many = Many::insert(
    concat!(
        "INSERT INTO outbox (id, position, message_id, identity_id, inbox_id, part, reply_to, voice, lease_number, state,",
        " not_before, created_at, attempts, claim, claimed_until, tried_at)"
    ),
    16,
    "",
);

impl Tx {
    /// Queue parcels, in this order, to be sent now. They are written with the commit: the counter
    /// that orders them is locked last, or whoever holds it and wants a thread would wait for
    /// whoever holds that thread and wants the counter.
    pub fn queue_parcels(&mut self, parcels: Vec<NewParcel>, now: Millis) {
        self.parcels.extend(parcels.into_iter().map(|parcel| Queued { parcel, at: now, claim: None }));
    }

    /// Of what was queued in this transaction, claim at once what may go as soon as it is committed: of each
    /// recipient the first, where nothing stands before it and the inbox is active. It is written once
    /// instead of three times. Only for people who are held; `place` says whether the inbox has one to give, and
    /// what it gives comes back with the parcel.
    pub async fn claim_queued<T>(
        &mut self,
        claim: &str,
        until: Millis,
        now: Millis,
        mut place: impl FnMut(&InboxId) -> Option<T> + Send,
    ) -> Result<Vec<(ClaimedParcel, T)>> {
        let mut met = HashSet::new();
        let first = |(at, queued): (usize, &Queued)| {
            let first = met.insert(queued.parcel.identity.clone());
            Some((at, first.then(|| self.conn.held.claimed(queued, now)).flatten()?))
        };
        let firsts: Vec<(usize, ClaimedParcel)> = self.parcels.iter().enumerate().filter_map(first).collect();
        if firsts.is_empty() {
            return Ok(Vec::new());
        }
        let busy = read_many!(self.conn, (String,), BUSY, &firsts, query, (_, parcel) => query.bind(&parcel.identity_id));
        let busy: HashSet<String> = busy.into_iter().map(|(identity,)| identity).collect();
        let active = "SELECT id FROM inboxes WHERE state = 'active'";
        let active: Vec<(String,)> = aside!(self.conn, db => sqlx::query_as(active).fetch_all(db).await)?;
        let active: HashSet<String> = active.into_iter().map(|(id,)| id).collect();
        let mut claimed = Vec::with_capacity(firsts.len());
        for (at, parcel) in firsts {
            if !active.contains(&parcel.inbox_id) || busy.contains(&parcel.identity_id) {
                continue;
            }
            if let Some(place) = place(&parcel.inbox_id.as_str().into()) {
                self.parcels[at].claim = Some(Claim { name: claim.to_owned(), from: now, until });
                claimed.push((parcel, place));
            }
        }
        Ok(claimed)
    }

    /// Whether anything was queued here that is not claimed.
    #[must_use]
    pub fn queued_unclaimed(&self) -> bool {
        self.parcels.iter().any(|queued| queued.claim.is_none())
    }
}

impl Held {
    /// What a claim of this parcel would answer. `None` where its people or message are not held.
    fn claimed(&self, queued: &Queued, now: Millis) -> Option<ClaimedParcel> {
        let parcel = &queued.parcel;
        let identity = self.identity(parcel.identity.as_str())?;
        let (thread, content) = self.message(parcel.message.as_str())?;
        Some(ClaimedParcel {
            id: parcel.id.0.clone(),
            message_id: parcel.message.0.clone(),
            thread_id: thread.id.clone(),
            identity_id: parcel.identity.0.clone(),
            inbox_id: parcel.inbox.0.clone(),
            address: identity.address.clone(),
            part: Json(parcel.part.clone()),
            reply_to: parcel.reply_to.clone(),
            voice: parcel.voice.to_owned(),
            lease_number: parcel.lease_number,
            thread_lease: thread.lease_number,
            attempts: 1,
            last_interaction_at: identity.last_interaction_at,
            queued_at: queued.at,
            content: Json(content.clone()),
            error: None,
            in_doubt: false,
            claimed_at: now,
            tried_at: now,
        })
    }
}

impl Conn {
    pub(crate) async fn record_parcels(&mut self, parcels: &[Queued]) -> Result<()> {
        let count = i64::try_from(parcels.len()).unwrap_or(i64::MAX);
        let first = self.count("outbox", count).await? - count + 1;
        let rows: Vec<(i64, &Queued)> = (first..).zip(parcels).collect();
        write_many!(self, RECORD, &rows, query, (position, Queued { parcel, at, claim }) => {
            let state = if claim.is_some() { "sending" } else { "queued" };
            let (name, from, until) =
                claim.as_ref().map_or((None, None, 0), |claim| (Some(&claim.name), Some(claim.from), claim.until));
            query.bind(parcel.id.as_str()).bind(position).bind(parcel.message.as_str()).bind(parcel.identity.as_str())
                .bind(parcel.inbox.as_str()).bind(Json(&parcel.part)).bind(&parcel.reply_to).bind(parcel.voice)
                .bind(parcel.lease_number).bind(state).bind(at).bind(at).bind(i64::from(claim.is_some())).bind(name).bind(until)
                .bind(from)
        });
        Ok(())
    }

    /// The active inboxes that have a parcel due.
    pub async fn inboxes_due(&mut self, now: Millis) -> Result<Vec<InboxId>> {
        let sql = concat!(
            "SELECT b.id FROM inboxes b WHERE b.state = 'active' AND EXISTS",
            " (SELECT 1 FROM outbox o WHERE o.inbox_id = b.id AND o.state = 'queued' AND o.not_before <= $1)"
        );
        let rows: Vec<(String,)> = after!(self, db => sqlx::query_as(sql).bind(now).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }

    /// Claim due parcels of an active inbox under the name `claim`: of each recipient only the oldest, and none
    /// while another is under way (a newer one, where this one is retried).
    pub async fn claim_parcels(
        &mut self,
        inbox: &InboxId,
        claim: &str,
        until: Millis,
        now: Millis,
        limit: i64,
    ) -> Result<Vec<ClaimedParcel>> {
        macro_rules! claim {
            ($lock:literal) => {
                concat!(
                    "UPDATE outbox SET state = 'sending', claim = $2, claimed_until = $3, attempts = attempts + 1,",
                    " tried_at = COALESCE(tried_at, $4) WHERE id IN (",
                    "SELECT o.id FROM outbox o JOIN inboxes b ON b.id = o.inbox_id",
                    " WHERE o.inbox_id = $1 AND o.state = 'queued' AND o.not_before <= $4 AND b.state = 'active'",
                    " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.identity_id = o.identity_id AND e.state IN ('queued', 'sending')",
                    " AND (e.position < o.position OR e.state = 'sending')) ORDER BY o.position LIMIT $5",
                    $lock,
                    ") RETURNING id"
                )
            };
        }
        let sqlite = claim!("");
        let postgres = claim!(" FOR UPDATE OF o SKIP LOCKED");
        let inbox = inbox.as_str();
        let ids: Vec<(String,)> = match self.written().await? {
            crate::db::Engined::Sqlite(db) => {
                sqlx::query_as(sqlite).bind(inbox).bind(claim).bind(until).bind(now).bind(limit).fetch_all(db).await?
            }
            crate::db::Engined::Postgres(db) => {
                sqlx::query_as(postgres).bind(inbox).bind(claim).bind(until).bind(now).bind(limit).fetch_all(db).await?
            }
        };
        let mut claimed = read_many!(self, Placed, CLAIMED, &ids, query, (id,) => query.bind(id));
        claimed.sort_by_key(|one| one.position);
        Ok(claimed.into_iter().map(|one| ClaimedParcel { claimed_at: now, ..one.parcel }).collect())
    }

    /// When the next queued parcel of an active inbox is due; `None` when nothing waits.
    pub async fn next_due(&mut self) -> Result<Option<Millis>> {
        let sql = concat!(
            "SELECT o.not_before FROM outbox o JOIN inboxes b ON b.id = o.inbox_id",
            " WHERE o.state = 'queued' AND b.state = 'active' ORDER BY o.not_before LIMIT 1"
        );
        let due: Option<(i64,)> = after!(self, db => sqlx::query_as(sql).fetch_optional(db).await)?;
        Ok(due.map(|(due,)| due))
    }
}
