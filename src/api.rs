//! The HTTP surface: read, authorise, call one verb, answer. No rule lives here.

mod agents;
mod answers;
mod canned_replies;
mod channels;
mod console;
mod customers;
mod dead_letters;
mod error;
mod extract;
mod files;
mod health;
mod hooks;
mod inboxes;
mod layers;
mod learning;
mod live;
mod messages;
mod openapi;
mod orders;
mod router;
mod serve;
mod session;
mod settings;
mod setup;
mod threads;
mod tokens;

pub use console::CONSOLE;
pub use openapi::document;
pub use router::router;
pub use serve::{serve, serve_on};

use crate::auth::{Guesses, Passwords};
use crate::gateway::Gateway;
use axum::extract::FromRef;
use std::sync::Arc;

/// Largest JSON body of an API call.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// What routes share.
#[derive(Clone)]
pub struct Api {
    pub gateway: Arc<Gateway>,
    pub passwords: Passwords,
    pub guesses: Arc<Guesses>,
    pub metrics: health::Metrics,
}

impl FromRef<Api> for Arc<Gateway> {
    fn from_ref(api: &Api) -> Self {
        api.gateway.clone()
    }
}

impl Api {
    pub fn new(gateway: Arc<Gateway>) -> anyhow::Result<Self> {
        Ok(Self {
            gateway,
            passwords: Passwords::new()?,
            guesses: Arc::new(Guesses::default()),
            metrics: health::Metrics::install(),
        })
    }
}
