//! What just happened, for every open console. An event names what changed;
//! whoever reads it loads the thing as it stands, so replays are harmless.

use crate::macros::{aside, aside_touched};
use crate::many::{Many, write_many};
use crate::{Conn, Result, Tx};
use onethread_core::Millis;
use std::collections::HashSet;

/// What consoles are told after a commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Told {
    Message {
        thread: String,
        message: String,
    },
    Thread {
        thread: String,
    },
    /// The order of a thread's messages changed.
    Resequenced {
        thread: String,
    },
    /// The thread was folded into another.
    ThreadGone {
        thread: String,
    },
    Inbox {
        inbox: String,
    },
    Agent {
        agent: String,
    },
}

impl Told {
    fn row(&self) -> (&'static str, &str, Option<&str>) {
        match self {
            Self::Message { thread, message } => ("message", message, Some(thread)),
            Self::Thread { thread } => ("thread", thread, Some(thread)),
            Self::Resequenced { thread } => ("resequenced", thread, Some(thread)),
            Self::ThreadGone { thread } => ("thread_gone", thread, Some(thread)),
            Self::Inbox { inbox } => ("inbox", inbox, None),
            Self::Agent { agent } => ("agent", agent, None),
        }
    }
}

/// One recorded event. `id` is the cursor of the live stream.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LiveEvent {
    pub id: i64,
    pub kind: String,
    pub subject: String,
    pub thread_id: Option<String>,
    pub at: Millis,
}

/// What consoles will be told, each word once, in the order of its first mention.
#[derive(Default)]
pub(crate) struct Words {
    said: HashSet<Told>,
    order: Vec<Told>,
}

impl Words {
    fn say(&mut self, what: Told) {
        if self.said.insert(what.clone()) {
            self.order.push(what);
        }
    }

    pub(crate) fn in_order(self) -> Vec<Told> {
        self.order
    }
}

impl Tx {
    /// Tell the consoles, once this transaction is committed. The same word twice is said once.
    pub fn tell(&mut self, what: Told) {
        self.events.say(what);
    }
}

static RECORD: Many = Many::insert("INSERT INTO live_events (id, kind, subject, thread_id, at)", 5, "");

impl Conn {
    pub(crate) async fn record_told(&mut self, events: &[Told], now: Millis) -> Result<()> {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let first = self.count("live", count).await? - count + 1;
        let rows: Vec<(i64, &Told)> = (first..).zip(events).collect();
        write_many!(self, RECORD, &rows, query, (id, event) => {
            let (kind, subject, thread) = event.row();
            query.bind(id).bind(kind).bind(subject).bind(thread).bind(now)
        });
        Ok(())
    }

    /// Events after the cursor, oldest first.
    pub async fn live_events_after(&mut self, cursor: i64, limit: i64) -> Result<Vec<LiveEvent>> {
        let sql = "SELECT id, kind, subject, thread_id, at FROM live_events WHERE id > $1 ORDER BY id LIMIT $2";
        Ok(aside!(self, db => sqlx::query_as(sql).bind(cursor).bind(limit).fetch_all(db).await)?)
    }

    /// The oldest event that is still kept (the next one, where none is) and the newest there was, 0 at the very start.
    pub async fn live_span(&mut self) -> Result<(i64, i64)> {
        let sql = "SELECT COALESCE((SELECT MIN(id) FROM live_events), value + 1), value FROM counters WHERE name = 'live'";
        Ok(aside!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }

    /// Forget events from before `at`, the oldest `limit` at most. Answers how many.
    pub async fn prune_live_events(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = "DELETE FROM live_events WHERE at < $1 AND id IN (SELECT id FROM live_events ORDER BY id LIMIT $2)";
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }
}
