//! Agents, the signed-in one among them, and tokens.

use onethread_core::Millis;
use onethread_store::agents::{AgentRow, TokenRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    Admin,
    Agent,
}

impl RoleName {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
        }
    }

    pub(super) fn of(text: &str) -> Self {
        if text == "admin" { Self::Admin } else { Self::Agent }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Online,
    Away,
}

impl Availability {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
        }
    }

    fn of(text: &str) -> Self {
        if text == "away" { Self::Away } else { Self::Online }
    }
}

/// The language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Vi,
    En,
}

impl Language {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    fn of(text: &str) -> Self {
        if text == "en" { Self::En } else { Self::Vi }
    }
}

/// Someone who answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Agent {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: RoleName,
    pub disabled: bool,
    pub availability: Availability,
    /// How many threads are theirs now.
    pub open_threads: i64,
    pub created_at: Millis,
}

impl From<AgentRow> for Agent {
    fn from(row: AgentRow) -> Self {
        Self {
            role: RoleName::of(&row.role),
            availability: Availability::of(&row.availability),
            id: row.id,
            email: row.email,
            name: row.name,
            disabled: row.disabled,
            open_threads: row.open_threads,
            created_at: row.created_at,
        }
    }
}

/// The signed-in agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Me {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: RoleName,
    pub language: Language,
    pub availability: Availability,
    pub shop: Shop,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shop {
    pub name: String,
}

impl Me {
    #[must_use]
    pub fn of(row: AgentRow, shop_name: String) -> Self {
        Self {
            role: RoleName::of(&row.role),
            language: Language::of(&row.language),
            availability: Availability::of(&row.availability),
            id: row.id,
            email: row.email,
            name: row.name,
            shop: Shop { name: shop_name },
        }
    }
}

/// A key for programs. The secret itself is shown once, when it is made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub role: RoleName,
    pub created_at: Millis,
    pub last_used_at: Option<Millis>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        let role = RoleName::of(&row.role);
        Self { role, id: row.id, name: row.name, created_at: row.created_at, last_used_at: row.last_used_at }
    }
}
