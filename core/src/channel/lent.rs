//! What the house lends a connector: the ledger's door, the vault, the
//! transcript, the files, and somebody for errands.

use super::call::RawCall;
use super::outbound::FetchError;
use crate::clock::Millis;
use crate::ids::{FileId, PlatformMessageId, PlatformUserId};
use crate::message::{Button, FileKind};
use crate::secret::Settings;
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

/// Bytes as they come.
pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;

/// Where events are stored. Returns only once they are durable.
#[async_trait]
pub trait Intake: Send + Sync {
    /// `bookmark`, where given, is stored in the same transaction as the events.
    async fn accept(&self, calls: Vec<RawCall>, bookmark: Option<Bookmark>) -> Result<(), IntakeError>;

    /// A place that was in a bookmark.
    async fn place(&self, id: &str) -> Result<Option<Place>, IntakeError>;

    /// Places that were in bookmarks, last heard first, after `from` in that order; at most `limit`.
    async fn places(&self, from: Option<&PlaceMark>, limit: usize) -> Result<Vec<Place>, IntakeError>;

    /// The line to the platform stands, even if nothing is said on it.
    async fn line_stands(&self) {}
}

/// How far a connector has heard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bookmark {
    /// Given back whole when it listens again.
    pub mark: serde_json::Value,
    /// Places where something was heard since the last bookmark, each once. All that ever came are kept, one by
    /// one: there may be more than anybody should hold.
    pub places: Vec<Place>,
}

impl From<serde_json::Value> for Bookmark {
    fn from(mark: serde_json::Value) -> Self {
        Self { mark, places: Vec::new() }
    }
}

/// Where somebody writes: a direct channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: String,
    pub user: PlatformUserId,
    /// The platform's own growing number of what was heard there last. Never goes back.
    pub heard: i64,
}

/// How far a list of places was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceMark {
    pub heard: i64,
    pub id: String,
}

impl Place {
    #[must_use]
    pub fn mark(&self) -> PlaceMark {
        PlaceMark { heard: self.heard, id: self.id.clone() }
    }
}

/// Nothing was stored: do not acknowledge, try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event could not be stored: {0}")]
pub struct IntakeError(pub String);

/// Settings that change while an inbox lives: tokens that rotate.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Hold the inbox's only refresh lock, across all processes. Released on drop or after 30 s.
    async fn lock(&self) -> Result<Box<dyn HeldVault>, VaultError>;
    /// The settings as they are stored now.
    async fn settings(&self) -> Result<Settings, VaultError>;
}

#[async_trait]
pub trait HeldVault: Send {
    async fn settings(&self) -> Result<Settings, VaultError>;
    /// Store these settings durably over the present ones; use the new ones only after.
    async fn store(&mut self, changed: Settings) -> Result<(), VaultError>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the inbox's secrets could not be reached: {0}")]
pub struct VaultError(pub String);

/// What was said to and by one person on this inbox, for a channel that shows its own history.
#[async_trait]
pub trait Transcript: Send + Sync {
    /// Entries after `after` (0: from the start), oldest first, at most `limit`, newest kept.
    async fn since(&self, user: &PlatformUserId, after: i64, limit: usize) -> Result<Vec<TranscriptEntry>, VaultError>;
}

/// One entry as the customer may see it: no notes, no system lines, no agent's private name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptEntry {
    pub seq: i64,
    pub id: String,
    /// `customer`, `bot` or `agent`.
    pub from: String,
    pub text: String,
    pub attachments: Vec<TranscriptFile>,
    pub buttons: Vec<Button>,
    pub ask_phone: Option<String>,
    pub at: Millis,
    /// The id that the widget gave its own message.
    pub platform_id: Option<PlatformMessageId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptFile {
    pub id: FileId,
    pub kind: FileKind,
    pub name: Option<String>,
    pub mime: Option<String>,
    /// A signed link that the customer may open.
    pub url: String,
}

/// Work that must be finished though whoever began it may be dropped meanwhile: a stop waits for it.
pub trait Errands: Send + Sync {
    fn run(&self, errand: BoxFuture<'static, ()>);
}

/// Stored files.
#[async_trait]
pub trait Files: Send + Sync {
    /// The bytes of a stored file.
    async fn open(&self, id: &FileId) -> Result<Bytes, FetchError>;
    /// Store bytes that a customer sent to us directly. Sniffs the type, refuses what is too large.
    async fn keep(&self, name: Option<&str>, bytes: Bytes) -> Result<KeptFile, FetchError>;
    /// A signed link, good for a day, that anyone who has it may open.
    fn link(&self, id: &FileId) -> String;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    pub id: FileId,
    pub kind: FileKind,
    pub mime: String,
    pub size: i64,
}
