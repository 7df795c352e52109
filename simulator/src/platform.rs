//! What every simulated platform can do for its customers and its testers.

use crate::fault::Faults;
use crate::phone::Phones;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Something a customer does on the phone. What a platform has not, it refuses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum Act {
    Says {
        text: String,
        reply_to: Option<String>,
    },
    /// `kind` is image, audio, voice, video, file or sticker; several images at once make an album.
    SendsFiles {
        kind: String,
        files: Vec<SentFile>,
        caption: Option<String>,
    },
    SendsLocation {
        latitude: f64,
        longitude: f64,
    },
    /// Presses a button of a message: what the bubble's button pair says.
    Presses {
        message: String,
        label: String,
        payload: String,
    },
    SharesPhone {
        phone: String,
    },
    Edits {
        message: String,
        text: String,
    },
    Deletes {
        message: String,
    },
    Reacts {
        message: String,
        emoji: String,
        removed: bool,
    },
    /// Comes in by a link with a reference.
    Starts {
        reference: Option<String>,
    },
    Follows,
    Unfollows,
    Blocks,
    Unblocks,
    Types,
    /// Opens the chat: delivered and seen receipts go out where the platform has them.
    Sees,
    /// Not the customer: a person of the business answers in the platform's own inbox.
    BusinessAnswers {
        text: String,
    },
    /// Something newer than any code: an event or content of an unknown kind.
    DoesSomethingNew,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentFile {
    pub name: String,
    pub mime: String,
    /// Base64.
    pub bytes: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActError {
    /// This platform has no such thing.
    NotHere,
    /// The gateway did not take the event; the status it answered, 0 for no answer.
    NotTaken(u16),
}

pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One simulated platform with one business account on it.
pub trait Platform: Send + Sync {
    /// The channel's kind: also its path on the world's listener.
    fn kind(&self) -> &'static str;

    /// The platform's API, to be nested under `/{kind}`.
    fn router(self: Arc<Self>) -> axum::Router;

    /// Settings with which an inbox on this account is made; `base` is `http://127.0.0.1:PORT/{kind}`.
    fn settings(&self, base: &str) -> serde_json::Value;

    /// Where the platform's developer console was told to send webhooks. Platforms that are told
    /// through their API, or are connected to, need nothing.
    fn point_at(&self, _hook_url: &str) {}

    /// A customer appears: a name for the phone and the profile. The id is the platform's.
    fn introduce(&self, name: &str) -> String;

    /// Do it, and deliver the event as the platform would, with its retries.
    /// The answer is the message id where the act makes a message.
    fn act<'a>(&'a self, user: &'a str, act: Act) -> Doing<'a, Result<Option<String>, ActError>>;

    fn phones(&self) -> &Phones;
    fn faults(&self) -> &Faults;
}
