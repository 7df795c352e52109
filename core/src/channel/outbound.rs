//! What is said on a platform, and how it went.

use super::inbound::FileRef;
use crate::clock::Millis;
use crate::ids::{FileId, ParcelId, PlatformMessageId, PlatformUserId};
use crate::message::{Button, FileKind};
use serde::{Deserialize, Serialize};

/// One thing to say on a platform: one call, or the few that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// The same again after a retry.
    pub key: ParcelId,
    pub to: PlatformUserId,
    pub content: ParcelContent,
    pub reply_to: Option<PlatformMessageId>,
    pub voice: Voice,
    /// The person's last interaction, as far as we know.
    pub last_interaction: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ParcelContent {
    /// Already within the channel's limits.
    Text {
        text: String,
        buttons: Vec<Button>,
        ask_phone: Option<String>,
    },
    File {
        file: OutboundFile,
        caption: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundFile {
    pub id: FileId,
    pub kind: FileKind,
    pub name: String,
    pub mime: String,
    pub size: i64,
    /// A signed public link that lives for a day, for platforms that fetch by themselves.
    pub url: String,
}

/// Who is speaking. Only a person's words may use what platforms reserve for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    Bot,
    Person,
}

/// The platform took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub message: PlatformMessageId,
    /// Also known to have reached the person.
    pub delivered: bool,
    /// What the platform says is left, where it counts.
    pub quota: Option<Quota>,
}

/// What is left of the messages that an account may send beyond the free ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub remaining: i64,
    pub total: Option<i64>,
}

/// Why a message did not go out, and therefore what happens next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Shown to the agent, never retried.
    #[error("refused: {0}")]
    Refused(Reason),
    /// Retried after the pause that the platform asked for, in milliseconds: towards this person.
    #[error("throttled for {0} ms")]
    Throttled(Millis),
    /// The same, towards everybody: the account as a whole has sent too much.
    #[error("the account is throttled for {0} ms")]
    AllThrottled(Millis),
    /// Certainly not sent: retried with backoff.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// Perhaps sent: retried only where the platform de-duplicates, else an agent decides.
    #[error("uncertain: {0}")]
    Uncertain(String),
    /// The inbox pauses, its queue is kept, its owner is told.
    #[error("unauthorized: {0}")]
    Unauthorized(String),
}

/// Why a platform will not take a message, in words for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub code: RefusedBecause,
    /// The platform's own words or number, for support.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedBecause {
    Blocked,
    UnknownRecipient,
    WindowClosed,
    QuotaUsedUp,
    TooLong,
    BadContent,
    BadFile,
    NotPermitted,
    Other,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = match self.code {
            RefusedBecause::Blocked => "the customer has blocked this inbox or does not accept its messages",
            RefusedBecause::UnknownRecipient => "the platform does not know this recipient on this inbox",
            RefusedBecause::WindowClosed => "too long since the customer last wrote; the platform's window is closed",
            RefusedBecause::QuotaUsedUp => "the account's message quota is used up",
            RefusedBecause::TooLong => "the message is longer than the platform allows",
            RefusedBecause::BadContent => "the platform does not accept this content",
            RefusedBecause::BadFile => "the platform could not take this file",
            RefusedBecause::NotPermitted => "this account may not send this message",
            RefusedBecause::Other => "the platform refused the message",
        };
        if self.detail.is_empty() { f.write_str(words) } else { write!(f, "{words} ({})", self.detail) }
    }
}

impl DeliveryError {
    #[must_use]
    pub fn refused(code: RefusedBecause, detail: impl Into<String>) -> Self {
        Self::Refused(Reason { code, detail: detail.into() })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    Typing,
    /// We have read up to this message.
    Seen {
        message: Option<PlatformMessageId>,
    },
    /// Tell the platform that a button press was received; the token came with the press.
    Acknowledge {
        token: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub name: Option<String>,
    pub avatar: Option<FileRef>,
    pub language: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub healthy: bool,
    /// For the owner: what is wrong and what to do. Empty when healthy.
    pub reason: String,
    /// What the platform calls the account: `@my_shop_bot`.
    pub account_name: Option<String>,
}

impl Health {
    #[must_use]
    pub fn good(account_name: Option<String>) -> Self {
        Self { healthy: true, reason: String::new(), account_name }
    }

    #[must_use]
    pub fn bad(reason: impl Into<String>) -> Self {
        Self { healthy: false, reason: reason.into(), account_name: None }
    }
}

/// Why the line to the platform broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Tried again with backoff.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// Not tried again until the owner changes something.
    #[error("the platform refuses the connection: {0}")]
    Refused(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("the file is gone or its link has expired")]
    Gone,
    #[error("the file is larger than the platform lets us fetch")]
    TooLarge,
    /// Tried again with backoff.
    #[error("could not be fetched: {0}")]
    Unreachable(String),
}
