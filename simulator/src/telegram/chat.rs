//! One private chat: who it is with, and its last messages.

use super::{BOT_ID, BOT_NAME};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Enough to be replied to, edited and pressed; a load test must not fill the memory.
const REMEMBERED: usize = 200;

pub struct Chat {
    pub id: i64,
    first_name: String,
    last_name: Option<String>,
    /// The person wrote or pressed start, so the bot may write.
    pub open: bool,
    pub blocked: bool,
    last_message: i64,
    messages: BTreeMap<i64, Value>,
    /// The person's reactions, by message.
    pub reactions: BTreeMap<i64, Vec<String>>,
}

impl Chat {
    pub fn new(id: i64, name: &str) -> Self {
        let (first, last) = name.split_once(' ').map_or((name, None), |(first, last)| (first, Some(last.to_owned())));
        Self {
            id,
            first_name: first.to_owned(),
            last_name: last,
            open: false,
            blocked: false,
            last_message: 0,
            messages: BTreeMap::new(),
            reactions: BTreeMap::new(),
        }
    }

    /// The person, as a `User`.
    pub fn person(&self) -> Value {
        let mut person = json!({"id": self.id, "is_bot": false, "first_name": self.first_name, "language_code": "vi"});
        if let Some(last) = &self.last_name {
            person["last_name"] = json!(last);
        }
        person
    }

    /// The chat, as a `Chat`.
    pub fn as_chat(&self) -> Value {
        let mut chat = json!({"id": self.id, "first_name": self.first_name, "type": "private"});
        if let Some(last) = &self.last_name {
            chat["last_name"] = json!(last);
        }
        chat
    }

    /// A new message with `content`, remembered.
    pub fn write(&mut self, from_bot: bool, content: &Value, now: i64) -> (i64, Value) {
        self.last_message += 1;
        let number = self.last_message;
        let from = if from_bot { bot() } else { self.person() };
        let mut message = json!({"message_id": number, "from": from, "chat": self.as_chat(), "date": now});
        for (name, value) in content.as_object().into_iter().flatten() {
            message[name.as_str()] = value.clone();
        }
        self.remember(number, message.clone());
        (number, message)
    }

    fn remember(&mut self, number: i64, message: Value) {
        self.messages.insert(number, message);
        if self.messages.len() > REMEMBERED {
            self.messages.pop_first();
        }
    }

    pub fn message(&self, number: i64) -> Option<&Value> {
        self.messages.get(&number)
    }

    /// The message as it is quoted in a reply: without a reply of its own.
    pub fn quoted(&self, number: i64) -> Option<Value> {
        let mut quoted = self.messages.get(&number)?.clone();
        if let Some(fields) = quoted.as_object_mut() {
            fields.remove("reply_to_message");
        }
        Some(quoted)
    }

    /// Change the words of a message the person wrote.
    pub fn edit(&mut self, number: i64, text: &str, now: i64) -> Option<Value> {
        let message = self.messages.get_mut(&number).filter(|message| message["from"]["is_bot"] == false)?;
        let field = if message["text"].is_string() { "text" } else { "caption" };
        message[field] = json!(text);
        message["edit_date"] = json!(now);
        Some(message.clone())
    }
}

/// The bot, as a `User`.
pub fn bot() -> Value {
    json!({"id": BOT_ID, "is_bot": true, "first_name": "Shop", "username": BOT_NAME})
}
