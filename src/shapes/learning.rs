//! What the bot missed, what it is taught, and the versions of that.

use crate::learning::{self, Does, Figures, Outcome, Rehearsal, Target};
use onethread_core::Millis;
use onethread_store::phrases::PhraseRow;
use onethread_store::versions::VersionRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    Intent,
    /// Of the FAQ.
    Answer,
    /// Not for the bot.
    NotMine,
}

impl TargetKind {
    fn of(target: &Target) -> Self {
        match target {
            Target::Intent(_) => Self::Intent,
            Target::Answer(_) => Self::Answer,
            Target::NotMine => Self::NotMine,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Answer => "answer",
            Self::NotMine => "not_mine",
        }
    }
}

/// Where learning stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LearningStanding {
    /// The newest version; 0 is what the bot came with.
    pub live: i64,
    /// The version that the bot of the process that answers has learnt; soon the same.
    pub learnt: i64,
    /// Names the draft as it is now; to be given when it is published.
    pub draft: String,
    pub phrases: usize,
    /// Phrases of the draft that the live version has not, or as something else.
    pub added: usize,
    /// Phrases that only the live version has.
    pub removed: usize,
    /// The bot is being trained on the draft.
    pub training: bool,
    /// Missed messages that nobody has filed or dismissed (2,000 stands for more).
    pub missed: i64,
}

impl From<learning::Standing> for LearningStanding {
    fn from(standing: learning::Standing) -> Self {
        let learning::Standing { live, learnt, stamp, phrases, added, removed, training, missed } = standing;
        Self { live, learnt, draft: stamp, phrases, added, removed, training, missed }
    }
}

/// What a group might mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestedTarget {
    pub kind: TargetKind,
    /// The intent's name, the answer's id, or empty.
    pub target: String,
    pub probability: f64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissedExample {
    pub message_id: String,
    pub thread_id: String,
    pub text: String,
    pub at: Millis,
    /// Messages of the group with this very text.
    pub times: usize,
}

/// Missed messages that say much the same.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissedGroup {
    /// All messages of the group; what is filed or dismissed.
    pub message_ids: Vec<String>,
    pub language: String,
    pub newest_at: Millis,
    /// The most typical first; at most 12.
    pub examples: Vec<MissedExample>,
    /// The likeliest first.
    pub suggestions: Vec<SuggestedTarget>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissedMessages {
    /// The largest first; at most 60.
    pub groups: Vec<MissedGroup>,
    /// Messages in all groups, shown or not.
    pub messages: usize,
    /// Older messages of these days were left out.
    pub more: bool,
}

impl From<learning::Missed> for MissedMessages {
    fn from(missed: learning::Missed) -> Self {
        let groups = missed.groups.into_iter().map(MissedGroup::from).collect();
        Self { groups, messages: missed.messages, more: missed.more }
    }
}

impl From<learning::Group> for MissedGroup {
    fn from(group: learning::Group) -> Self {
        let example = |example: learning::Example| MissedExample {
            message_id: example.message,
            thread_id: example.thread,
            text: example.text,
            at: example.at,
            times: example.times,
        };
        let suggestion = |suggestion: learning::Suggestion| SuggestedTarget {
            kind: TargetKind::of(&suggestion.target),
            target: suggestion.target.name().to_owned(),
            probability: suggestion.probability.into(),
        };
        Self {
            message_ids: group.messages,
            language: group.language.as_str().to_owned(),
            newest_at: group.newest_at,
            examples: group.examples.into_iter().map(example).collect(),
            suggestions: group.suggestions.into_iter().map(suggestion).collect(),
        }
    }
}

/// A text, and what it means to this shop.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Phrase {
    pub id: String,
    pub language: String,
    /// `intent`, `answer` or `not_mine`.
    pub kind: String,
    /// The intent's name, the answer's id, or empty.
    pub target: String,
    pub text: String,
    /// The customer's message that it was.
    pub message_id: Option<String>,
    pub added_by: String,
    pub added_at: Millis,
    /// The live version has it too, with the same meaning.
    pub live: bool,
}

