//! What platforms tell of our messages after they took them. A message of several parts is as far as
//! the last of them: what is known of each part stands with the platform's id of it.
//!
//! Platforms tell more of replies than customers say, so receipts are seen to together. They are about what was handed
//! over before, so what this transaction holds and has not written yet need not be seen; but for what people sent
//! elsewhere, which comes as sent already.

use crate::many::{Many, read_many, write_many};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, MessageId, ThreadId};
use onethread_core::message::Status;
use std::collections::{BTreeMap, HashMap, HashSet};

/// This part of a message of ours arrived or was read (`to`).
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    pub identity: &'a IdentityId,
    pub platform_id: &'a str,
    pub to: Status,
}

/// The same of every part that was handed over to the identity until then.
#[derive(Debug, Clone, Copy)]
pub struct ReceiptUntil<'a> {
    pub identity: &'a IdentityId,
    pub until: Millis,
    pub to: Status,
}

/// A message that is further now, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    pub message: MessageId,
    pub thread: ThreadId,
}

/// Whether the row of a message, or of a part, may move to `v.column3`.
macro_rules! moves {
    ($row:literal) => {
        concat!("(", $row, ".status = 'sent' OR ", $row, ".status = 'delivered' AND v.column3 = 'read')")
    };
}

/// Raise those of `messages` of which no part is missing to the least of their parts, or to `$most` where they have none.
macro_rules! raise_messages {
    ($most:literal) => {
        concat!(
            "UPDATE messages SET error = NULL, status = CASE WHEN EXISTS (SELECT 1 FROM platform_messages p",
            " WHERE p.message_id = messages.id AND p.status = 'delivered') THEN 'delivered' ELSE ",
            $most,
            " END FROM"
        )
    };
}

macro_rules! none_is_missing {
    () => {
        concat!(
            " AND (messages.status <> 'delivered' OR v.column3 = 'read' AND NOT EXISTS (SELECT 1 FROM platform_messages p",
            " WHERE p.message_id = messages.id AND p.status = 'delivered'))",
            " AND NOT EXISTS (SELECT 1 FROM platform_messages p WHERE p.message_id = messages.id AND p.status = 'sent')",
            " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = messages.id AND o.state <> 'sent')",
            " RETURNING messages.id, messages.thread_id"
        )
    };
}

static PARTS: Many = Many::new(
    "UPDATE platform_messages SET status = v.column3 FROM",
    3,
    concat!(
        "AS v WHERE platform_messages.identity_id = v.column1 AND platform_messages.platform_id = v.column2 AND ",
        moves!("platform_messages")
    ),
);

static MESSAGES: Many = Many::new(
    raise_messages!("'read'"),
    3,
    concat!(
        "AS v JOIN platform_messages q ON q.identity_id = v.column1 AND q.platform_id = v.column2 WHERE messages.id = q.message_id",
        " AND messages.status IN ('queued', 'sent', 'uncertain', 'delivered')",
        // A part that went on an agent's word alone has no id that a receipt could name.
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = messages.id AND o.platform_id IS NULL)",
        none_is_missing!()
    ),
);

/// What may move. A thread is read from its end, and no further back than ten messages before the newest that is as far
/// already: older ones are, too, but for what was sent again late. In this order of tables, whatever a planner thinks.
static UNTIL: Many = Many::new(
    "SELECT v.column1, m.id FROM",
    3,
    concat!(
        "AS v CROSS JOIN identities w CROSS JOIN threads h CROSS JOIN messages m",
        " WHERE w.id = v.column1 AND h.customer_id = w.customer_id AND m.thread_id = h.id",
        " AND m.seq > (SELECT COALESCE((SELECT n.seq FROM messages n WHERE n.thread_id = h.id AND n.identity_id = v.column1",
        " AND (n.status = 'read' OR n.status = v.column3) ORDER BY n.seq DESC LIMIT 1), 0) - 10)",
        " AND m.identity_id = v.column1 AND m.created_at <= v.column2 AND m.status IN ('queued', 'sent', 'uncertain', 'delivered')"
    ),
);

static PARTS_UNTIL: Many = Many::new(
    "UPDATE platform_messages SET status = v.column3 FROM",
    4,
    concat!(
        "AS v WHERE platform_messages.message_id = v.column1 AND platform_messages.identity_id = v.column2",
        " AND COALESCE(platform_messages.handed_at, v.column4) <= v.column4 AND ",
        moves!("platform_messages")
    ),
);

static MESSAGES_UNTIL: Many = Many::new(
    raise_messages!("v.column3"),
    3,
    concat!("AS v WHERE messages.id = v.column1 AND messages.status IN ('sent', 'delivered')", none_is_missing!()),
);

