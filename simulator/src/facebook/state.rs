//! What the platform knows: Pages, people, messages.

use super::wire::Wire;
use crate::shelf::{PlatformClock, Shelf};
use crate::{Faults, Phones};
use base64::Engine;
use dashmap::DashMap;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// How long a link to a file works: unverified, and short enough to be noticed.
const LINK_LIFETIME: i64 = 60 * 60 * 1000;

pub(super) struct State {
    pub(super) phones: Phones,
    pub(super) faults: Faults,
    pub(super) clock: PlatformClock,
    pub(super) shelf: Shelf,
    pub(super) wire: Wire,
    pub(super) pages: DashMap<String, Page>,
    /// Page ids by token.
    pub(super) tokens: DashMap<String, String>,
    pub(super) people: DashMap<String, Person>,
    /// Every message by its mid.
    pub(super) messages: DashMap<String, Kept>,
    /// Links of files that were uploaded to be sent later.
    pub(super) attachments: DashMap<String, String>,
    next: AtomicU64,
}

pub(super) struct Page {
    pub(super) name: String,
    pub(super) fields: Vec<String>,
}

pub(super) struct Person {
    pub(super) page: String,
    pub(super) name: String,
    pub(super) blocked: bool,
    /// When the last action was that opens the window.
    pub(super) active: Option<i64>,
    pub(super) last_call: Option<Value>,
}

/// What became of one message.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) person: String,
    /// Its buttons are quick replies: a tap is a message and not a postback.
    pub(super) quick: bool,
    pub(super) edits: u32,
}

impl State {
    pub(super) fn new() -> Self {
        let clock = PlatformClock::default();
        // From the clock, so that a gateway that remembers an earlier world meets new people.
        let next = u64::try_from(clock.now()).unwrap_or(0) * 1000;
        Self {
            phones: Phones::default(),
            faults: Faults::default(),
            shelf: Shelf::new(LINK_LIFETIME),
            wire: Wire::default(),
            pages: DashMap::new(),
            tokens: DashMap::new(),
            people: DashMap::new(),
            messages: DashMap::new(),
            attachments: DashMap::new(),
            next: AtomicU64::new(next),
            clock,
        }
    }

    pub(super) fn add_page(&self, id: &str, name: &str) {
        self.tokens.insert(token_of(id), id.to_owned());
        self.pages.insert(id.to_owned(), Page { name: name.to_owned(), fields: Vec::new() });
    }

    pub(super) fn page_number(&self) -> String {
        format!("104{:012}", self.number() % 1_000_000_000_000)
    }

    pub(super) fn introduce(&self, page: &str, name: &str) -> String {
        let id = format!("2{}", self.number());
        let person = Person { page: page.to_owned(), name: name.to_owned(), blocked: false, active: None, last_call: None };
        self.people.insert(id.clone(), person);
        self.phones.change(&id, |phone| name.clone_into(&mut phone.name));
        id
    }

    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn fresh_mid(&self) -> String {
        format!("m_{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 48]>()))
    }

    pub(super) fn keep(&self, mid: &str, person: &str, quick: bool) {
        self.messages.insert(mid.to_owned(), Kept { person: person.to_owned(), quick, edits: 0 });
    }
}

/// A Page's token: long, and the same in every world.
pub(super) fn token_of(page: &str) -> String {
    format!("EAAB{}", hex::encode(Sha256::digest(format!("simulated page token of {page}"))))
}
