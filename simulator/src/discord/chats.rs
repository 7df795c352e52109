//! People, their direct channels with the bot, and the messages in them.

use super::{BOT_ID, iso, now};
use dashmap::DashMap;
use dashmap::mapref::one::RefMut;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Messages kept in each channel: what a load test would need to fill the memory, and more than anybody who is
/// away for an hour misses.
const REMEMBERED: usize = 20_000;
/// How long a nonce keeps a second message away.
const NONCE_LIFE: Duration = Duration::from_secs(180);

#[derive(Default)]
pub struct Chats {
    people: DashMap<u64, Person>,
    channels: DashMap<u64, Channel>,
    nonces: Mutex<Nonces>,
}

#[derive(Clone)]
pub struct Person {
    pub id: u64,
    pub channel: u64,
    pub name: String,
    pub blocked: bool,
}

pub struct Channel {
    pub id: u64,
    pub user: u64,
    messages: BTreeMap<u64, Value>,
}

#[derive(Default)]
struct Nonces {
    known: HashMap<String, (u64, u64)>,
    by_age: VecDeque<(Instant, String)>,
}

impl Chats {
    pub fn introduce(&self, user: u64, channel: u64, name: &str) {
        self.people.insert(user, Person { id: user, channel, name: name.to_owned(), blocked: false });
        self.channels.insert(channel, Channel { id: channel, user, messages: BTreeMap::new() });
    }

    pub fn person(&self, user: u64) -> Option<Person> {
        self.people.get(&user).map(|person| person.clone())
    }

    pub fn block(&self, user: u64, blocked: bool) -> Option<()> {
        self.people.get_mut(&user).map(|mut person| person.blocked = blocked)
    }

    pub fn channel(&self, channel: u64) -> Option<RefMut<'_, u64, Channel>> {
        self.channels.get_mut(&channel)
    }

    /// The message that this nonce made a moment ago.
    pub fn made_by(&self, nonce: &str) -> Option<Value> {
        let (channel, message) = *crate::fault::lock(&self.nonces).known.get(nonce)?;
        self.channels.get(&channel)?.messages.get(&message).cloned()
    }

    pub fn keep_nonce(&self, nonce: &str, channel: u64, message: u64) {
        let mut nonces = crate::fault::lock(&self.nonces);
        while nonces.by_age.front().is_some_and(|(made, _)| made.elapsed() > NONCE_LIFE) {
            if let Some((_, old)) = nonces.by_age.pop_front() {
                nonces.known.remove(&old);
            }
        }
        nonces.known.insert(nonce.to_owned(), (channel, message));
        nonces.by_age.push_back((Instant::now(), nonce.to_owned()));
    }
}

impl Person {
    pub fn as_user(&self) -> Value {
        let handle: String = self.name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        json!({"id": self.id.to_string(), "username": format!("{handle}.{}", self.id % 1000), "global_name": self.name,
            "discriminator": "0", "avatar": format!("{:032x}", self.id), "public_flags": 0, "flags": 0,
            "primary_guild": null})
    }
}

/// The bot, as a `User`.
pub fn bot() -> Value {
    json!({"id": BOT_ID, "username": "onethread-demo", "global_name": null, "discriminator": "0", "avatar": null, "bot": true,
        "public_flags": 0, "flags": 0, "primary_guild": null})
}

impl Channel {
    /// A new message with `content` over the defaults, kept.
    pub fn write(&mut self, id: u64, author: &Value, content: &Value) -> Value {
        let mut message = json!({
            "id": id.to_string(), "channel_id": self.id.to_string(), "author": author, "content": "",
            "timestamp": iso(now()), "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "components": [], "pinned": false, "type": 0, "flags": 0,
        });
        for (name, value) in content.as_object().into_iter().flatten() {
            message[name.as_str()] = value.clone();
        }
        self.messages.insert(id, message.clone());
        if self.messages.len() > REMEMBERED {
            self.messages.pop_first();
        }
        message
    }

    pub fn message(&self, id: u64) -> Option<&Value> {
        self.messages.get(&id)
    }

    pub fn change(&mut self, id: u64, how: impl FnOnce(&mut Value)) -> Option<Value> {
        let message = self.messages.get_mut(&id)?;
        how(message);
        Some(message.clone())
    }

    pub fn remove(&mut self, id: u64) -> Option<Value> {
        self.messages.remove(&id)
    }

    /// At most `limit` messages, newest first: those right after `after`, else the latest.
    pub fn page(&self, after: Option<u64>, limit: usize) -> Vec<Value> {
        let Some(after) = after else {
            return self.messages.values().rev().take(limit).cloned().collect();
        };
        let mut page: Vec<Value> = self.messages.range(after + 1..).take(limit).map(|(_, message)| message.clone()).collect();
        page.reverse();
        page
    }
}