impl Phrase {
    fn of(row: PhraseRow, live: bool) -> Self {
        let PhraseRow { id, key: _, language, kind, target, text, message_id, added_by, added_at } = row;
        Self { id, language, kind, target, text, message_id, added_by, added_at, live }
    }
}

/// The draft: its phrases, newest first, and what the live version has beside them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhraseList {
    pub items: Vec<Phrase>,
    /// Only in the live version: the next one will not have them.
    pub removed: Vec<Phrase>,
}

impl From<learning::Waiting> for PhraseList {
    fn from(waiting: learning::Waiting) -> Self {
        Self {
            items: waiting.phrases.into_iter().map(|(row, live)| Phrase::of(row, live)).collect(),
            removed: waiting.removed.into_iter().map(|row| Phrase::of(row, true)).collect(),
        }
    }
}

/// What the bot makes of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RehearsalOutcome {
    /// `tells` an answer, `asks` whether it is meant, `acts` on an intent, `misses`, or something `else`.
    pub does: &'static str,
    /// The answer's id or the intent's name.
    pub target: Option<String>,
    pub probability: f64,
}

impl From<Outcome> for RehearsalOutcome {
    fn from(outcome: Outcome) -> Self {
        let does = match outcome.does {
            Does::Tells(_) => "tells",
            Does::Asks(_) => "asks",
            Does::Acts(_) => "acts",
            Does::Misses => "misses",
            Does::Else => "else",
        };
        let target = outcome.does.target().map(|target| target.name().to_owned());
        Self { does, target, probability: outcome.probability.into() }
    }
}

/// A text to which the bot would react otherwise.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RehearsalChange {
    pub text: String,
    pub message_id: String,
    pub thread_id: String,
    pub times: usize,
    pub before: RehearsalOutcome,
    pub after: RehearsalOutcome,
    /// The draft has this very text: the change was wanted.
    pub taught: bool,
}

/// Messages, counted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RehearsalFigures {
    pub days: u32,
    pub messages: usize,
    pub understood_before: usize,
    pub understood_after: usize,
    /// Missed before, understood after.
    pub gained: usize,
    /// Understood before, missed after.
    pub lost: usize,
    /// Understood, but as something else.
    pub changed: usize,
}

impl From<Figures> for RehearsalFigures {
    fn from(figures: Figures) -> Self {
        let Figures { days, messages, understood_before, understood_after, gained, lost, changed } = figures;
        Self { days, messages, understood_before, understood_after, gained, lost, changed }
    }
}

/// What customers wrote lately, replayed against the draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RehearsalReport {
    /// Names the draft that was rehearsed.
    pub draft: String,
    /// The version that it was compared with.
    pub live: i64,
    pub figures: RehearsalFigures,
    /// What would be lost first; at most 200.
    pub changes: Vec<RehearsalChange>,
    /// Only the newest 5,000 messages were replayed.
    pub more: bool,
}

impl RehearsalReport {
    #[must_use]
    pub fn of(rehearsal: Rehearsal, draft: String, live: i64) -> Self {
        let change = |change: learning::Change| RehearsalChange {
            text: change.text,
            message_id: change.message,
            thread_id: change.thread,
            times: change.times,
            before: change.before.into(),
            after: change.after.into(),
            taught: change.taught,
        };
        let changes = rehearsal.changes.into_iter().map(change).collect();
        Self { draft, live, figures: rehearsal.figures.into(), changes, more: rehearsal.more }
    }
}

/// A version of what the shop taught the bot. The newest is live.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    pub number: i64,
    pub phrases: i64,
    pub note: String,
    /// The version that this one brought back.
    pub restores: Option<i64>,
    /// What its rehearsal showed.
    pub figures: Option<RehearsalFigures>,
    pub published_by: String,
    pub published_at: Millis,
}

impl From<VersionRow> for Version {
    fn from(row: VersionRow) -> Self {
        let figures = row.figures.and_then(|figures| serde_json::from_value::<Figures>(figures.0).ok());
        Self {
            number: row.number,
            phrases: row.size,
            note: row.note,
            restores: row.restores,
            figures: figures.map(RehearsalFigures::from),
            published_by: row.published_by,
            published_at: row.published_at,
        }
    }
}
