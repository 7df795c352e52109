//! Answers to frequent questions, canned replies, and what the bot would understand.

use onethread_core::Millis;
use onethread_store::answers::{self as store, AnswerRow};
use onethread_store::canned::CannedReplyRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer in one language; an empty text means that there is none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wording {
    pub text: String,
    /// Ways in which customers ask for it.
    pub questions: Vec<String>,
}

impl From<store::Wording> for Wording {
    fn from(wording: store::Wording) -> Self {
        Self { text: wording.text, questions: wording.questions }
    }
}

/// An entry of the FAQ.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Answer {
    pub id: String,
    /// For agents; customers see it only as a button's label.
    pub title: String,
    pub enabled: bool,
    pub vi: Wording,
    pub en: Wording,
    pub updated_at: Millis,
}

impl From<AnswerRow> for Answer {
    fn from(row: AnswerRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            enabled: row.enabled,
            vi: row.vi.0.into(),
            en: row.en.0.into(),
            updated_at: row.updated_at,
        }
    }
}

/// A text that an agent calls up by its shortcut.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CannedReply {
    pub id: String,
    /// Without the slash.
    pub shortcut: String,
    /// `{customer}`, `{agent}` and `{shop}` are filled in by the console.
    pub text: String,
    pub updated_at: Millis,
}

impl From<CannedReplyRow> for CannedReply {
    fn from(row: CannedReplyRow) -> Self {
        Self { id: row.id, shortcut: row.shortcut, text: row.text, updated_at: row.updated_at }
    }
}

/// What the bot would understand by a text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reading {
    pub language: String,
    /// Likeliest first.
    pub intents: Vec<ScoredIntent>,
    /// How likely it is that no intent and no answer fits.
    pub not_mine: f64,
    pub answers: Vec<ScoredAnswer>,
    /// Order codes, phone numbers and dates in the text.
    #[schema(value_type = Vec<Object>)]
    pub entities: Vec<serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScoredIntent {
    pub intent: String,
    pub probability: f64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScoredAnswer {
    pub id: String,
    pub title: String,
    pub probability: f64,
}
