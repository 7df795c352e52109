//! Inboxes, without their secrets, and the calls that nobody could read.

use onethread_core::Millis;
use onethread_store::inboxes::InboxRow;
use onethread_store::ledger::Entry;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxState {
    Active,
    /// The queue is kept.
    Paused,
    /// History stays.
    Disabled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    Healthy,
    Unhealthy,
    Unknown,
}

/// A connected account of the business.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Inbox {
    pub id: String,
    pub channel: String,
    pub name: String,
    /// Where the platform calls us.
    pub hook_url: String,
    /// The settings that are not secret.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Names of the secret settings that are set.
    pub secrets: Vec<String>,
    pub state: InboxState,
    pub pause_reason: Option<String>,
    pub health: Health,
    pub created_at: Millis,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Health {
    pub state: HealthState,
    /// What is wrong and what to do; empty when healthy.
    pub reason: String,
    pub since: Option<Millis>,
    pub checked_at: Option<Millis>,
    pub last_heard_at: Option<Millis>,
    /// What the platform calls the account.
    pub account_name: Option<String>,
}

impl Inbox {
    #[must_use]
    pub fn of(row: InboxRow, hook_url: String, secrets: Vec<String>) -> Self {
        let health = row.health.0;
        let health = Health {
            state: match health.healthy {
                Some(true) => HealthState::Healthy,
                Some(false) => HealthState::Unhealthy,
                None => HealthState::Unknown,
            },
            since: health.healthy.map(|_| health.since),
            reason: health.reason,
            checked_at: health.checked_at,
            last_heard_at: row.last_heard_at,
            account_name: health.account_name,
        };
        Self {
            state: match row.state.as_str() {
                "active" => InboxState::Active,
                "paused" => InboxState::Paused,
                _ => InboxState::Disabled,
            },
            settings: row.settings.0.0,
            id: row.id,
            channel: row.channel,
            name: row.name,
            hook_url,
            secrets,
            pause_reason: row.pause_reason,
            health,
            created_at: row.created_at,
        }
    }
}

/// A platform's call that was authentic and could not be read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeadLetter {
    pub id: String,
    pub inbox_id: String,
    /// Null where the inbox is gone.
    pub channel: Option<String>,
    pub received_at: Millis,
    pub error: String,
    /// The body as text, at most 64 kB of it.
    pub body: String,
}

const SHOWN_BODY: usize = 64 * 1024;

impl DeadLetter {
    #[must_use]
    pub fn of(entry: Entry, channel: Option<String>) -> Self {
        let shown = &entry.call.body[..entry.call.body.len().min(SHOWN_BODY)];
        Self {
            id: entry.position.to_string(),
            inbox_id: entry.inbox_id.0,
            channel,
            received_at: entry.received_at,
            error: entry.error.unwrap_or_default(),
            body: String::from_utf8_lossy(shown).into_owned(),
        }
    }
}
