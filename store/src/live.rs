//! What just happened, for every open console. An event names what changed;
//! whoever reads it loads the thing as it stands, so replays are harmless.

use crate::macros::{aside, aside_touched};
use crate::many::{Many, write_many};
use crate::{Conn, Result, Tx};
use onethread_core::Millis;
use sqlx::types::Json;
use std::borrow::Cow;
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

    fn word(&self) -> Word<'_> {
        let (kind, subject, thread) = self.row();
        (kind.into(), subject.into(), thread.map(Cow::from))
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

/// What a row remembers of an event: its kind, its subject and its thread.
type Word<'a> = (Cow<'a, str>, Cow<'a, str>, Option<Cow<'a, str>>);

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    last: LiveEvent,
    told: Option<Json<Vec<Word<'static>>>>,
}

impl Row {
    /// Its events, numbered up to its own id.
    fn events(self) -> Vec<LiveEvent> {
        let Self { last, told } = self;
        let Some(Json(words)) = told else { return vec![last] };
        let first = last.id + 1 - i64::try_from(words.len()).unwrap_or(0);
        let event = |(id, (kind, subject, thread)): (i64, Word<'_>)| LiveEvent {
            id,
            kind: kind.into_owned(),
            subject: subject.into_owned(),
            thread_id: thread.map(Cow::into_owned),
            at: last.at,
        };
        (first..).zip(words).map(event).collect()
    }
}

/// Rows of an embedded database that are read at once: each may hold hundreds of events.
const ROWS_MOST: i64 = 8;

static RECORD: Many = Many::insert("INSERT INTO live_events (id, kind, subject, thread_id, at)", 5, "");

impl Conn {
    pub(crate) async fn record_told(&mut self, events: &[Told], now: Millis) -> Result<()> {
        let Some(last) = events.last() else { return Ok(()) };
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let id = self.count("live", count).await?;
        if !self.is_embedded() {
            // A process of the version before, which knows of one event a row only, may run beside this one.
            let rows: Vec<(i64, &Told)> = (id - count + 1..).zip(events).collect();
            write_many!(self, RECORD, &rows, query, (id, event) => {
                let (kind, subject, thread) = event.row();
                query.bind(id).bind(kind).bind(subject).bind(thread).bind(now)
            });
            return Ok(());
        }
        // A row for each would be much of what a message writes.
        let (kind, subject, thread) = last.row();
        let words: Option<Json<Vec<Word<'_>>>> = (events.len() > 1).then(|| Json(events.iter().map(Told::word).collect()));
        let sql = "INSERT INTO live_events (id, kind, subject, thread_id, at, told) VALUES ($1, $2, $3, $4, $5, $6)";
        aside_touched!(self, db => sqlx::query(sql)
            .bind(id).bind(kind).bind(subject).bind(thread).bind(now).bind(&words)
            .execute(db).await)?;
        Ok(())
    }

    /// The `limit` oldest events after the cursor at most, oldest first; fewer where more follow, too, but never none.
    pub async fn live_events_after(&mut self, cursor: i64, limit: i64) -> Result<Vec<LiveEvent>> {
        let sql = "SELECT id, kind, subject, thread_id, at, told FROM live_events WHERE id > $1 ORDER BY id LIMIT $2";
        let most = if self.is_embedded() { limit.min(ROWS_MOST) } else { limit };
        let rows: Vec<Row> = aside!(self, db => sqlx::query_as(sql).bind(cursor).bind(most).fetch_all(db).await)?;
        let events = rows.into_iter().flat_map(Row::events).filter(|event| event.id > cursor);
        Ok(events.take(usize::try_from(limit).unwrap_or(0)).collect())
    }

    /// The oldest event that is still kept, or of what a commit told in one row the last (the next one, where none is),
    /// and the newest there was, 0 at the very start. Whoever knows the one before the oldest has missed nothing.
    pub async fn live_span(&mut self) -> Result<(i64, i64)> {
        let sql = "SELECT COALESCE((SELECT MIN(id) FROM live_events), value + 1), value FROM counters WHERE name = 'live'";
        Ok(aside!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }

    /// Forget what was told before `at`, of the oldest `limit` commits at most. Answers of how many.
    pub async fn prune_live_events(&mut self, before: Millis, limit: i64) -> Result<u64> {
        let sql = "DELETE FROM live_events WHERE at < $1 AND id IN (SELECT id FROM live_events ORDER BY id LIMIT $2)";
        Ok(aside_touched!(self, db => sqlx::query(sql).bind(before).bind(limit).execute(db).await)?)
    }
}
