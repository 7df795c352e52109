//! Facebook Messenger, simulated: one app with its Pages, and the people who
//! write to them. Signatures, escaped bodies, ids, windows, limits and error
//! codes follow Graph v25.0. Comments, ads, handover between apps and the
//! Conversations API are not here.

mod acts;
mod api;
mod message;
mod send;
mod state;
mod wire;

use crate::{Act, ActError, Faults, Phones, Platform, platform::Doing};
use serde_json::{Value, json};
use state::State;
use std::sync::Arc;

const APP_ID: u64 = 1_234_567_890_123_456;
const APP_SECRET: &str = "simulated_app_secret_0123456789abcdef";
const VERIFY_TOKEN: &str = "simulated-verify-token";
/// The first Page: fixed, so that a gateway finds it again in a later world.
const PAGE: &str = "104000000000001";

/// One simulated app.
pub struct Facebook {
    state: Arc<State>,
}

impl Facebook {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a world starts once, not by default")]
    pub fn new() -> Self {
        let state = Arc::new(State::new());
        state.add_page(PAGE, "Tiệm Mây");
        Self { state }
    }

    /// Where this platform is reached: `http://127.0.0.1:PORT/facebook`. File links begin with it.
    pub fn stand_at(&self, base: &str) {
        self.state.shelf.stand_at(base);
    }

    /// One more Page of the same app; the answer is its id.
    #[must_use]
    pub fn add_page(&self, name: &str) -> String {
        let id = self.state.page_number();
        self.state.add_page(&id, name);
        id
    }

    /// The settings of an inbox on this Page.
    #[must_use]
    pub fn settings_of(&self, page: &str, base: &str) -> Value {
        self.stand_at(base);
        json!({
            "page_id": page,
            "page_token": state::token_of(page),
            "app_secret": APP_SECRET,
            "verify_token": VERIFY_TOKEN,
            "api_url": base,
        })
    }

    /// A customer of this Page appears. The same person has another id on another Page.
    #[must_use]
    pub fn introduce_to(&self, page: &str, name: &str) -> String {
        self.state.introduce(page, name)
    }

    /// Several people say something, and the platform brings it all in one call.
    pub async fn say_together(&self, words: &[(&str, &str)]) -> Result<(), ActError> {
        acts::say_together(&self.state, words).await
    }

    /// An authentic call with this very body.
    pub async fn post_raw(&self, body: &[u8]) -> Result<(), ActError> {
        self.state.wire.post_body(body.to_vec().into(), None).await.map_err(ActError::NotTaken)
    }

    /// Set the platform's clock forward, in milliseconds: windows close, links expire.
    pub fn advance(&self, by: i64) {
        self.state.clock.advance(by);
    }

    /// The fields that the Page is subscribed with; empty when it is not.
    #[must_use]
    pub fn subscribed(&self, page: &str) -> Vec<String> {
        self.state.pages.get(page).map(|page| page.fields.clone()).unwrap_or_default()
    }

    /// The body of the last message that was taken for this person, as the API was given it.
    #[must_use]
    pub fn last_call(&self, user: &str) -> Option<Value> {
        self.state.people.get(user)?.last_call.clone()
    }
}

impl Platform for Facebook {
    fn kind(&self) -> &'static str {
        "facebook"
    }

    fn router(self: Arc<Self>) -> axum::Router {
        api::router(self.state.clone())
    }

    fn settings(&self, base: &str) -> Value {
        self.settings_of(PAGE, base)
    }

    fn point_at(&self, hook_url: &str) {
        self.state.wire.point_at(hook_url);
        let state = self.state.clone();
        // The dashboard shakes hands at once; without a runtime the first event does it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(
                async move { state.wire.shake_hands().await.inspect_err(|status| tracing::warn!(status, "no handshake")) },
            );
        }
    }

    fn introduce(&self, name: &str) -> String {
        self.state.introduce(PAGE, name)
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
