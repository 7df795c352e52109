//! One entry of a thread, and what it can carry.

use crate::ids::{AgentId, FileId};
use serde::{Deserialize, Serialize};

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    Customer,
    Bot,
    /// `id` is `None` for a person who answered in the platform's own inbox.
    Agent {
        id: Option<AgentId>,
        name: Option<String>,
    },
    System,
}

impl Author {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::Agent { .. } => "agent",
            Self::System => "system",
        }
    }
}

/// Where a message stands. Only outgoing ones move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Received,
    Queued,
    Sent,
    Delivered,
    Read,
    Failed,
    /// Perhaps sent; a person decides.
    Uncertain,
    /// A bot reply that a person overtook: not sent, or (error `cut_short`) not to its end.
    Withheld,
}

impl Status {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Withheld => "withheld",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Received, Self::Queued, Self::Sent, Self::Delivered, Self::Read, Self::Failed, Self::Uncertain, Self::Withheld]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a message status"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Image,
    Audio,
    Video,
    File,
    Sticker,
}

impl FileKind {
    /// The kind that a media type suggests.
    #[must_use]
    pub fn of_mime(mime: &str) -> Self {
        match mime.split('/').next() {
            Some("image") => Self::Image,
            Some("audio") => Self::Audio,
            Some("video") => Self::Video,
            _ => Self::File,
        }
    }
}

/// How far the copy of a customer's file has come. Platform links expire, so
/// we fetch at once; what could not be fetched stays visible as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    Fetching,
    Stored,
    Failed,
}

/// Something a message carries beside its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Attachment {
    File { id: FileId, kind: FileKind, name: Option<String>, mime: Option<String>, size: Option<i64>, state: FileState },
    Location { latitude: f64, longitude: f64, title: Option<String> },
    Contact { name: Option<String>, phone: String },
    Link { url: String, title: Option<String> },
}

/// A button under a reply. Pressing it sends `payload` back, or opens `url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// At most 20 characters, so that every channel can show it whole.
    pub label: String,
    #[serde(flatten)]
    pub action: ButtonAction,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// At most 64 bytes: the tightest platform's limit.
    Payload(String),
    Url(String),
}

impl Button {
    #[must_use]
    pub fn payload(label: impl Into<String>, payload: impl Into<String>) -> Self {
        Self { label: label.into(), action: ButtonAction::Payload(payload.into()) }
    }

    #[must_use]
    pub fn url(label: impl Into<String>, url: impl Into<String>) -> Self {
        Self { label: label.into(), action: ButtonAction::Url(url.into()) }
    }
}

/// What a message says, whoever says it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    #[serde(default)]
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// Show the platform's own "share my phone" control, with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_phone: Option<String>,
}

impl Content {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    #[must_use]
    pub fn with_buttons(mut self, buttons: Vec<Button>) -> Self {
        self.buttons = buttons;
        self
    }
}
