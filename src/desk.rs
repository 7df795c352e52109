//! What agents do: take, assign, answer, resolve, merge and part. Each verb is
//! one transaction; who may call it is the API's business.

mod merging;
mod moves;
mod saying;

pub use merging::{merge, unmerge};
pub use moves::{assign, release, resolve, return_to_bot, seen, take, typing};
pub use saying::{Said, Saying, arrived, reachable, retry, say};

use crate::auth::Actor;
use onethread_core::ids::IdentityId;
use onethread_core::thread::CannotMove;
use onethread_store::StoreError;

/// Why somebody cannot be written to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    /// In one word, as a message's error has it.
    pub code: &'static str,
    pub why: String,
}

impl Barred {
    fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

/// Why the desk refuses.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    CannotMove(#[from] CannotMove),
    #[error("the message is empty")]
    Empty,
    #[error("the message is longer than 20,000 characters; send it in parts")]
    TooLong,
    #[error("this thread has nobody to write to yet")]
    Nobody,
    #[error("this identity does not belong to the thread's customer")]
    Stranger,
    #[error("the file `{0}` is not yours to send; upload it first")]
    NoSuchFile(String),
    #[error("{name}: {reason}")]
    BadFile { name: String, reason: String },
    /// With the identities that can be reached instead.
    #[error("{}", .barred.why)]
    CannotReach { barred: Barred, alternatives: Vec<IdentityId> },
    #[error("only a failed or uncertain message can be sent again")]
    NothingToRetry,
    #[error("only an uncertain message can be settled by hand")]
    NotUncertain,
    #[error("a customer cannot be merged with themself")]
    SameCustomer,
    #[error("this customer is already part of another; open that one")]
    AlreadyMerged,
    #[error("there is nothing to undo")]
    NothingToUndo,
    #[error("undo the later merge first: this customer is part of `{0}` now")]
    LaterMergeFirst(String),
    #[error("an agent who is disabled cannot be given a thread")]
    AgentDisabled,
}
