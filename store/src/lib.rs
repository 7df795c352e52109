//! How it is remembered: all SQL lives here and nowhere else.
//!
//! One SQL text and one row struct serve both engines (`on!` picks the
//! connection). Functions are methods of [`Conn`], grouped by noun; a write
//! needs a [`Tx`]. Nothing here decides: callers do.

mod db;
mod error;
mod held;
mod macros;
mod many;

pub mod agents;
pub mod answers;
pub mod canned;
pub mod customers;
pub mod files;
pub mod handoffs;
pub mod inboxes;
pub mod jobs;
pub mod leases;
pub mod ledger;
pub mod live;
pub mod merges;
pub mod messages;
pub mod misses;
pub mod orders;
pub mod outbox;
pub mod phrases;
mod places;
pub mod quotas;
pub mod receipts;
pub mod settings;
pub mod sights;
pub mod threads;
pub mod versions;
pub mod waiting;

pub use db::{Committed, Conn, Db, Tx};
pub use error::StoreError;
pub use held::Writer;
pub use sqlx::types::Json;

/// The result of every function of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A page of a keyset-paged list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}
