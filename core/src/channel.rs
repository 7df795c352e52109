//! The connector contract: all that a platform must do for us, and all that
//! the rest of the house may know of it.
//!
//! The centre drives, connectors convert. A connector never stores a message,
//! never decides who may speak and never retries; it reads what the platform
//! sent, says one thing on the platform, and tells the truth about how it went.

mod call;
mod form;
mod inbound;
mod lent;
mod outbound;

pub use call::{Admission, AnswerBody, HookAnswer, RawCall, Refusal, Unreadable, Visit};
pub use form::{Field, FieldKind, Form, SENDS_PER_SECOND, SettingsError};
pub use inbound::{FileRef, Inbound, InboundAttachment, Said, Sender, What};
pub use lent::{
    Bookmark, ByteStream, Errands, Files, HeldVault, Intake, IntakeError, KeptFile, Place, PlaceMark, Transcript,
    TranscriptEntry, TranscriptFile, Vault, VaultError,
};
pub use outbound::{
    ConnectError, DeliveryError, FetchError, Health, OutboundFile, Parcel, ParcelContent, Profile, Quota, Reason, Receipt,
    RefusedBecause, Signal, Voice,
};

use crate::clock::Clock;
use crate::ids::{AccountId, InboxId, PlatformUserId};
use crate::secret::Settings;
use crate::window::Window;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

// ---------------------------------------------------------------- the channel

/// One platform: its name, limits, settings form, and how to open an inbox on it.
pub trait Channel: Send + Sync {
    /// The word for it in URLs and rows: lower case, no spaces.
    fn kind(&self) -> &'static str;
    fn face(&self) -> Face;
    /// Limits, powers and windows, as data.
    fn capabilities(&self) -> Capabilities;
    /// The settings that the console asks for.
    fn form(&self) -> Form;
    /// Check the settings and make the inbox live. No network.
    fn open(&self, settings: &Settings, kit: Kit) -> Result<Arc<dyn Connector>, SettingsError>;
}

/// How a channel looks in the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// As people call it.
    pub name: String,
    /// One SVG path for a 24 × 24 box, drawn in `colour`.
    pub icon: String,
    /// `#rrggbb`, readable on white.
    pub colour: String,
}

/// What a channel can do, and how much at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    pub text_limit: usize,
    pub text_unit: TextUnit,
    /// Most buttons that go with one text; 0 where there are none.
    pub buttons: usize,
    /// Limit of a text that has buttons, where it is tighter; counted in `text_unit`.
    pub button_text_limit: Option<usize>,
    /// A text and a file travel in one message.
    pub caption: bool,
    /// Largest file we can send, in bytes.
    pub file_limit: u64,
    /// Media types we can send; `image/*` matches a family; empty means any.
    pub file_types: Vec<String>,
    /// Tighter limits of some media types, with `image/*` for a family; the first that matches counts.
    pub file_limits: Vec<FileLimit>,
    pub reply_to: bool,
    pub ask_phone: bool,
    pub typing: bool,
    pub delivery_receipts: bool,
    pub read_receipts: bool,
    /// The platform tells who somebody is: a name, a picture.
    pub profiles: bool,
    pub doubles: Doubles,
    /// A person may answer in the platform's own inbox, and we hear of it.
    pub echoes_people: bool,
    /// A reaction starts the windows anew, as a message does.
    pub reaction_opens: bool,
    /// Until when one may write, from the last interaction; empty means always.
    pub windows: Vec<Window>,
}

/// What comes of delivering the same key twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubles {
    /// It is there twice.
    Shown,
    /// The platform drops the second, for as long as it remembers the first: a few minutes.
    Dropped,
    /// There are none: nothing is seen before we wrote down that it went. Only a channel that is its own
    /// platform can say so.
    Impossible,
}

/// The largest file of one media type, or of a family of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLimit {
    pub media: String,
    /// In bytes.
    pub most: u64,
}

impl FileLimit {
    #[must_use]
    pub fn new(media: &str, most: u64) -> Self {
        Self { media: media.to_owned(), most }
    }
}

