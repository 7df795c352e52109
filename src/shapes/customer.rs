//! Customers with all that the side panel shows.

use super::list::Named;
use super::order::Order;
use onethread_core::Millis;
use onethread_core::channel::Voice;
use onethread_core::window::{Reach, Window, reach};
use onethread_store::customers::{self as store, IdentityRow};
use onethread_store::handoffs::HandoffRow;
use onethread_store::merges::MergeRow;
use serde::Serialize;
use utoipa::ToSchema;

/// A customer as a list shows them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerRow {
    pub id: String,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub note: String,
    pub language: Option<String>,
    /// The customer that this one was folded into.
    pub merged_into: Option<String>,
    pub thread_id: String,
    pub channels: Vec<String>,
    pub created_at: Millis,
}

/// A customer with identities, orders, past handoffs and merges.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Customer {
    #[serde(flatten)]
    pub customer: CustomerRow,
    /// The picture that a platform gave.
    pub avatar_url: Option<String>,
    pub identities: Vec<Identity>,
    /// Orders of the customer's phone numbers, latest change first.
    pub orders: Vec<Order>,
    /// Newest first.
    pub handoffs: Vec<Handoff>,
    /// Newest first; undone ones are gone.
    pub merges: Vec<Merge>,
}

/// A customer's address on one inbox.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Identity {
    pub id: String,
    pub inbox_id: String,
    pub inbox_name: String,
    pub channel: String,
    pub name: String,
    /// The platform's id for the person, all but its end hidden.
    pub address: String,
    pub verified_phone: Option<String>,
    pub reachable: Reachable,
    /// Up to ten seconds before they did something last.
    pub last_interaction_at: Option<Millis>,
}

/// Whether an agent can write there now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reachable {
    pub state: ReachableState,
    /// Open until; null where there is no window.
    pub until: Option<Millis>,
    /// What writing there costs or asks.
    pub note: Option<String>,
    /// Closed or blocked since.
    pub since: Option<Millis>,
    /// The inbox is paused, for this reason: what is written now waits there.
    pub paused: Option<String>,
    /// What is left of the account's quota, where a message there takes one.
    pub quota: Option<Quota>,
}

/// What a platform said is left of an account's messages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quota {
    pub remaining: i64,
    pub total: Option<i64>,
    /// When the platform said so.
    pub noted_at: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReachableState {
    Open,
    Closed,
    /// The customer was never seen doing anything there; the platform will say.
    Unknown,
    Blocked,
}

/// One episode of human care.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Handoff {
    pub id: String,
    pub reason: String,
    pub opened_at: Millis,
    pub assigned_at: Option<Millis>,
    pub resolved_at: Option<Millis>,
    pub agent: Option<Named>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Merge {
    pub id: String,
    pub from: Named,
    pub merged_at: Millis,
    #[schema(value_type = Named)]
    pub by: serde_json::Value,
    pub undoable: bool,
}

/// Another customer who may be the same person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Suggestion {
    pub customer: SuggestedCustomer,
    pub why: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestedCustomer {
    pub id: String,
    pub name: String,
    pub channels: Vec<String>,
    pub thread_id: String,
}

impl CustomerRow {
    #[must_use]
    pub fn of(row: store::CustomerRow, thread_id: String, channels: Vec<String>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            phone: row.phone,
            email: row.email,
            note: row.note,
            language: row.language,
            merged_into: row.merged_into,
            thread_id,
            channels,
            created_at: row.created_at,
        }
    }
}

impl Identity {
    /// `windows` are those of the identity's channel.
    #[must_use]
    pub fn of(row: IdentityRow, windows: &[Window], now: Millis) -> Self {
        Self {
            reachable: Reachable::of(&row, windows, now),
            address: masked(&row.address),
            name: row.name.unwrap_or_default(),
            id: row.id,
            inbox_id: row.inbox_id,
            inbox_name: row.inbox_name,
            channel: row.channel,
            verified_phone: row.verified_phone,
            last_interaction_at: row.last_interaction_at,
        }
    }
}

impl Reachable {
    fn of(row: &IdentityRow, windows: &[Window], now: Millis) -> Self {
        let none = Self { state: ReachableState::Unknown, until: None, note: None, since: None, paused: None, quota: None };
        if let Some(at) = row.blocked_at {
            return Self { state: ReachableState::Blocked, since: Some(at), ..none };
        }
        match reach(windows, row.last_interaction_at, Voice::Person, now) {
            Reach::Open { until, note } => {
                Self { state: ReachableState::Open, until, note: Some(note).filter(|note| !note.is_empty()), ..none }
            }
            Reach::Closed { since } => Self { state: ReachableState::Closed, since: Some(since), ..none },
            Reach::Unknown => none,
        }
    }
}

/// `…6789`: enough to tell two apart.
fn masked(address: &str) -> String {
    let end: Vec<char> = address.chars().rev().take(4).collect();
    let end: String = end.into_iter().rev().collect();
    if address.chars().count() <= 4 { "…".to_owned() } else { format!("…{end}") }
}

impl From<HandoffRow> for Handoff {
    fn from(row: HandoffRow) -> Self {
        Self {
            id: row.id,
            reason: row.reason,
            opened_at: row.opened_at,
            assigned_at: row.assigned_at,
            resolved_at: row.resolved_at,
            agent: Named::of(row.agent_id, row.agent_name),
        }
    }
}

impl Merge {
    /// Of a customer's merges, newest first, only the newest can be undone.
    #[must_use]
    pub fn list(rows: Vec<MergeRow>) -> Vec<Self> {
        let shape = |(place, row): (usize, MergeRow)| Self {
            id: row.id,
            from: Named { id: row.from_customer, name: row.from_name },
            merged_at: row.merged_at,
            by: row.merged_by.0,
            undoable: place == 0,
        };
        rows.into_iter().enumerate().map(shape).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_end_is_shown() {
        assert_eq!(masked("7012345678"), "…5678");
        assert_eq!(masked("123"), "…");
    }
}
