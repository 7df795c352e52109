//! What the platform knows: OAs, people, messages, uploads.

use super::wire::Wire;
use crate::shelf::{PlatformClock, Shelf};
use crate::{Faults, Phones};
use dashmap::DashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// About half an hour, as one source claims.
const LINK_LIFETIME: i64 = 30 * 60 * 1000;
/// 25 hours.
pub(super) const TOKEN_LIFETIME: i64 = 25 * 60 * 60 * 1000;

pub(super) struct State {
    pub(super) phones: Phones,
    pub(super) faults: Faults,
    pub(super) clock: PlatformClock,
    pub(super) shelf: Shelf,
    pub(super) wire: Wire,
    pub(super) oas: DashMap<String, Oa>,
    pub(super) people: DashMap<String, Person>,
    pub(super) messages: DashMap<String, Kept>,
    pub(super) uploads: DashMap<String, Upload>,
    pub(super) turn_down_buttons: AtomicBool,
    /// Refreshes that will be denied, though their token is good.
    pub(super) denied_refreshes: AtomicU32,
    next: AtomicU64,
}

pub(super) struct Oa {
    pub(super) name: String,
    /// Counts the token pairs; only the last one is good.
    pub(super) generation: u64,
    pub(super) access_until: i64,
    /// Messages that may still be sent after the free 48 hours.
    pub(super) quota: u32,
}

pub(super) struct Person {
    pub(super) oa: String,
    pub(super) name: String,
    pub(super) by_app: String,
    pub(super) follows: bool,
    pub(super) restricted: bool,
    pub(super) has_clicked: bool,
    /// When the last interaction was.
    pub(super) active: Option<i64>,
    pub(super) phone: Option<String>,
    /// Messages of the OA that are delivered and not seen.
    pub(super) unseen: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) person: String,
    /// What its silent buttons send.
    pub(super) silent: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) oa: String,
    /// `image`, `gif` or `file`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) link: String,
    pub(super) until: i64,
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
            oas: DashMap::new(),
            people: DashMap::new(),
            messages: DashMap::new(),
            uploads: DashMap::new(),
            turn_down_buttons: AtomicBool::new(false),
            denied_refreshes: AtomicU32::new(0),
            next: AtomicU64::new(next),
            clock,
        }
    }

    pub(super) fn add_oa(&self, id: &str, name: &str) {
        let access_until = self.clock.now() + TOKEN_LIFETIME;
        self.oas.insert(id.to_owned(), Oa { name: name.to_owned(), generation: 0, access_until, quota: 500 });
    }

    pub(super) fn introduce(&self, oa: &str, name: &str) -> String {
        let id = format!("6{}", self.number());
        let person = Person {
            oa: oa.to_owned(),
            name: name.to_owned(),
            by_app: format!("5{}", self.number()),
            follows: false,
            restricted: false,
            has_clicked: false,
            active: None,
            phone: None,
            unseen: Vec::new(),
        };
        self.people.insert(id.clone(), person);
        self.phones.change(&id, |phone| name.clone_into(&mut phone.name));
        id
    }

    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

pub(super) fn fresh_msg_id() -> String {
    hex::encode(rand::random::<[u8; 10]>())
}
