//! Zalo OA, simulated: one app, the OAs that authorised it, and the people who
//! write to them. Signed webhooks with retries, single-use refresh tokens,
//! errors in the body of a 200, windows and quotas. ZNS, groups, calls and
//! anonymous visitors are not here.

mod acts;
mod api;
mod message;
mod send;
mod state;
mod tokens;
mod uploads;
mod wire;

use crate::{Act, ActError, Faults, Phones, Platform, platform::Doing};
use serde_json::{Value, json};
use state::State;
use std::sync::Arc;

const APP_ID: &str = "3608465249409039670";
const APP_SECRET: &str = "simulated_zalo_app_secret";
const OA_SECRET_KEY: &str = "simulated_oa_secret_key_0123456789";
/// The first OA: fixed, so that a gateway finds it again in a later world.
const OA: &str = "3886132808788086450";

/// One simulated app.
pub struct Zalo {
    state: Arc<State>,
}

impl Zalo {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a world starts once, not by default")]
    pub fn new() -> Self {
        let state = Arc::new(State::new());
        state.add_oa(OA, "Tiệm Mây");
        Self { state }
    }

    /// Where this platform is reached: `http://127.0.0.1:PORT/zalo`. File links begin with it.
    pub fn stand_at(&self, base: &str) {
        self.state.shelf.stand_at(base);
    }

    /// One more OA that authorised the same app; the answer is its id.
    #[must_use]
    pub fn add_oa(&self, name: &str) -> String {
        let id = format!("38{}", self.state.number());
        self.state.add_oa(&id, name);
        id
    }

    /// The settings of an inbox on this OA, with its present tokens.
    #[must_use]
    pub fn settings_of(&self, oa: &str, base: &str) -> Value {
        self.stand_at(base);
        let generation = self.rotations(oa);
        json!({
            "oa_id": oa,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "oa_secret_key": OA_SECRET_KEY,
            "access_token": tokens::access(oa, generation),
            "refresh_token": tokens::refresh(oa, generation),
            "api_url": base,
            "oauth_url": base,
        })
    }

    /// A customer of this OA appears. The same person has another id on another OA.
    #[must_use]
    pub fn introduce_to(&self, oa: &str, name: &str) -> String {
        self.state.introduce(oa, name)
    }

    /// The OA's access token expires; its refresh token still works.
    pub fn expire_access_token(&self) {
        self.state.expire(OA);
    }

    /// How often the OA's tokens were renewed.
    #[must_use]
    pub fn rotations(&self, oa: &str) -> u64 {
        self.state.oas.get(oa).map_or(0, |oa| oa.generation)
    }

    /// How often any OA's tokens were renewed.
    #[must_use]
    pub fn all_rotations(&self) -> u64 {
        self.state.oas.iter().map(|oa| oa.generation).sum()
    }

    /// Somebody else uses up the OA's refresh token: whoever holds the old pair has lost the chain.
    pub fn rotate_behind_the_back(&self) {
        self.state.rotate(OA);
    }

    /// Set the platform's clock forward, in milliseconds: windows close, links and tokens expire.
    pub fn advance(&self, by: i64) {
        self.state.clock.advance(by);
    }

    /// Put a picture where a person at the OA's own chat puts one; its link.
    pub fn keep_picture(&self, bytes: impl Into<bytes::Bytes>) -> String {
        self.state.shelf.keep("mau.png", "image/png", bytes, self.state.clock.now())
    }

    /// How many messages after 48 hours the OA may still send.
    pub fn set_quota(&self, left: u32) {
        if let Some(mut oa) = self.state.oas.get_mut(OA) {
            oa.quota = left;
        }
    }

    /// Whether templates with buttons are turned down, as some sources say of v3.
    pub fn turn_down_buttons(&self, turned_down: bool) {
        self.state.turn_down_buttons.store(turned_down, std::sync::atomic::Ordering::Relaxed);
    }

    /// An authentic call with this very body. Its timestamp, which signs it, travels in a header.
    pub async fn post_raw(&self, body: &[u8]) -> Result<(), ActError> {
        let stamp = self.state.clock.now().to_string();
        self.state.wire.post_body(body.to_vec().into(), &stamp, true, None).await.map_err(ActError::NotTaken)
    }
}

impl Platform for Zalo {
    fn kind(&self) -> &'static str {
        "zalo"
    }

    fn router(self: Arc<Self>) -> axum::Router {
        api::router(self.state.clone())
    }

    fn settings(&self, base: &str) -> Value {
        self.settings_of(OA, base)
    }

    fn point_at(&self, hook_url: &str) {
        self.state.wire.point_at(hook_url);
        let state = self.state.clone();
        // The console tries the address at once; without a runtime the first event does it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                state.wire.try_address().await.inspect_err(|status| tracing::warn!(status, "the address was not taken"))
            });
        }
    }

    fn introduce(&self, name: &str) -> String {
        self.state.introduce(OA, name)
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

#[cfg(test)]
mod tests;
