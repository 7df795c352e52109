//! What a transaction holds in its hands. To take in many customers' events
//! one statement at a time costs a crossing to the database for each. Here the
//! rows of all of them are loaded at once ([`Tx::hold`]), changed in memory,
//! and written at once: before the commit, or before any statement that could
//! see them ([`Conn::written`]). One that could change them also lets go of
//! them ([`Conn::settled`]), and whoever is needed after it is loaded again.
//!
//! Nothing is decided here, and nothing of it is seen from outside: the
//! functions of threads, customers and messages use what is held where they
//! find it, and answer as they would have without.

mod write;

use crate::customers::IdentityRow;
use crate::many::{Many, read_many};
use crate::messages::{NewMessage, preview};
use crate::threads::ThreadRow;
use crate::waiting::Known;
use crate::{Conn, Result, Tx};
use onethread_core::Millis;
use onethread_core::channel::Sender;
use onethread_core::ids::{CustomerId, IdentityId, InboxId, ThreadId};
use onethread_core::message::{Content, Status};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Ordered, where the order of writing is the order of locking.
#[derive(Default)]
pub(crate) struct Held {
    identities: BTreeMap<String, HeldIdentity>,
    /// By inbox and address.
    addresses: HashMap<(String, String), String>,
    threads: BTreeMap<String, HeldThread>,
    /// The thread of each customer.
    owners: HashMap<String, String>,
    messages: Vec<HeldMessage>,
    message_places: HashMap<String, usize>,
    links: Vec<Link>,
    linked: HashMap<(String, String), String>,
}

struct HeldIdentity {
    row: IdentityRow,
    changed: bool,
}

struct HeldThread {
    row: ThreadRow,
    /// `born_seq` of the newest message; 0 where there is none.
    last_born: i64,
    changed: bool,
}

struct HeldMessage {
    message: NewMessage,
    thread: String,
    seq: i64,
    born_seq: i64,
    at: Millis,
    intent: Option<serde_json::Value>,
}

struct Link {
    identity: String,
    platform_id: String,
    message: String,
}

impl Held {
    pub(crate) fn holds_any(&self) -> bool {
        !self.identities.is_empty()
    }

    /// Whether a message is not written yet that has gone already, by whoever sent it elsewhere.
    pub(crate) fn holds_what_is_sent(&self) -> bool {
        self.messages.iter().any(|held| !matches!(held.message.status, Status::Received | Status::Queued))
    }

    /// All of it is written: people and threads are as the database has them.
    fn is_written(&mut self) {
        self.messages.clear();
        self.message_places.clear();
        self.links.clear();
        self.linked.clear();
        for held in self.identities.values_mut() {
            held.changed = false;
        }
        for held in self.threads.values_mut() {
            held.changed = false;
        }
    }

    pub(crate) fn identity_at(&self, inbox: &str, address: &str) -> Option<&IdentityRow> {
        let id = self.addresses.get(&(inbox.to_owned(), address.to_owned()))?;
        self.identity(id)
    }

    pub(crate) fn identity(&self, id: &str) -> Option<&IdentityRow> {
        self.identities.get(id).map(|held| &held.row)
    }

    /// The row, about to be changed.
    pub(crate) fn identity_mut(&mut self, id: &str) -> Option<&mut IdentityRow> {
        let held = self.identities.get_mut(id)?;
        held.changed = true;
        Some(&mut held.row)
    }

    pub(crate) fn thread(&self, id: &str) -> Option<&ThreadRow> {
        self.threads.get(id).map(|held| &held.row)
    }

    /// The row, about to be changed.
    pub(crate) fn thread_mut(&mut self, id: &str) -> Option<&mut ThreadRow> {
        let held = self.threads.get_mut(id)?;
        held.changed = true;
        Some(&mut held.row)
    }

    pub(crate) fn thread_of(&self, customer: &str) -> Option<&ThreadRow> {
        self.thread(self.owners.get(customer)?)
    }

    /// Append as [`Conn::append`] does. `None`: the thread is not held.
    pub(crate) fn append(&mut self, thread: &ThreadId, message: &NewMessage, now: Millis) -> Option<i64> {
        let held = self.threads.get_mut(thread.as_str())?;
        held.changed = true;
        let row = &mut held.row;
        row.last_seq += 1;
        row.last_activity_at = row.last_activity_at.max(now);
        let (seq, at) = (row.last_seq, row.last_activity_at);
        if let Some(preview) = preview(message, at) {
            row.last_message = Some(Json(preview));
        }
        held.last_born = (held.last_born + 1).max(seq);
        self.message_places.insert(message.id.0.clone(), self.messages.len());
        let (message, thread) = (message.clone(), thread.0.clone());
        self.messages.push(HeldMessage { message, thread, seq, born_seq: held.last_born, at, intent: None });
        Some(seq)
    }

