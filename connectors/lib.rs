//! How each platform speaks, one file a platform.
//!
//! A new channel is one file here, one word in [`registry`], and one page in
//! `docs/channels/`. Nothing else in the house spells a platform's name.

mod discord;
mod download;
mod facebook;
pub mod http;
mod loose;
mod telegram;
mod webchat;
mod zalo;

use onethread_core::channel::Channel;
use std::sync::Arc;

/// Every channel there is, in the order the console offers them.
#[must_use]
pub fn registry(http: &reqwest::Client) -> Vec<Arc<dyn Channel>> {
    vec![
        Arc::new(zalo::Zalo::new(http.clone())),
        Arc::new(facebook::Facebook::new(http.clone())),
        Arc::new(telegram::Telegram::new(http.clone())),
        Arc::new(discord::Discord::new(http.clone())),
        Arc::new(webchat::WebChat::new()),
    ]
}
