//! What a customer's phone shows.

use crate::fault::lock;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::sync::broadcast;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BubbleFrom {
    Customer,
    Business,
}

/// One bubble on the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bubble {
    /// The platform's message id.
    pub id: String,
    pub from: BubbleFrom,
    pub text: String,
    /// Names of files shown, or `sticker`, `location …`.
    pub files: Vec<String>,
    /// (label, what pressing sends: the payload, or a URL to open).
    pub buttons: Vec<(String, String)>,
    /// Label of a "share my phone" control.
    pub ask_phone: Option<String>,
    pub reply_to: Option<String>,
    /// `sent`, `delivered`, `seen` as the platform would tick it; empty where it has none.
    pub ticks: String,
    pub edited: bool,
    pub deleted: bool,
    pub at: i64,
}

impl Bubble {
    #[must_use]
    pub fn new(id: impl Into<String>, from: BubbleFrom, text: impl Into<String>, at: i64) -> Self {
        Self {
            id: id.into(),
            from,
            text: text.into(),
            files: Vec::new(),
            buttons: Vec::new(),
            ask_phone: None,
            reply_to: None,
            ticks: String::new(),
            edited: false,
            deleted: false,
            at,
        }
    }
}

/// One customer's phone on one platform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Phone {
    pub user: String,
    pub name: String,
    /// The business is typing.
    pub typing: bool,
    pub bubbles: Vec<Bubble>,
}

/// All phones of one platform, with word of every change.
#[derive(Debug)]
pub struct Phones {
    phones: Mutex<BTreeMap<String, Phone>>,
    changed: broadcast::Sender<String>,
}

impl Default for Phones {
    fn default() -> Self {
        Self { phones: Mutex::default(), changed: broadcast::channel(1024).0 }
    }
}

impl Phones {
    /// Change one phone (made on first use) and tell the watchers.
    pub fn change<T>(&self, user: &str, how: impl FnOnce(&mut Phone) -> T) -> T {
        let result = {
            let mut phones = lock(&self.phones);
            let phone = phones.entry(user.to_owned()).or_insert_with(|| Phone { user: user.to_owned(), ..Phone::default() });
            how(phone)
        };
        let _ = self.changed.send(user.to_owned());
        result
    }

    /// Show one bubble; it also ends the typing dots when the business speaks.
    pub fn show(&self, user: &str, bubble: Bubble) {
        self.change(user, |phone| {
            phone.typing &= bubble.from == BubbleFrom::Customer;
            phone.bubbles.push(bubble);
        });
    }

    #[must_use]
    pub fn of(&self, user: &str) -> Phone {
        lock(&self.phones).get(user).cloned().unwrap_or_default()
    }

    /// Every phone, in the order of their ids.
    #[must_use]
    pub fn all(&self) -> Vec<Phone> {
        lock(&self.phones).values().cloned().collect()
    }

    /// How many bubbles the business has put on all screens.
    #[must_use]
    pub fn answers(&self) -> usize {
        let ours = |phone: &Phone| phone.bubbles.iter().filter(|bubble| bubble.from == BubbleFrom::Business).count();
        lock(&self.phones).values().map(ours).sum()
    }

    /// Names the user whose phone changed, each time one does.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<String> {
        self.changed.subscribe()
    }

    /// Forget every screen: a fresh page for a load test.
    pub fn clear(&self) {
        lock(&self.phones).clear();
    }
}