    /// What the bot understood, on a message that is not written yet. Of another it is given back.
    pub(crate) fn set_intent(&mut self, message: &str, intent: serde_json::Value) -> Option<serde_json::Value> {
        let Some(place) = self.message_places.get(message) else { return Some(intent) };
        self.messages[*place].intent = Some(intent);
        None
    }

    /// The thread and the content of a message that is not written yet.
    pub(crate) fn message(&self, message: &str) -> Option<(&ThreadRow, &Content)> {
        let held = &self.messages[*self.message_places.get(message)?];
        Some((self.thread(&held.thread)?, &held.message.content))
    }

    /// Remember a platform's id, with the identity held. `None`: it is not.
    pub(crate) fn link(&mut self, identity: &str, platform_id: &str, message: &str) -> Option<()> {
        self.identities.get(identity)?;
        let key = (identity.to_owned(), platform_id.to_owned());
        if let std::collections::hash_map::Entry::Vacant(free) = self.linked.entry(key) {
            free.insert(message.to_owned());
            let (identity, platform_id, message) = (identity.to_owned(), platform_id.to_owned(), message.to_owned());
            self.links.push(Link { identity, platform_id, message });
        }
        Some(())
    }

    /// The messages of people that became known here.
    fn known(&self) -> Vec<Known> {
        let known = |link: &Link| {
            let row = self.identity(&link.identity)?;
            let (inbox, address) = (row.inbox_id.clone(), row.address.clone());
            Some(Known { inbox, address, platform_id: link.platform_id.clone() })
        };
        self.links.iter().filter_map(known).collect()
    }

    /// The message that a platform's id means, among those linked here.
    pub(crate) fn linked(&self, identity: &str, platform_id: &str) -> Option<&str> {
        self.linked.get(&(identity.to_owned(), platform_id.to_owned())).map(String::as_str)
    }

    fn take_up(&mut self, row: IdentityRow) {
        self.addresses.insert((row.inbox_id.clone(), row.address.clone()), row.id.clone());
        self.identities.insert(row.id.clone(), HeldIdentity { row, changed: false });
    }
}

/// Somebody an event is from.
pub struct Writer<'a> {
    pub inbox: &'a InboxId,
    pub channel: &'a str,
    pub sender: &'a Sender,
}

#[derive(sqlx::FromRow)]
struct ThreadAndBorn {
    #[sqlx(flatten)]
    row: ThreadRow,
    last_born: Option<i64>,
}

static IDENTITIES: Many = Many::new(
    concat!(
        "SELECT i.id, i.inbox_id, i.address, i.customer_id, i.name, i.language, i.verified_phone, i.blocked_at,",
        " i.last_interaction_at, i.wrong_tails, i.lookups_locked_until, i.created_at,",
        // Joined, PostgreSQL may look up whoever is in the inbox rather than who has the address.
        " (SELECT b.channel FROM inboxes b WHERE b.id = i.inbox_id) AS channel,",
        " (SELECT b.name FROM inboxes b WHERE b.id = i.inbox_id) AS inbox_name",
        // A pair `IN` a list would read every identity there is.
        " FROM"
    ),
    2,
    "AS v JOIN identities i ON i.inbox_id = v.column1 AND i.address = v.column2",
);

static THREADS: Many = Many::new(
    concat!(
        "SELECT t.id, t.customer_id, c.name AS customer_name, t.status, t.assignee_id, COALESCE(a.name, k.name) AS assignee_name,",
        " t.lease_number, t.waiting_since, t.handoff_reason, t.bot_context, t.last_seq, t.unread, t.last_message,",
        " t.last_identity_id, t.channels, t.language, t.folded, t.last_activity_at, t.created_at,",
        " (SELECT p.born_seq FROM messages p WHERE p.thread_id = t.id AND p.seq = t.last_seq) AS last_born",
        " FROM threads t JOIN customers c ON c.id = t.customer_id LEFT JOIN agents a ON a.id = t.assignee_id",
        " LEFT JOIN tokens k ON k.id = t.assignee_id WHERE t.customer_id IN"
    ),
    1,
    "",
);

/// Always in this order, so that two who lock many never wait for each other.
static LOCK: Many = Many::new("SELECT id FROM threads WHERE customer_id IN", 1, "ORDER BY customer_id FOR UPDATE");

