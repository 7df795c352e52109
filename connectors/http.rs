//! The one HTTP client that all connectors share, and what its errors mean.

use onethread_core::channel::DeliveryError;
use std::time::Duration;

/// A client with sane limits: platforms answer in seconds, and a redirect to
/// somewhere else must not carry a token along.
pub fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .user_agent(concat!("onethread/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// What a failed request says about the message: a connection that was never made
/// certainly sent nothing; anything later is uncertain. URLs carry tokens, so they never
/// reach the text.
#[must_use]
pub fn fate_of(error: reqwest::Error) -> DeliveryError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        DeliveryError::Unreachable(error.to_string())
    } else {
        DeliveryError::Uncertain(error.to_string())
    }
}
