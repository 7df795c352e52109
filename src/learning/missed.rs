//! What the bot missed lately, as people can look at it: messages that say much the same together,
//! each group with what it might mean.

use super::{LearningError, Lessons, Target, has_words, key, since};
use crate::brain::Mind;
use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::text::excerpt;
use onethread_intents::{Context, Intent, Language, Reading};
use onethread_store::misses::Written;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Messages that are looked at: the newest.
pub const MOST_MESSAGES: i64 = 2_000;
/// Groups that a page shows. Whoever has filed these finds the next ones.
const MOST_GROUPS: usize = 60;
const MOST_EXAMPLES: usize = 12;
const EXAMPLE_LENGTH: usize = 280;
const MOST_SUGGESTIONS: usize = 4;
/// Less likely than this is no suggestion.
const POSSIBLE: f32 = 0.08;
/// Members of a group that are read for its suggestions.
const READ_FOR_SUGGESTIONS: usize = 20;

#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    pub groups: Vec<Group>,
    /// Messages in all groups, shown or not.
    pub messages: usize,
    /// Older ones were left out.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// All of them, the most typical first.
    pub messages: Vec<String>,
    pub language: Language,
    pub newest_at: Millis,
    /// Different texts, the most typical first.
    pub examples: Vec<Example>,
    /// The likeliest first.
    pub suggestions: Vec<Suggestion>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub message: String,
    pub thread: String,
    pub text: String,
    pub at: Millis,
    /// Messages of the group with this very text.
    pub times: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    pub target: Target,
    pub probability: f32,
}

/// What was missed in so many days and is not dealt with.
pub async fn missed(gateway: &Gateway, days: u32) -> Result<Missed, LearningError> {
    let mut conn = gateway.db.read().await?;
    let rows = conn.open_misses(since(gateway, days), MOST_MESSAGES).await?;
    let draft = Lessons::of(&conn.phrases().await?);
    drop(conn);
    let mind = gateway.brain.mind();
    let sorting = tokio::task::spawn_blocking(move || sort(&mind, rows, &draft));
    sorting.await.map_err(|error| LearningError::Training(error.into()))
}

/// A text that is in the draft already waits for its publishing, not for its filing.
fn sort(mind: &Arc<Mind>, rows: Vec<Written>, draft: &Lessons) -> Missed {
    let more = i64::try_from(rows.len()).is_ok_and(|count| count >= MOST_MESSAGES);
    let open = |row: &Written| {
        let text = &row.content.0.text;
        has_words(text) && draft.taught.target(text).is_none()
    };
    let rows: Vec<Written> = rows.into_iter().filter(open).collect();
    let texts: Vec<&str> = rows.iter().map(|row| row.content.0.text.as_str()).collect();
    let groups = mind.matcher.group(&texts);
    let shown = groups.iter().take(MOST_GROUPS).map(|places| {
        let members: Vec<&Written> = places.iter().map(|place| &rows[*place]).collect();
        group(mind, &members)
    });
    Missed { groups: shown.collect(), messages: rows.len(), more }
}

fn group(mind: &Mind, members: &[&Written]) -> Group {
    let readings: Vec<Reading> = members
        .iter()
        .take(READ_FOR_SUGGESTIONS)
        .map(|row| mind.matcher.read(&row.content.0.text, &Context::default()))
        .collect();
    let vietnamese = readings.iter().filter(|reading| reading.language == Language::Vi).count();
    Group {
        messages: members.iter().map(|row| row.id.clone()).collect(),
        language: if vietnamese * 2 >= readings.len() { Language::Vi } else { Language::En },
        newest_at: members.iter().map(|row| row.created_at).max().unwrap_or_default(),
        examples: examples(members),
        suggestions: suggestions(&readings),
    }
}

fn examples(members: &[&Written]) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in members {
        let place = *places.entry(key(&row.content.0.text)).or_insert(examples.len());
        match examples.get_mut(place) {
            Some(example) => example.times += 1,
            None => examples.push(Example {
                message: row.id.clone(),
                thread: row.thread_id.clone(),
                text: excerpt(&row.content.0.text, EXAMPLE_LENGTH),
                at: row.created_at,
                times: 1,
            }),
        }
    }
    examples.truncate(MOST_EXAMPLES);
    examples
}

/// What the group's messages are likeliest to mean, on average. Yes and no mean nothing without
/// what was asked before them.
fn suggestions(readings: &[Reading]) -> Vec<Suggestion> {
    let mut sums: BTreeMap<Target, f32> = BTreeMap::new();
    for reading in readings {
        let answers = reading.answers.iter().map(|answer| (Target::Answer(answer.value.clone()), answer.probability));
        let intents = reading.intents.iter().filter(|scored| !matches!(scored.value, Intent::Yes | Intent::No));
        let intents = intents.map(|scored| (Target::Intent(scored.value), scored.probability));
        for (target, probability) in answers.chain(intents) {
            *sums.entry(target).or_default() += probability / readings.len() as f32;
        }
    }
    let possible = sums.into_iter().filter(|(_, probability)| *probability >= POSSIBLE);
    let mut found: Vec<Suggestion> = possible.map(|(target, probability)| Suggestion { target, probability }).collect();
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.target.cmp(&b.target)));
    found.truncate(MOST_SUGGESTIONS);
    found
}
