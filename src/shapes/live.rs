//! What the live stream carries.

use super::{Agent, Inbox, Message, Thread};
use serde::Serialize;
use utoipa::ToSchema;

/// One event of the live stream, told apart by `type`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The first of every stream. `fresh`: the cursor was too old or absent, so load the lists again.
    Hello {
        cursor: i64,
        fresh: bool,
    },
    /// A message is new or has changed.
    Message {
        thread_id: String,
        message: Box<Message>,
    },
    /// A row of the list has changed.
    Thread {
        thread: Box<Thread>,
    },
    /// The order of the thread's messages has changed: load it again.
    Resequenced {
        thread_id: String,
    },
    /// The thread was folded into another.
    ThreadGone {
        thread_id: String,
    },
    Inbox {
        inbox: Box<Inbox>,
    },
    Agent {
        agent: Box<Agent>,
    },
    /// The customer is typing. Has no id and is not replayed.
    Typing {
        thread_id: String,
        identity_id: Option<String>,
    },
}
