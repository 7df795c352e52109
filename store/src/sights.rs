//! Which events were seen before: platforms deliver some of them twice.
//!
//! A customer's message is known by what its platform calls it, as long as its thread is kept, so an embedded database
//! writes nothing more for it: nobody else can be storing a copy meanwhile. Everything else, and everything on
//! PostgreSQL, is known by its key, for as long as calls are kept.

use crate::macros::aside_touched;
use crate::many::{Many, read_many, write_many};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::InboxId;
use std::collections::HashSet;

/// An event, by what it shares with its copies and with nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub inbox: &'a InboxId,
    pub key: &'a str,
    /// Of a customer's message, which stays in its thread by its platform's id.
    pub message: Option<Stands<'a>>,
}

/// Where a customer's message stands. Without the platform's instant it would not be told from one that got the id of
/// another, long ago and from another account of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stands<'a> {
    pub address: &'a str,
    pub platform_id: &'a str,
    pub at: Option<Millis>,
}

static SEEN: Many =
    Many::new("SELECT s.inbox_id, s.key FROM", 2, "AS v JOIN seen_events s ON s.inbox_id = v.column1 AND s.key = v.column2");

/// In this order of tables, whatever a planner thinks.
static STANDING: Many = Many::new(
    "SELECT v.column1, v.column2, v.column3, m.platform_at FROM",
    3,
    concat!(
        "AS v CROSS JOIN identities i CROSS JOIN platform_messages p CROSS JOIN messages m",
        " WHERE i.inbox_id = v.column1 AND i.address = v.column2 AND p.identity_id = i.id AND p.platform_id = v.column3",
        " AND m.id = p.message_id"
    ),
);

static SIGHT: Many = Many::insert("INSERT INTO seen_events (inbox_id, key, at)", 3, "");

static SIGHT_IF_FIRST: Many = Many::insert(
    "INSERT INTO seen_events (inbox_id, key, at)",
    3,
    "ON CONFLICT (inbox_id, key) DO NOTHING RETURNING inbox_id, key",
);

impl Conn {
    /// Note events as understood. Answers for each whether it is new, in the same order: the others are redeliveries.
    /// Messages of customers are noted by whoever appends them.
    pub async fn first_sights(&mut self, sights: &[Sight<'_>], now: Millis) -> Result<Vec<bool>> {
        let mut met = HashSet::new();
        let first: Vec<bool> = sights.iter().map(|sight| met.insert((sight.inbox.as_str(), sight.key))).collect();
        let once = || sights.iter().zip(&first).filter(|(_, first)| **first).map(|(sight, _)| sight);
        let known: HashSet<(String, String)> = if self.is_embedded() {
            let by_key: Vec<&Sight<'_>> = once().filter(|sight| sight.message.is_none()).collect();
            let standing: Vec<(&Sight<'_>, Stands<'_>)> = once().filter_map(|sight| Some((sight, sight.message?))).collect();
            let mut known = self.seen_before(&by_key, now).await?;
            known.extend(self.standing_already(&standing).await?);
            known
        } else {
            let all: Vec<&Sight<'_>> = once().collect();
            let fresh = read_many!(self, (String, String), SIGHT_IF_FIRST, &all, query, sight => {
                query.bind(sight.inbox.as_str()).bind(sight.key).bind(now)
            });
            let fresh: HashSet<(String, String)> = fresh.into_iter().collect();
            all.iter().map(|sight| name(sight)).filter(|name| !fresh.contains(name)).collect()
        };
        Ok(sights.iter().zip(first).map(|(sight, first)| first && !is_in(&known, sight)).collect())
    }

    /// Nobody else writes meanwhile, and redeliveries are few: cheaper than to hear of each that is none.
    async fn seen_before(&mut self, sights: &[&Sight<'_>], now: Millis) -> Result<HashSet<(String, String)>> {
        let seen = read_many!(self, (String, String), SEEN, sights, query, sight => {
            query.bind(sight.inbox.as_str()).bind(sight.key)
        });
        let seen: HashSet<(String, String)> = seen.into_iter().collect();
        let fresh: Vec<&&Sight<'_>> = sights.iter().filter(|sight| !is_in(&seen, sight)).collect();
        write_many!(self, SIGHT, &fresh, query, sight => query.bind(sight.inbox.as_str()).bind(sight.key).bind(now));
        Ok(seen)
    }

    async fn standing_already(&mut self, sights: &[(&Sight<'_>, Stands<'_>)]) -> Result<HashSet<(String, String)>> {
        let rows = read_many!(self, (String, String, String, Option<Millis>), STANDING, sights, query, (sight, message) => {
            query.bind(sight.inbox.as_str()).bind(message.address).bind(message.platform_id)
        });
        let rows: HashSet<(String, String, String, Option<Millis>)> = rows.into_iter().collect();
        let stands = |sight: &Sight<'_>, message: &Stands<'_>| {
            rows.contains(&(sight.inbox.0.clone(), message.address.into(), message.platform_id.into(), message.at))
        };
        let known = sights.iter().filter(|(sight, message)| !rows.is_empty() && stands(sight, message));
        Ok(known.map(|(sight, _)| name(sight)).collect())
    }

    /// Forget which events were understood before `before`, at most `limit` at once: no platform
    /// redelivers after so long. Answers how many.
    pub async fn prune_seen_events(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = concat!(
            "DELETE FROM seen_events WHERE at < $1 AND (inbox_id, key) IN",
            " (SELECT inbox_id, key FROM seen_events WHERE at < $1 ORDER BY at LIMIT $2)"
        );
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }
}

fn is_in(known: &HashSet<(String, String)>, sight: &Sight<'_>) -> bool {
    !known.is_empty() && known.contains(&name(sight))
}

fn name(sight: &Sight<'_>) -> (String, String) {
    (sight.inbox.0.clone(), sight.key.to_owned())
}