impl Tx {
    /// Take up whoever these are, with their threads, and make those who are not known yet. What is held
    /// already is written first. However many first messages race elsewhere, one customer comes out.
    pub async fn hold(&mut self, writers: &[Writer<'_>], now: Millis) -> Result<()> {
        self.settled().await?;
        let mut seen = HashSet::new();
        let writers: Vec<&Writer<'_>> =
            writers.iter().filter(|writer| seen.insert((writer.inbox.as_str(), writer.sender.user.as_str()))).collect();
        let mut rows = self.identities_at(&writers).await?;
        let known: HashSet<(&str, &str)> = rows.iter().map(|row| (row.inbox_id.as_str(), row.address.as_str())).collect();
        let strangers: Vec<&Writer<'_>> = writers
            .iter()
            .filter(|writer| !known.contains(&(writer.inbox.as_str(), writer.sender.user.as_str())))
            .copied()
            .collect();
        let newcomers = self.welcome(&strangers, now).await?;
        let mut customers: BTreeSet<String> = rows.iter().map(|row| row.customer_id.clone()).collect();
        if !self.is_embedded() {
            let customers: Vec<&String> = customers.iter().collect();
            read_many!(self, (String,), LOCK, &customers, query, customer => query.bind(*customer));
        }
        if !newcomers.is_empty() || !self.is_embedded() {
            // Read again: a merge may have moved an identity while its thread was waited for.
            rows = self.identities_at(&writers).await?;
            customers.extend(rows.iter().filter(|row| newcomers.contains(&row.id)).map(|row| row.customer_id.clone()));
        }
        self.take_up_threads_of(&customers).await?;
        // Whoever was moved or made elsewhere meanwhile is not held: their thread is not locked.
        for row in rows.into_iter().filter(|row| customers.contains(&row.customer_id)) {
            self.held.take_up(row);
        }
        self.conn.newcomers.extend(newcomers);
        Ok(())
    }

    /// The thread of whoever writes there, where it is held.
    #[must_use]
    pub fn thread_at_hand(&self, inbox: &InboxId, address: &str) -> Option<&ThreadRow> {
        self.held.thread_of(&self.held.identity_at(inbox.as_str(), address)?.customer_id)
    }

    /// Whether anything is held: a statement in between may have let go of all.
    #[must_use]
    pub fn holds_any(&self) -> bool {
        self.held.holds_any()
    }

    async fn identities_at(&mut self, writers: &[&Writer<'_>]) -> Result<Vec<IdentityRow>> {
        Ok(read_many!(self, IdentityRow, IDENTITIES, writers, query, writer => {
            query.bind(writer.inbox.as_str()).bind(writer.sender.user.as_str())
        }))
    }

    async fn take_up_threads_of(&mut self, customers: &BTreeSet<String>) -> Result<()> {
        let customers: Vec<&String> = customers.iter().collect();
        let threads = read_many!(self, ThreadAndBorn, THREADS, &customers, query, customer => query.bind(*customer));
        for ThreadAndBorn { row, last_born } in threads {
            self.held.owners.insert(row.customer_id.clone(), row.id.clone());
            let held = HeldThread { last_born: last_born.unwrap_or(0), changed: false, row };
            self.held.threads.insert(held.row.id.clone(), held);
        }
        Ok(())
    }

    /// Make an identity, a customer and a thread for each. Answers the identities that are really new:
    /// of somebody who was made elsewhere meanwhile nothing stays.
    async fn welcome(&mut self, strangers: &[&Writer<'_>], now: Millis) -> Result<HashSet<String>> {
        let made = |writer: &&'_ Writer<'_>| Newborn {
            customer: CustomerId::fresh(now).0,
            thread: ThreadId::fresh(now).0,
            identity: IdentityId::fresh(now).0,
            inbox: writer.inbox.0.clone(),
            channel: writer.channel.to_owned(),
            sender: writer.sender.clone(),
        };
        let newborn: Vec<Newborn> = strangers.iter().map(made).collect();
        let there = self.write_newborn(&newborn, now).await?;
        for lost in newborn.iter().filter(|newborn| !there.contains(&newborn.identity)) {
            self.forget_newborn(&lost.customer.as_str().into(), &lost.thread.as_str().into()).await?;
        }
        Ok(there)
    }
}

/// Somebody new, about to be written.
struct Newborn {
    customer: String,
    thread: String,
    identity: String,
    inbox: String,
    channel: String,
    sender: Sender,
}

impl Conn {
    pub(crate) fn is_embedded(&mut self) -> bool {
        matches!(self.engined(), crate::db::Engined::Sqlite(_))
    }
}
