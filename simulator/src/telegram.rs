//! Telegram, simulated: one bot on a Bot API server, and the people who write to it.
//!
//! Texts of errors, limits, retries and the escaped webhook bodies follow the
//! real server. Groups, inline mode, payments and business connections are not here.

mod acts;
mod api;
mod chat;
mod files;
mod line;
mod request;
mod send;

use crate::{Act, ActError, Faults, Phones, Platform, platform::Doing};
use chat::Chat;
use dashmap::DashMap;
use files::FileShelf;
use line::Line;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The bot's account.
const BOT_ID: i64 = 7_200_000_001;
const BOT_NAME: &str = "onethread_demo_bot";
const TOKEN: &str = "7200000001:AAGs1mulat3dB0tT0kenF0rTestsOnly000";

/// One simulated bot.
pub struct Telegram {
    state: Arc<State>,
}

/// What the server knows.
struct State {
    phones: Phones,
    faults: Faults,
    chats: DashMap<i64, Chat>,
    files: FileShelf,
    line: Arc<Line>,
    /// Button presses, and whether the bot answered each.
    presses: DashMap<String, bool>,
    next_user: AtomicI64,
    next_press: AtomicI64,
    calls: AtomicUsize,
}

impl Telegram {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a world starts once, not by default")]
    pub fn new() -> Self {
        let now = now();
        let state = State {
            phones: Phones::default(),
            faults: Faults::default(),
            chats: DashMap::new(),
            files: FileShelf::default(),
            line: Arc::new(Line::new(now)),
            presses: DashMap::new(),
            // From the clock, so that a gateway that remembers an earlier world meets new people.
            next_user: AtomicI64::new(now * 1000),
            next_press: AtomicI64::new(now * 1_000_000),
            calls: AtomicUsize::new(0),
        };
        Self { state: Arc::new(state) }
    }

    /// The webhook that is set, if any.
    #[must_use]
    pub fn webhook(&self) -> Option<String> {
        self.state.line.webhook().map(|webhook| webhook.url.clone())
    }

    /// Whether every button press so far got its answer.
    #[must_use]
    pub fn presses_are_answered(&self) -> bool {
        self.state.presses.iter().all(|press| *press)
    }

    /// Every file and download path that was handed out so far stops working.
    pub fn expire_files(&self) {
        self.state.files.clear();
    }

    /// Updates that the bot has not taken yet; they are tried until it does.
    #[must_use]
    pub fn waiting_updates(&self) -> usize {
        self.state.line.waiting_updates()
    }

    /// How many calls the API got.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state.calls.load(Ordering::Relaxed)
    }
}

impl Platform for Telegram {
    fn kind(&self) -> &'static str {
        "telegram"
    }

    fn router(self: Arc<Self>) -> axum::Router {
        api::router(self.state.clone())
    }

    fn settings(&self, base: &str) -> Value {
        json!({"token": TOKEN, "api_url": base})
    }

    fn introduce(&self, name: &str) -> String {
        let id = self.state.next_user.fetch_add(1, Ordering::Relaxed);
        self.state.chats.insert(id, Chat::new(id, name));
        self.state.phones.change(&id.to_string(), |phone| phone.name = name.to_owned());
        id.to_string()
    }

    fn act<'a>(&'a self, user: &'a str, act: Act) -> Doing<'a, Result<Option<String>, ActError>> {
        Box::pin(acts::act(&self.state, user, act))
    }

    fn phones(&self) -> &Phones {
        &self.state.phones
    }

    fn faults(&self) -> &Faults {
        &self.state.faults
    }
}

/// Unix seconds: the only clock that this platform shows.
fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the platform has its own clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
}
