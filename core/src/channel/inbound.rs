//! What happens on a platform, as values.

use crate::clock::Millis;
use crate::ids::{AccountId, PlatformMessageId, PlatformUserId};
use crate::message::FileKind;
use serde::{Deserialize, Serialize};

/// One thing that happened on a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// The same for every copy of this event on this inbox: what makes a redelivery no second event. A message's own id
    /// must be the same, too, and mean no other one between this person and this account.
    pub key: String,
    /// The account that the event names, where one app serves many; `None`: this inbox.
    pub account: Option<AccountId>,
    pub from: Sender,
    /// The platform's clock; `None` where it gives none or an implausible one.
    pub at: Option<Millis>,
    pub what: What,
}

impl Inbound {
    /// The same without NUL characters, which no text of people has and PostgreSQL cannot keep.
    #[must_use]
    pub fn without_nul(self) -> Self {
        // Looked for in the text first: nearly every event has none.
        if serde_json::to_string(&self).is_ok_and(|text| !text.contains("\\u0000")) {
            return self;
        }
        let Ok(mut value) = serde_json::to_value(&self) else { return self };
        crate::text::strip_nul(&mut value);
        serde_json::from_value(value).unwrap_or(self)
    }
}

/// The customer side of an event: for an echo, the person whom the business wrote to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub user: PlatformUserId,
    pub name: Option<String>,
    /// `vi`, `en`, … where the platform says.
    pub language: Option<String>,
}

impl Sender {
    #[must_use]
    pub fn new(user: impl Into<PlatformUserId>) -> Self {
        Self { user: user.into(), name: None, language: None }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Said(Said),
    Edited {
        message: PlatformMessageId,
        text: String,
    },
    Deleted {
        message: PlatformMessageId,
    },
    Reacted {
        message: PlatformMessageId,
        emoji: String,
        removed: bool,
    },
    Pressed {
        message: Option<PlatformMessageId>,
        payload: String,
        label: Option<String>,
        acknowledge: Option<String>,
    },
    /// A phone number given through the platform's own control. `own` is true only where the
    /// platform vouches that it is the sender's.
    Shared {
        message: Option<PlatformMessageId>,
        phone: String,
        own: bool,
        name: Option<String>,
    },
    /// Came in through a link, perhaps with a reference.
    Started {
        message: Option<PlatformMessageId>,
        reference: Option<String>,
    },
    Followed,
    Unfollowed,
    Blocked,
    Unblocked,
    Typing,
    /// Our messages arrived: these, and all sent until then.
    Delivered {
        messages: Vec<PlatformMessageId>,
        until: Option<Millis>,
    },
    Seen {
        messages: Vec<PlatformMessageId>,
        until: Option<Millis>,
    },
    /// Our own message came back. `key` is the parcel key where the platform carries it; where it does
    /// not, `text` is what tells which it was (`None` for a file).
    EchoedByUs {
        message: PlatformMessageId,
        key: Option<String>,
        text: Option<String>,
    },
    /// A person of the business wrote in the platform's own inbox.
    EchoedByHuman(Said),
    /// A part of the call that says neither who nor what: the call stays as a dead letter, for this
    /// reason, while its other parts are taken in.
    Strange {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub message: PlatformMessageId,
    pub text: String,
    #[serde(default)]
    pub attachments: Vec<InboundAttachment>,
    #[serde(default)]
    pub reply_to: Option<PlatformMessageId>,
    /// The payload of a quick reply that arrives as a message.
    #[serde(default)]
    pub payload: Option<String>,
    /// What the platform called it, where we cannot show it.
    #[serde(default)]
    pub unsupported: Option<String>,
}

impl Said {
    #[must_use]
    pub fn text(message: impl Into<PlatformMessageId>, text: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            text: text.into(),
            attachments: Vec::new(),
            reply_to: None,
            payload: None,
            unsupported: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InboundAttachment {
    File { kind: FileKind, source: FileRef, name: Option<String>, mime: Option<String>, size: Option<i64> },
    Location { latitude: f64, longitude: f64, title: Option<String> },
    Contact { name: Option<String>, phone: String },
    Link { url: String, title: Option<String> },
}

/// Where the platform keeps a file: a link or an id. Opaque outside the connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileRef(pub String);
