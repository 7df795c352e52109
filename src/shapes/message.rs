//! Messages. Customers' text is text: nothing here marks it up.

use onethread_core::Millis;
use onethread_core::message::{self as core, ButtonAction, FileKind};
use onethread_core::text::excerpt;
use onethread_store::messages::{MessageError, MessageRow, Reaction};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    Customer,
    Bot,
    Agent,
    System,
}

impl AuthorKind {
    pub(super) fn of(text: &str) -> Self {
        match text {
            "customer" => Self::Customer,
            "bot" => Self::Bot,
            "agent" => Self::Agent,
            _ => Self::System,
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageAuthor {
    pub kind: AuthorKind,
    /// Null for everybody but agents, and for a person who answered in the platform's own inbox.
    pub id: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
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

impl MessageStatus {
    fn of(text: &str) -> Self {
        match text {
            "received" => Self::Received,
            "queued" => Self::Queued,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "failed" => Self::Failed,
            "withheld" => Self::Withheld,
            _ => Self::Uncertain,
        }
    }
}

/// One entry of a thread.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Message {
    pub id: String,
    pub thread_id: String,
    pub seq: i64,
    pub author: MessageAuthor,
    /// Seen by agents only.
    pub note: bool,
    pub channel: Option<String>,
    pub identity_id: Option<String>,
    pub text: String,
    pub attachments: Vec<Attachment>,
    pub buttons: Vec<Button>,
    pub reply_to: Option<Quote>,
    pub status: MessageStatus,
    pub error: Option<SendError>,
    /// What the platform called it, where it cannot be shown.
    pub unsupported: Option<String>,
    pub edited_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
    pub reactions: Vec<MessageReaction>,
    /// What happened, for a system line: an object with `type`.
    #[schema(value_type = Option<Object>)]
    pub event: Option<serde_json::Value>,
    /// What the bot understood.
    #[schema(value_type = Option<MessageIntent>)]
    pub intent: Option<serde_json::Value>,
    pub client_id: Option<String>,
    pub platform_at: Option<Millis>,
    pub created_at: Millis,
}

/// Documents what `intent` holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageIntent {
    name: String,
    probability: f64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quote {
    pub id: String,
    pub seq: i64,
    pub text: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SendError {
    pub code: String,
    pub detail: String,
    /// A part of the message had gone before; what is said here is of the rest.
    pub in_part: bool,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageReaction {
    pub emoji: String,
    pub by: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Attachment {
    File {
        id: String,
        kind: AttachmentKind,
        name: Option<String>,
        mime: Option<String>,
        size: Option<i64>,
        state: AttachmentState,
        url: String,
    },
    Location {
        latitude: f64,
        longitude: f64,
        title: Option<String>,
    },
    Contact {
        name: Option<String>,
        phone: String,
    },
    Link {
        url: String,
        title: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    Image,
    Audio,
    Video,
    File,
    Sticker,
}

impl From<FileKind> for AttachmentKind {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::Image => Self::Image,
            FileKind::Audio => Self::Audio,
            FileKind::Video => Self::Video,
            FileKind::File => Self::File,
            FileKind::Sticker => Self::Sticker,
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentState {
    Fetching,
    Stored,
    Failed,
}

/// Either sends `payload` back or opens `url`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Button {
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl From<core::Button> for Button {
    fn from(button: core::Button) -> Self {
        let (payload, url) = match button.action {
            ButtonAction::Payload(payload) => (Some(payload), None),
            ButtonAction::Url(url) => (None, Some(url)),
        };
        Self { label: button.label, payload, url }
    }
}

impl From<core::Attachment> for Attachment {
    fn from(attachment: core::Attachment) -> Self {
        match attachment {
            core::Attachment::File { id, kind, name, mime, size, state } => Self::File {
                url: format!("/api/v1/files/{id}"),
                id: id.0,
                kind: kind.into(),
                name,
                mime,
                size,
                state: match state {
                    core::FileState::Fetching => AttachmentState::Fetching,
                    core::FileState::Stored => AttachmentState::Stored,
                    core::FileState::Failed => AttachmentState::Failed,
                },
            },
            core::Attachment::Location { latitude, longitude, title } => Self::Location { latitude, longitude, title },
            core::Attachment::Contact { name, phone } => Self::Contact { name, phone },
            core::Attachment::Link { url, title } => Self::Link { url, title },
        }
    }
}

impl From<core::Author> for MessageAuthor {
    fn from(author: core::Author) -> Self {
        let kind = AuthorKind::of(author.kind());
        match author {
            core::Author::Agent { id, name } => Self { kind, id: id.map(|id| id.0), name },
            _ => Self { kind, id: None, name: None },
        }
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        let quote = |content: Option<core::Content>| content.map_or_else(String::new, |content| excerpt(&content.text, 140));
        let quoted = quote(row.reply_content.map(|content| content.0));
        let content = row.content.0;
        Self {
            author: row.author.0.into(),
            note: row.note,
            channel: row.channel,
            identity_id: row.identity_id,
            text: content.text,
            attachments: content.attachments.into_iter().map(Attachment::from).collect(),
            buttons: content.buttons.into_iter().map(Button::from).collect(),
            reply_to: row.reply_to.zip(row.reply_seq).map(|(id, seq)| Quote { id, seq, text: quoted }),
            status: MessageStatus::of(&row.status),
            error: row.error.map(|error| error.0.into()),
            unsupported: row.unsupported,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            reactions: row.reactions.0.into_iter().map(MessageReaction::from).collect(),
            event: row.event.map(|event| event.0),
            intent: row.intent.map(|intent| intent.0),
            client_id: row.client_id,
            platform_at: row.platform_at,
            created_at: row.created_at,
            id: row.id,
            thread_id: row.thread_id,
            seq: row.seq,
        }
    }
}

impl From<MessageError> for SendError {
    fn from(error: MessageError) -> Self {
        // Of what was cut short, that used to be said by the code alone.
        Self { in_part: error.in_part || error.code == "cut_short", code: error.code, detail: error.detail }
    }
}

impl From<Reaction> for MessageReaction {
    fn from(reaction: Reaction) -> Self {
        Self { emoji: reaction.emoji, by: reaction.by }
    }
}
