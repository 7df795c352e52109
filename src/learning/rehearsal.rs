//! A rehearsal: what customers wrote lately, answered by the live bot and by the draft. Nothing is sent
//! and nothing is written; each message is taken for the first of its conversation.

use super::{LearningError, Target, since};
use crate::bot::{self, BotContext, Heard, IdentityView, OrdersView, Turn};
use crate::brain::Mind;
use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::text::excerpt;
use onethread_intents::{Context, Reading};
use onethread_store::misses::Written;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Messages that are replayed: the newest.
pub const MOST_MESSAGES: i64 = 5_000;
/// Changes that are listed; all are counted.
const MOST_CHANGES: usize = 200;
const TEXT_LENGTH: usize = 280;

/// What the bot makes of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub does: Does,
    pub probability: f32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Tells this answer.
    Tells(String),
    /// Asks whether one of these is meant.
    Asks(Vec<String>),
    /// Acts on an intent.
    Acts(onethread_intents::Intent),
    /// Has nothing to say to it.
    Misses,
    /// Answers a courtesy, a file, a sign.
    Else,
}

/// A text whose outcome changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub text: String,
    pub message: String,
    pub thread: String,
    /// Messages with this text.
    pub times: usize,
    pub before: Outcome,
    pub after: Outcome,
    /// The draft has this very text: the change is what was wanted.
    pub taught: bool,
}

/// Messages counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
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

pub struct Rehearsal {
    pub figures: Figures,
    /// What would be lost first, then what changes, then what is gained; of each what was not taught first.
    pub changes: Vec<Change>,
    /// Older messages were left out.
    pub more: bool,
}

/// Replay what customers wrote in so many days against the draft. `draft` is the mind that has learnt it.
pub async fn rehearse(
    gateway: &Gateway,
    draft: std::sync::Arc<crate::brain::Draft>,
    days: u32,
) -> Result<Rehearsal, LearningError> {
    let rows = gateway.db.read().await?.written_since(since(gateway, days), MOST_MESSAGES).await?;
    let (live, now) = (gateway.brain.mind(), gateway.clock.now());
    let playing = tokio::task::spawn_blocking(move || play(&live, &draft.mind, &rows, days, now));
    playing.await.map_err(|error| LearningError::Training(error.into()))
}

fn play(live: &Mind, draft: &Mind, rows: &[Written], days: u32, now: Millis) -> Rehearsal {
    let mut texts: Vec<(&Written, usize)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for row in rows.iter().filter(|row| !row.content.0.text.trim().is_empty()) {
        let place = *places.entry(row.content.0.text.trim()).or_insert(texts.len());
        match texts.get_mut(place) {
            Some((_, times)) => *times += 1,
            None => texts.push((row, 1)),
        }
    }
    let mut figures = Figures { days, ..Figures::default() };
    let mut changes = Vec::new();
    for (row, times) in texts {
        let text = row.content.0.text.as_str();
        let (before, after) = (outcome(live, text, now), outcome(draft, text, now));
        figures.count(&before.does, &after.does, times);
        if before.does != after.does {
            changes.push(Change {
                text: excerpt(text, TEXT_LENGTH),
                message: row.id.clone(),
                thread: row.thread_id.clone(),
                times,
                taught: is_taught(draft, live, text),
                before,
                after,
            });
        }
    }
    changes.sort_by_key(|change| (change.rank(), change.taught, usize::MAX - change.times));
    changes.truncate(MOST_CHANGES);
    let more = i64::try_from(rows.len()).is_ok_and(|count| count >= MOST_MESSAGES);
    Rehearsal { figures, changes, more }
}

/// By the draft, and not by the live version as the same.
fn is_taught(draft: &Mind, live: &Mind, text: &str) -> bool {
    let now = draft.lessons().taught.target(text);
    now.is_some() && now != live.lessons().taught.target(text)
}

fn outcome(mind: &Mind, text: &str, now: Millis) -> Outcome {
    let reading = mind.read(text, &Context::default());
    let identity = IdentityView { channel_buttons: 3, ..IdentityView::default() };
    let heard = Heard { text, payload: None, shared_phone: None, attachments: 0, reading: &reading, identity };
    let shop = mind.shop_at(now);
    let (context, orders) = (BotContext::default(), OrdersView::default());
    let decision = bot::decide(&context, &Turn { heard, orders: &orders, answers: &mind.answers, shop: &shop, now });
    let offered: Vec<String> =
        decision.context.offered.iter().filter_map(|offer| offer.payload.strip_prefix("answer:")).map(str::to_owned).collect();
    let does = match (decision.missed, decision.told, decision.understood) {
        (true, ..) => Does::Misses,
        (_, Some(answer), _) => Does::Tells(answer),
        _ if !offered.is_empty() => Does::Asks(offered),
        (.., Some((intent, _))) => Does::Acts(intent),
        _ => Does::Else,
    };
    Outcome { probability: does.probability(&reading), does }
}

impl Does {
    fn probability(&self, reading: &Reading) -> f32 {
        let told =
            |id: &String| reading.answers.iter().find(|answer| answer.value == *id).map_or(0.0, |answer| answer.probability);
        match self {
            Self::Tells(id) => told(id),
            Self::Asks(ids) => ids.first().map_or(0.0, told),
            Self::Acts(intent) => {
                reading.intents.iter().find(|scored| scored.value == *intent).map_or(0.0, |scored| scored.probability)
            }
            Self::Misses => reading.not_mine,
            Self::Else => 0.0,
        }
    }

    fn is_miss(&self) -> bool {
        *self == Self::Misses
    }

    /// What it is about, where it is one thing.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Tells(id) => Some(Target::Answer(id.clone())),
            Self::Asks(ids) => ids.first().cloned().map(Target::Answer),
            Self::Acts(intent) => Some(Target::Intent(*intent)),
            Self::Misses | Self::Else => None,
        }
    }
}

impl Change {
    fn rank(&self) -> u8 {
        match (self.before.does.is_miss(), self.after.does.is_miss()) {
            (false, true) => 0,
            (false, false) => 1,
            (true, _) => 2,
        }
    }
}

impl Figures {
    fn count(&mut self, before: &Does, after: &Does, times: usize) {
        self.messages += times;
        self.understood_before += usize::from(!before.is_miss()) * times;
        self.understood_after += usize::from(!after.is_miss()) * times;
        match (before.is_miss(), after.is_miss()) {
            (true, false) => self.gained += times,
            (false, true) => self.lost += times,
            _ => self.changed += usize::from(before != after) * times,
        }
    }
}
