//! The connector contract: all that a platform must do for us, and all that
//! the rest of the house may know of it.
//!
//! The centre drives, connectors convert. A connector never stores a message,
//! never decides who may speak and never retries; it reads what the platform
//! sent, says one thing on the platform, and tells the truth about how it went.

use crate::clock::{Clock, Millis};
use crate::ids::{AccountId, FileId, InboxId, ParcelId, PlatformMessageId, PlatformUserId};
use crate::message::{Button, FileKind};
use crate::secret::Settings;
use crate::window::Window;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
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
    pub reply_to: bool,
    pub ask_phone: bool,
    pub typing: bool,
    pub delivery_receipts: bool,
    pub read_receipts: bool,
    /// The platform drops a second delivery of the same key, so an uncertain one may be retried.
    pub deduplicates: bool,
    /// A person may answer in the platform's own inbox, and we hear of it.
    pub echoes_people: bool,
    /// Until when one may write, from the last interaction; empty means always.
    pub windows: Vec<Window>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode code points.
    Chars,
    Utf16,
    Bytes,
}

/// The settings form of a channel: the console draws it, the API checks by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub label: String,
    /// One sentence: where to find the value.
    pub hint: String,
    pub kind: FieldKind,
    pub required: bool,
    /// Sealed at rest, never returned.
    pub secret: bool,
    pub default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FieldKind {
    Text,
    Url,
    /// Several texts.
    List,
    Choice {
        options: Vec<String>,
    },
}

impl Field {
    #[must_use]
    pub fn required(name: &str, label: &str, hint: &str) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: hint.into(),
            kind: FieldKind::Text,
            required: true,
            secret: false,
            default: None,
        }
    }

    #[must_use]
    pub fn optional(name: &str, label: &str, hint: &str) -> Self {
        Self { required: false, ..Self::required(name, label, hint) }
    }

    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    #[must_use]
    pub fn of_kind(mut self, kind: FieldKind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn default(mut self, value: &str) -> Self {
        self.default = Some(value.into());
        self
    }
}

impl Form {
    /// Check settings against the form: unknown names, missing or mistyped values,
    /// `http(s)` URLs, known choices. Connectors check what only they know in `open`.
    pub fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        for name in settings.0.keys() {
            if !self.fields.iter().any(|field| field.name == *name) {
                let known: Vec<_> = self.fields.iter().map(|field| field.name.as_str()).collect();
                return Err(SettingsError::new(name, format!("is not a setting of this channel; it has {}", known.join(", "))));
            }
        }
        self.fields.iter().try_for_each(|field| field.check(settings))
    }
}

impl Field {
    fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        let wrong = |why: String| Err(SettingsError::new(&self.name, why));
        let Some(value) = settings.0.get(&self.name).filter(|value| !value.is_null()) else {
            return if self.required { wrong("is missing".into()) } else { Ok(()) };
        };
        if self.kind == FieldKind::List {
            return match settings.list(&self.name).is_empty() && self.required {
                true => wrong("must name at least one".into()),
                false => Ok(()),
            };
        }
        let Some(text) = value.as_str() else {
            return wrong("must be a text".into());
        };
        if text.trim().is_empty() {
            return if self.required { wrong("is empty".into()) } else { Ok(()) };
        }
        match &self.kind {
            FieldKind::Url if !(text.starts_with("https://") || text.starts_with("http://")) => {
                wrong("must be a URL that starts with https:// (or http:// on your own network)".into())
            }
            FieldKind::Choice { options } if !options.iter().any(|option| option == text) => {
                wrong(format!("must be one of {}", options.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

/// Which setting is wrong, and why. Reads as "`token` must look like 123:ABC".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {why}")]
pub struct SettingsError {
    pub field: String,
    pub why: String,
}

impl SettingsError {
    #[must_use]
    pub fn new(field: &str, why: impl Into<String>) -> Self {
        Self { field: field.to_owned(), why: why.into() }
    }
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
    /// `bookmark` is what this connector last handed over with an event. Webhook channels wait for ever.
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
    async fn host(&self, _visit: Visit) -> Option<HookAnswer> {
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

/// One call as it came: a webhook request, a gateway frame, one polled update.
/// Its `body` is what the ledger keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCall {
    pub method: String,
    /// Below `/hooks/{inbox}`, without a leading slash; mostly empty.
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl RawCall {
    /// An event that we fetched ourselves, and so trust: a gateway frame or a polled update.
    #[must_use]
    pub fn fetched(body: impl Into<Bytes>) -> Self {
        Self { method: "FETCHED".into(), body: body.into(), ..Self::default() }
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What to do with an authentic call.
#[derive(Debug)]
pub enum Admission {
    /// Store it, then answer this.
    Keep(HookAnswer),
    /// A handshake: answer, nothing to store.
    Answer(HookAnswer),
}

impl Admission {
    /// Store it, then answer 200 with an empty body.
    #[must_use]
    pub fn keep() -> Self {
        Self::Keep(HookAnswer::ok())
    }
}

/// Why a call is turned away. Nothing of it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Answered 401.
    #[error("the signature is missing or wrong")]
    Forged,
    /// Answered 403.
    #[error("the verify token is wrong")]
    Forbidden,
    /// Answered 400.
    #[error("this is not a call that the channel makes")]
    Malformed,
    /// Answered 429: a stranger called too often.
    #[error("too many calls")]
    TooMany,
}

/// The call is authentic and cannot be understood; it stays in the ledger as a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// An HTTP answer, in words that need no HTTP library.
pub struct HookAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: AnswerBody,
}

pub enum AnswerBody {
    Bytes(Bytes),
    /// Server-sent events or a file.
    Stream(ByteStream),
}

impl std::fmt::Debug for HookAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HookAnswer({})", self.status)
    }
}

impl HookAnswer {
    #[must_use]
    pub fn ok() -> Self {
        Self::with(200, "text/plain", "")
    }

    #[must_use]
    pub fn with(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: AnswerBody::Bytes(body.into()) }
    }

    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::with(status, "application/json", value.to_string())
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A request to a hosted page or stream of a channel that is its own platform.
pub struct Visit {
    pub call: RawCall,
    /// The visitor's network address, for rate limits.
    pub remote: String,
}

pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;

// ------------------------------------------------------------------- inbound

/// One thing that happened on a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// The same for every copy of this event on this inbox: what makes a redelivery no second message.
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
        let Ok(mut value) = serde_json::to_value(&self) else { return self };
        if !crate::text::strip_nul(&mut value) {
            return self;
        }
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
    /// Our own message came back. `key` is the parcel key where the platform carries it.
    EchoedByUs {
        message: PlatformMessageId,
        key: Option<String>,
    },
    /// A person of the business wrote in the platform's own inbox.
    EchoedByHuman(Said),
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

// ------------------------------------------------------------------ outbound

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
}

/// Why a message did not go out, and therefore what happens next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Shown to the agent, never retried.
    #[error("refused: {0}")]
    Refused(Reason),
    /// Retried after the pause that the platform asked for, in milliseconds.
    #[error("throttled for {0} ms")]
    Throttled(Millis),
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

// --------------------------------------------------- what the house lends out

/// Where events are stored. Returns only once they are durable.
#[async_trait]
pub trait Intake: Send + Sync {
    /// `bookmark`, where given, is stored in the same transaction as the events.
    async fn accept(&self, calls: Vec<RawCall>, bookmark: Option<serde_json::Value>) -> Result<(), IntakeError>;
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
