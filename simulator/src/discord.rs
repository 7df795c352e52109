//! Discord, simulated: one bot, its gateway, and the people who write to it
//! directly. There are no servers, no slash commands and no voice.

mod acts;
mod api;
mod chats;
mod gateway;
mod messages;
mod shelf;

use crate::fault::lock;
use crate::{Act, ActError, Faults, Phones, Platform, platform::Doing};
use axum::extract::ws::Utf8Bytes;
use chats::Chats;
use dashmap::DashMap;
use gateway::Gateway;
use serde_json::{Value, json};
use shelf::Shelf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The bot's user id, and its token, which begins with it.
const BOT_ID: &str = "1290000000000000001";
const TOKEN: &str = "MTI5MDAwMDAwMDAwMDAwMDAwMQ.GsImUl.ated-bot-token-that-opens-nothing-real";

/// Snowflakes count from the first second of 2015.
const EPOCH: i64 = 1_420_070_400_000;

/// One simulated bot.
pub struct Discord {
    state: Arc<State>,
}

/// What the platform knows.
struct State {
    phones: Phones,
    faults: Faults,
    chats: Chats,
    shelf: Shelf,
    gateway: Gateway,
    presses: DashMap<String, Press>,
    last_snowflake: AtomicU64,
    /// `http://host/discord`, for links; learnt from the settings or the first call.
    base: Mutex<String>,
}

/// A button press that waits for its first answer.
struct Press {
    at: Instant,
    answered: bool,
}

impl Discord {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a world starts once, not by default")]
    pub fn new() -> Self {
        let state = State {
            phones: Phones::default(),
            faults: Faults::default(),
            chats: Chats::default(),
            shelf: Shelf::default(),
            gateway: Gateway::default(),
            presses: DashMap::new(),
            last_snowflake: AtomicU64::new(0),
            base: Mutex::default(),
        };
        Self { state: Arc::new(state) }
    }

    /// The gateway asks every client to reconnect and resume.
    pub fn ask_to_reconnect(&self) {
        self.state.gateway.tell_all(Utf8Bytes::from_static(r#"{"op":7,"d":null,"s":null,"t":null}"#));
    }

    /// Every connection breaks; the sessions can be resumed.
    pub fn cut(&self) {
        self.state.gateway.cut(false);
    }

    /// Every connection breaks and every session is forgotten.
    pub fn forget_sessions(&self) {
        self.state.gateway.cut(true);
    }

    /// How often clients are asked to beat, from the next connection on.
    pub fn beat_every(&self, interval: Duration) {
        self.state.gateway.beat_every(interval);
    }

    /// Leave heartbeats unanswered, as a dead connection does.
    pub fn go_silent(&self, silent: bool) {
        self.state.gateway.go_silent(silent);
    }

    /// New sessions left today.
    pub fn leave_identifies(&self, left: i64) {
        self.state.gateway.leave_identifies(left);
    }

    /// How many sessions began, and how many were resumed.
    #[must_use]
    pub fn sessions(&self) -> (usize, usize) {
        self.state.gateway.counts()
    }

    /// Whether a client is connected and identified.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state.gateway.is_connected()
    }

    /// Whether every button press so far was acknowledged in time.
    #[must_use]
    pub fn presses_are_answered(&self) -> bool {
        self.state.presses.iter().all(|press| press.answered)
    }

    /// Every file link that was handed out so far stops working.
    pub fn expire_links(&self) {
        self.state.shelf.expire_links();
    }

    /// The platform finds a preview for a link in this message: an update that is no edit.
    pub fn unfurl(&self, user: &str, message: &str) {
        acts::unfurl(&self.state, user, message);
    }
}

impl Platform for Discord {
    fn kind(&self) -> &'static str {
        "discord"
    }

    fn router(self: Arc<Self>) -> axum::Router {
        api::router(self.state.clone())
    }

    fn settings(&self, base: &str) -> Value {
        base.clone_into(&mut lock(&self.state.base));
        json!({"token": TOKEN, "api_url": format!("{base}/api/v10")})
    }

    fn introduce(&self, name: &str) -> String {
        let (user, channel) = (self.state.snowflake(), self.state.snowflake());
        self.state.chats.introduce(user, channel, name);
        self.state.phones.change(&user.to_string(), |phone| phone.name = name.to_owned());
        user.to_string()
    }

    fn act<'a>(&'a self, user: &'a str, act: Act) -> Doing<'a, Result<Option<String>, ActError>> {
        // A websocket event is neither confirmed nor refused, so nothing is waited for; but before
        // its very first session a bot could never learn of a message, so people wait for that.
        Box::pin(async move {
            if self.state.gateway.counts().0 == 0 {
                self.state.gateway.first_session(Duration::from_secs(10)).await;
            }
            acts::act(&self.state, user, act)
        })
    }

    fn phones(&self) -> &Phones {
        &self.state.phones
    }

    fn faults(&self) -> &Faults {
        &self.state.faults
    }
}

impl State {
    /// A new id: the time, and a count within the millisecond.
    fn snowflake(&self) -> u64 {
        let now = u64::try_from(now() - EPOCH).unwrap_or(0) << 22;
        let next = |last: u64| Some(now.max(last + 1));
        let last = self.last_snowflake.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        now.max(last.unwrap_or(0) + 1)
    }
}

fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the platform has its own clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

/// `2026-11-22T10:00:00.123000+00:00`, as the platform writes an instant.
fn iso(millis: i64) -> String {
    let (days, within) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Days to a date: counted in eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second, milli) = (within / 3_600_000, within / 60_000 % 60, within / 1000 % 60, within % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}000+00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_platform_does() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000000+00:00");
        assert_eq!(iso(1_709_164_799_999), "2024-02-28T23:59:59.999000+00:00");
        assert_eq!(iso(1_709_164_800_000), "2024-02-29T00:00:00.000000+00:00");
        assert_eq!(iso(1_795_312_800_123), "2026-11-22T02:00:00.123000+00:00");
    }

    #[test]
    fn snowflakes_grow_and_tell_their_time() {
        let world = Discord::new();
        let ids: Vec<u64> = (0..10_000).map(|_| world.state.snowflake()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let made = i64::try_from(ids[0] >> 22).expect("an instant") + EPOCH;
        assert!((now() - made).abs() < 1000);
    }
}