impl Capabilities {
    /// An uncertain delivery may be tried again at once.
    #[must_use]
    pub fn deduplicates(&self) -> bool {
        self.doubles != Doubles::Shown
    }

    /// Whether a file can be sent here at all; else why not, for the agent.
    pub fn takes_file(&self, mime: &str, size: u64) -> Result<(), String> {
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let matches = |pattern: &str| match pattern.strip_suffix("/*") {
            Some(family) => mime.split('/').next() == Some(family),
            None => mime == pattern,
        };
        if !self.file_types.is_empty() && !self.file_types.iter().any(|pattern| matches(pattern)) {
            return Err(format!("this channel does not take files of the type {mime}; it takes {}", self.file_types.join(", ")));
        }
        let tighter = self.file_limits.iter().find(|limit| matches(&limit.media)).map(|limit| limit.most);
        let most = tighter.unwrap_or(self.file_limit);
        if size > most {
            #[expect(clippy::cast_precision_loss, reason = "limits of files are far below 2^52 bytes")]
            let most = (most as f64 / f64::from(1 << 20) * 10.0).round() / 10.0;
            return Err(format!("this channel takes files of this type up to {most} MB"));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode code points.
    Chars,
    Utf16,
    Bytes,
}

// -------------------------------------------------------------- the connector

/// What the house lends a connector.
#[derive(Clone)]
pub struct Kit {
    pub inbox: InboxId,
    /// Where the platform should call us: `https://…/hooks/{inbox}`.
    pub hook_url: String,
    pub clock: Arc<dyn Clock>,
    pub vault: Arc<dyn Vault>,
    pub transcript: Arc<dyn Transcript>,
    pub files: Arc<dyn Files>,
    pub errands: Arc<dyn Errands>,
}

/// One inbox, live. Every future may be dropped at any await when the gateway stops.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The account of the business that this inbox is, where the platform names it in
    /// its calls, so that a call to one inbox of an app finds the inbox it is meant for.
    fn account(&self) -> Option<Account> {
        None
    }

    /// Headers, lower case, that [`read`](Self::read) needs and the ledger keeps. Never a secret.
    fn kept_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Is this webhook call the platform's own? Over the raw bytes, in constant time, no storage.
    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal>;

    /// What one stored call says. Pure: the ledger is read again after a fix.
    /// Unknown events become [`What::Said`] with `unsupported`, or nothing where no customer spoke.
    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable>;

    /// Stay connected and hand every event to `intake`, which stores before it returns.
    /// `bookmark` is the mark that this connector last handed over with an event. Webhook channels wait for ever.
    async fn listen(&self, _bookmark: Option<serde_json::Value>, _intake: &dyn Intake) -> Result<(), ConnectError> {
        std::future::pending().await
    }

    /// Tell the platform where we are (register a webhook, subscribe). Safe to repeat.
    async fn connect(&self) -> Result<(), ConnectError> {
        Ok(())
    }

    /// Put one parcel on the platform. `parcel.key` is the same again after a retry.
    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError>;

    /// The bytes of a customer's file. The gateway limits the size and sniffs the type.
    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError>;

    /// Small courtesies that may be lost: typing, seen, "I got your button press".
    async fn signal(&self, _to: &PlatformUserId, _signal: Signal) {}

    /// What the platform tells about a person. `None` where it tells nothing.
    async fn profile(&self, _user: &PlatformUserId) -> Result<Option<Profile>, FetchError> {
        Ok(None)
    }

    /// Is the token good, is the webhook set?
    async fn probe(&self) -> Health;

    /// Answer a request below the inbox's hook URL that is no platform event. Only a
    /// channel that is its own platform (the web chat) has any.
    async fn host(&self, _visit: &Visit) -> Option<HookAnswer> {
        None
    }
}

/// The business's account on a platform, and the app through which the platform calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// Two inboxes of one app share its secret; only then may a call to one speak for the other.
    /// A digest, never the secret itself.
    pub app: String,
}
