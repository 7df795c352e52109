//! What just happened, for every open console. An event names what changed;
//! whoever reads it loads the thing as it stands, so replays are harmless.

use crate::macros::{on, touched};
use crate::{Conn, Result, Tx};
use onethread_core::Millis;

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

impl Tx {
    /// Tell the consoles, once this transaction is committed. The same word twice is said once.
    pub fn tell(&mut self, what: Told) {
        if !self.events.contains(&what) {
            self.events.push(what);
        }
    }
}

impl Conn {
    pub(crate) async fn record_told(&mut self, events: &[Told], now: Millis) -> Result<()> {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let first = self.count("live", count).await? - count + 1;
        let sql = "INSERT INTO live_events (id, kind, subject, thread_id, at) VALUES ($1, $2, $3, $4, $5)";
        for (id, event) in (first..).zip(events) {
            let (kind, subject, thread) = event.row();
            touched!(self, db => sqlx::query(sql).bind(id).bind(kind).bind(subject).bind(thread).bind(now).execute(db).await)?;
        }
        Ok(())
    }

    /// Events after the cursor, oldest first.
    pub async fn live_events_after(&mut self, cursor: i64, limit: i64) -> Result<Vec<LiveEvent>> {
        let sql = "SELECT id, kind, subject, thread_id, at FROM live_events WHERE id > $1 ORDER BY id LIMIT $2";
        Ok(on!(self, db => sqlx::query_as(sql).bind(cursor).bind(limit).fetch_all(db).await)?)
    }

    /// The oldest event that is still kept (the next one, where none is) and the newest there was, 0 at the very start.
    pub async fn live_span(&mut self) -> Result<(i64, i64)> {
        let sql = "SELECT COALESCE((SELECT MIN(id) FROM live_events), value + 1), value FROM counters WHERE name = 'live'";
        Ok(on!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }

    /// Forget events from before `at`. Answers how many.
    pub async fn prune_live_events(&mut self, before: Millis) -> Result<u64> {
        let sql = "DELETE FROM live_events WHERE at < $1";
        Ok(touched!(self, db => sqlx::query(sql).bind(before).execute(db).await)?)
    }
}
