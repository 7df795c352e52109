//! Threads, as the list shows them and as one is opened.

use super::customer::{Handoff, Identity};
use super::list::Named;
use super::message::AuthorKind;
use onethread_core::Millis;
use onethread_store::threads::{self as store, ThreadRow};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStatus {
    Bot,
    Waiting,
    Assigned,
}

/// The one conversation of a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Thread {
    pub id: String,
    pub customer: ThreadCustomer,
    pub status: ThreadStatus,
    pub assignee: Option<Named>,
    /// `asked`, `complaint`, `not_understood`, `order_in_trouble`, `needs_person`, `agent_stepped` or
    /// `answered_elsewhere`.
    pub handoff_reason: Option<String>,
    /// Channel kinds of the customer's identities.
    pub channels: Vec<String>,
    pub last_message: Option<LastMessage>,
    pub waiting_since: Option<Millis>,
    pub unread: i64,
    pub language: Option<String>,
    pub last_identity_id: Option<String>,
    pub last_seq: i64,
    pub updated_at: Millis,
    pub created_at: Millis,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ThreadCustomer {
    pub id: String,
    pub name: String,
    pub avatar_url: Option<String>,
}

/// What the list shows of the newest message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastMessage {
    pub author: LastAuthor,
    pub text: String,
    pub channel: Option<String>,
    pub created_at: Millis,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastAuthor {
    pub kind: AuthorKind,
}

/// A thread with its customer's identities and its handoffs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ThreadDetail {
    #[serde(flatten)]
    pub thread: Thread,
    pub identities: Vec<Identity>,
    pub handoffs: Vec<Handoff>,
}

/// How many threads each view holds.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Counts {
    pub waiting: i64,
    pub mine: i64,
    pub bot: i64,
    pub all: i64,
    pub unread_mine: i64,
}

impl From<ThreadRow> for Thread {
    fn from(row: ThreadRow) -> Self {
        Self {
            status: match row.status.as_str() {
                "waiting" => ThreadStatus::Waiting,
                "assigned" => ThreadStatus::Assigned,
                _ => ThreadStatus::Bot,
            },
            customer: ThreadCustomer {
                id: row.customer_id,
                name: row.customer_name,
                avatar_url: row.avatar.map(|id| format!("/api/v1/files/{id}")),
            },
            assignee: Named::of(row.assignee_id, row.assignee_name),
            handoff_reason: row.handoff_reason,
            channels: row.channels.0,
            last_message: row.last_message.map(|message| message.0.into()),
            waiting_since: row.waiting_since,
            unread: row.unread,
            language: row.language,
            last_identity_id: row.last_identity_id,
            last_seq: row.last_seq,
            updated_at: row.last_activity_at,
            created_at: row.created_at,
            id: row.id,
        }
    }
}

impl From<store::LastMessage> for LastMessage {
    fn from(message: store::LastMessage) -> Self {
        Self {
            author: LastAuthor { kind: AuthorKind::of(&message.author) },
            text: message.text,
            channel: message.channel,
            created_at: message.created_at,
        }
    }
}

impl From<store::Counts> for Counts {
    fn from(counts: store::Counts) -> Self {
        Self { waiting: counts.waiting, mine: counts.mine, bot: counts.bot, all: counts.every, unread_mine: counts.unread_mine }
    }
}
