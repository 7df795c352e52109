//! Events that came before the message they are about. Nothing of them is
//! understood yet: when their message comes, the calls that brought them are
//! put back in line and read once more.

use crate::macros::{after, aside, aside_touched};
use crate::many::{Many, read_many, write_many};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::InboxId;
use std::collections::BTreeSet;

/// An event that waits for a message.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    pub inbox: &'a InboxId,
    pub address: &'a str,
    /// The platform's id of the message. Empty: the end of whatever is being handed over to the address, for a
    /// receipt of all until an instant, and for an echo that names no message.
    pub platform_id: &'a str,
    /// The call that brought it.
    pub position: i64,
    pub key: &'a str,
}

/// What became known: a platform's id of a message, from or to an address on an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Known {
    pub inbox: String,
    pub address: String,
    pub platform_id: String,
}

fn awaited(inbox: &str, address: &str, platform_id: &str) -> String {
    // No platform has line breaks in its ids; where one did, a call would be read once too often.
    format!("{inbox}\n{address}\n{platform_id}")
}

/// The address and the id that the row of an inbox waits for.
fn parts_of<'a>(awaited: &'a str, inbox: &str) -> Option<(&'a str, &'a str)> {
    awaited.strip_prefix(inbox)?.strip_prefix('\n')?.split_once('\n')
}

static RELEASE: Many = Many::new("DELETE FROM waiting_events WHERE awaited IN", 1, "RETURNING inbox_id, key, position");

static REOPEN: Many = Many::new("UPDATE ledger SET state = 'new' WHERE state = 'done' AND position IN", 1, "");

/// Whether the message is known by that id.
const IS_KNOWN: &str = concat!(
    "SELECT COUNT(*) FROM platform_messages p JOIN identities i ON i.id = p.identity_id",
    " WHERE i.inbox_id = $1 AND i.address = $2 AND p.platform_id = $3"
);

/// Whether no delivery to the address is open. There is none to an id that is empty, which is the last parameter.
const NOTHING_OPEN: &str = concat!(
    "SELECT COUNT(*) FROM identities i WHERE i.inbox_id = $1 AND i.address = $2 AND $3 = '' AND NOT EXISTS",
    " (SELECT 1 FROM outbox o WHERE o.identity_id = i.id AND o.state IN ('queued', 'sending'))"
);

impl Conn {
    pub async fn let_wait(&mut self, event: &Waiting<'_>, now: Millis) -> Result<()> {
        let sql = concat!(
            "INSERT INTO waiting_events (awaited, position, inbox_id, key, at) VALUES ($1, $2, $3, $4, $5)",
            " ON CONFLICT (awaited, key) DO NOTHING"
        );
        let awaited = awaited(event.inbox.as_str(), event.address, event.platform_id);
        self.waits = Some(true);
        aside_touched!(self, db => sqlx::query(sql)
            .bind(&awaited).bind(event.position).bind(event.inbox.as_str()).bind(event.key).bind(now)
            .execute(db).await)?;
        Ok(())
    }

    /// These messages are known now: the calls of whatever waited for them are open again. Answers how many.
    pub async fn release_waiting(&mut self, known: &[Known]) -> Result<usize> {
        if known.is_empty() || !self.anything_waits().await? {
            return Ok(0);
        }
        let rows = read_many!(self, (String, String, i64), RELEASE, known, query, one => {
            query.bind(awaited(&one.inbox, &one.address, &one.platform_id))
        });
        for (inbox, key, _) in &rows {
            let sql = "DELETE FROM seen_events WHERE inbox_id = $1 AND key = $2";
            aside_touched!(self, db => sqlx::query(sql).bind(inbox).bind(key).execute(db).await)?;
        }
        let calls: BTreeSet<i64> = rows.iter().map(|(_, _, position)| *position).collect();
        let calls: Vec<i64> = calls.into_iter().collect();
        write_many!(self, REOPEN, &calls, query, position => query.bind(*position));
        Ok(calls.len())
    }

    /// Where several transactions write at once, one may begin to wait while another, which cannot see that yet, makes
    /// known what it waits for. Of the 200 that began to wait last, and since `since`, this releases those whose message
    /// is known by now, and those for the end of a delivery when none to that address is open. Answers how many.
    pub async fn release_missed(&mut self, since: Millis) -> Result<usize> {
        let sql = "SELECT inbox_id, awaited FROM waiting_events WHERE at >= $1 ORDER BY at DESC LIMIT 200";
        let rows: Vec<(String, String)> = aside!(self, db => sqlx::query_as(sql).bind(since).fetch_all(db).await)?;
        let rows: BTreeSet<(String, String)> = rows.into_iter().collect();
        let mut known = Vec::new();
        for (inbox, awaited) in &rows {
            let Some((address, platform_id)) = parts_of(awaited, inbox) else { continue };
            let sql = if platform_id.is_empty() { NOTHING_OPEN } else { IS_KNOWN };
            let (count,): (i64,) = after!(self, db => {
                sqlx::query_as(sql).bind(inbox).bind(address).bind(platform_id).fetch_one(db).await
            })?;
            if count > 0 {
                known.push(Known { inbox: inbox.clone(), address: address.into(), platform_id: platform_id.into() });
            }
        }
        let released = self.release_waiting(&known).await?;
        self.reopened += released;
        Ok(released)
    }

    /// Nearly always nothing does. In one transaction an embedded database is asked once: nobody else writes meanwhile.
    async fn anything_waits(&mut self) -> Result<bool> {
        if let (Some(waits), true) = (self.waits, self.is_embedded()) {
            return Ok(waits);
        }
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM waiting_events LIMIT 1) AS first";
        let (count,): (i64,) = aside!(self, db => sqlx::query_as(sql).fetch_one(db).await)?;
        self.waits = Some(count > 0);
        Ok(count > 0)
    }

    /// How many events wait.
    pub async fn waiting_count(&mut self) -> Result<i64> {
        let (count,): (i64,) = aside!(self, db => sqlx::query_as("SELECT COUNT(*) FROM waiting_events").fetch_one(db).await)?;
        Ok(count)
    }

    /// Forget events whose message has not come by now, at most `limit` at once. Answers how many.
    pub async fn prune_waiting(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = concat!(
            "DELETE FROM waiting_events WHERE at < $1 AND (awaited, key) IN",
            " (SELECT awaited, key FROM waiting_events WHERE at < $1 ORDER BY at LIMIT $2)"
        );
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }
}
