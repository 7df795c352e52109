//! Which events were seen before: platforms deliver some of them twice.
//!
//! A customer's message is known by what its platform calls it, as long as its thread is kept, so an embedded database
//! writes nothing more for it: nobody else can be storing a copy meanwhile. Everything else that is asked about, and
//! messages on PostgreSQL, are known by their key, for as long as calls are kept.

use crate::macros::aside_touched;
use crate::many::{Many, read_many, write_many};
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::clock::DAY;
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

/// Where a customer's message stands, and the platform's instant of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands<'a> {
    pub address: &'a str,
    pub platform_id: &'a str,
    pub at: Option<Millis>,
}

/// No platform delivers a message again after so long: what has the same id then, or that of something that was said to
/// the customer, is another one, of another account that the inbox had before.
const COPIES_WITHIN: Millis = 7 * DAY;

static SEEN: Many =
    Many::new("SELECT s.inbox_id, s.key FROM", 2, "AS v JOIN seen_events s ON s.inbox_id = v.column1 AND s.key = v.column2");

/// Whether a customer said it, and when. In this order of tables, whatever a planner thinks.
static STANDING: Many = Many::new(
    "SELECT v.column1, v.column2, v.column3, m.author->>'kind' = 'customer', COALESCE(m.platform_at, m.created_at) FROM",
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
        let mut first = vec![true; sights.len()];
        let mut by_key: Vec<usize> = (0..sights.len()).collect();
        if self.is_embedded() {
            by_key = self.look_where_they_stand(sights, &mut first).await?;
        }
        let mut met = HashSet::new();
        by_key.retain(|at| {
            first[*at] = met.insert((sights[*at].inbox.as_str(), sights[*at].key));
            first[*at]
        });
        let keyed: Vec<&Sight<'_>> = by_key.iter().map(|at| &sights[*at]).collect();
        let seen = self.note_keys(&keyed, now).await?;
        for at in by_key {
            let Sight { inbox, key, .. } = sights[at];
            first[at] = seen.is_empty() || !seen.contains(&(inbox.0.clone(), key.to_owned()));
        }
        Ok(first)
    }

    /// Marks the copies of messages that stand already. Answers which of the sights only their key can tell from copies.
    async fn look_where_they_stand(&mut self, sights: &[Sight<'_>], first: &mut [bool]) -> Result<Vec<usize>> {
        let mut met = HashSet::new();
        let (mut by_key, mut looked) = (Vec::new(), Vec::new());
        for (at, sight) in sights.iter().enumerate() {
            match sight.message {
                Some(message) => {
                    let place = (sight.inbox.as_str(), message.address, message.platform_id);
                    first[at] = met.insert(place);
                    if first[at] {
                        looked.push((at, place));
                    }
                }
                None => by_key.push(at),
            }
        }
        let rows = read_many!(self, (String, String, String, bool, Millis), STANDING, &looked, query, (_, place) => {
            query.bind(place.0).bind(place.1).bind(place.2)
        });
        for (inbox, address, platform_id, theirs, stood) in rows {
            let place = (inbox.as_str(), address.as_str(), platform_id.as_str());
            let Some((at, _)) = looked.iter().find(|(_, looked)| *looked == place) else { continue };
            let came = sights[*at].message.and_then(|message| message.at).unwrap_or(stood);
            if theirs && stood.abs_diff(came) <= COPIES_WITHIN.unsigned_abs() {
                first[*at] = false;
            } else {
                by_key.push(*at);
            }
        }
        Ok(by_key)
    }

    /// Answers the keys that were there before.
    async fn note_keys(&mut self, sights: &[&Sight<'_>], now: Millis) -> Result<HashSet<(String, String)>> {
        let name = |sight: &Sight<'_>| (sight.inbox.0.clone(), sight.key.to_owned());
        if !self.is_embedded() {
            let fresh = read_many!(self, (String, String), SIGHT_IF_FIRST, sights, query, sight => {
                query.bind(sight.inbox.as_str()).bind(sight.key).bind(now)
            });
            let fresh: HashSet<(String, String)> = fresh.into_iter().collect();
            return Ok(sights.iter().map(|sight| name(sight)).filter(|name| !fresh.contains(name)).collect());
        }
        // Nobody else writes meanwhile, and redeliveries are few: cheaper than to hear of each that is none.
        let seen = read_many!(self, (String, String), SEEN, sights, query, sight => {
            query.bind(sight.inbox.as_str()).bind(sight.key)
        });
        let seen: HashSet<(String, String)> = seen.into_iter().collect();
        let fresh: Vec<&&Sight<'_>> = sights.iter().filter(|sight| seen.is_empty() || !seen.contains(&name(sight))).collect();
        write_many!(self, SIGHT, &fresh, query, sight => query.bind(sight.inbox.as_str()).bind(sight.key).bind(now));
        Ok(seen)
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