static NAMED: Many = Many::new(
    "SELECT i.inbox_id, i.address, i.id FROM",
    2,
    "AS v JOIN identities i ON i.inbox_id = v.column1 AND i.address = v.column2",
);

static KNOWN: Many = Many::new(
    "SELECT p.identity_id, p.platform_id FROM",
    2,
    "AS v JOIN platform_messages p ON p.identity_id = v.column1 AND p.platform_id = v.column2",
);

static SENDING: Many = Many::new(
    "SELECT o.identity_id FROM",
    1,
    "AS v JOIN outbox o ON o.identity_id = v.column1 AND o.state IN ('queued', 'sending') AND o.state = 'sending'",
);

impl Conn {
    /// Receipts of single parts. A message moves with the last of its parts, and never backwards. Answers which moved.
    pub async fn raise_statuses(&mut self, receipts: &[Receipt<'_>]) -> Result<Vec<Moved>> {
        self.write_what_is_sent().await?;
        // Of two for one part the further.
        let mut furthest: BTreeMap<(&str, &str), Status> = BTreeMap::new();
        for receipt in receipts {
            let to = furthest.entry((receipt.identity.as_str(), receipt.platform_id)).or_insert(receipt.to);
            if receipt.to == Status::Read {
                *to = Status::Read;
            }
        }
        let rows: Vec<((&str, &str), Status)> = furthest.into_iter().collect();
        write_many!(self, PARTS, &rows, query, ((identity, platform_id), to) => {
            query.bind(*identity).bind(*platform_id).bind(to.as_str())
        });
        let moved = read_many!(self, (String, String), MESSAGES, &rows, query, ((identity, platform_id), to) => {
            query.bind(*identity).bind(*platform_id).bind(to.as_str())
        });
        Ok(moved.into_iter().map(Moved::from).collect())
    }

    /// Receipts of all until an instant.
    pub async fn raise_statuses_until(&mut self, receipts: &[ReceiptUntil<'_>]) -> Result<Vec<Moved>> {
        self.write_what_is_sent().await?;
        let mut moved = Vec::new();
        for to in [Status::Delivered, Status::Read] {
            let mut latest: BTreeMap<&str, Millis> = BTreeMap::new();
            for receipt in receipts.iter().filter(|receipt| receipt.to == to) {
                let until = latest.entry(receipt.identity.as_str()).or_insert(receipt.until);
                *until = receipt.until.max(*until);
            }
            let people: Vec<(&str, Millis)> = latest.iter().map(|(identity, until)| (*identity, *until)).collect();
            let messages = read_many!(self, (String, String), UNTIL, &people, query, (identity, until) => {
                query.bind(*identity).bind(*until).bind(to.as_str())
            });
            write_many!(self, PARTS_UNTIL, &messages, query, (identity, message) => {
                let until = latest.get(identity.as_str());
                query.bind(message).bind(identity).bind(to.as_str()).bind(until)
            });
            moved.extend(read_many!(self, (String, String), MESSAGES_UNTIL, &messages, query, (identity, message) => {
                query.bind(message).bind(identity).bind(to.as_str())
            }));
        }
        Ok(moved.into_iter().map(Moved::from).collect())
    }

    /// The identities at these inboxes and addresses; who is not known is left out.
    pub async fn identities_named(&mut self, places: &[(&str, &str)]) -> Result<HashMap<(String, String), IdentityId>> {
        let rows = read_many!(self, (String, String, String), NAMED, places, query, (inbox, address) => {
            query.bind(*inbox).bind(*address)
        });
        Ok(rows.into_iter().map(|(inbox, address, id)| ((inbox, address), id.into())).collect())
    }

    /// Those of the platforms' ids that mean a message on their identity.
    pub async fn platform_ids_known(&mut self, ids: &[(&str, &str)]) -> Result<HashSet<(String, String)>> {
        self.write_what_is_sent().await?;
        let rows = read_many!(self, (String, String), KNOWN, ids, query, (identity, platform_id) => {
            query.bind(*identity).bind(*platform_id)
        });
        Ok(rows.into_iter().collect())
    }

    /// Those of the people to whom something is being handed over now.
    pub async fn being_sent_to(&mut self, identities: &[&str]) -> Result<HashSet<String>> {
        let rows = read_many!(self, (String,), SENDING, identities, query, identity => query.bind(*identity));
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    async fn write_what_is_sent(&mut self) -> Result<()> {
        if self.held.holds_what_is_sent() {
            self.written().await?;
        }
        Ok(())
    }
}

impl From<(String, String)> for Moved {
    fn from((message, thread): (String, String)) -> Self {
        Self { message: message.into(), thread: thread.into() }
    }
}
