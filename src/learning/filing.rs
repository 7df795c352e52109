//! Filing: texts and customers' messages become phrases of the draft. Anybody at the desk may; nothing
//! of it reaches a customer before it is published.

use super::{LONGEST_PHRASE, LearningError, MOST_PHRASES, Target, has_words, key, train_ahead};
use crate::auth::Actor;
use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::ids::{AnswerId, MessageId, PhraseId};
use onethread_core::message::Author;
use onethread_intents::{Context, Language};
use onethread_store::phrases::PhraseRow;
use onethread_store::{Conn, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is filed, and as what.
#[derive(Debug, Clone)]
pub struct Filing {
    pub target: Target,
    /// Messages of customers.
    pub messages: Vec<MessageId>,
    /// Texts that somebody typed, in a language they named or the one they look like.
    pub texts: Vec<(String, Option<Language>)>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filed {
    /// Different texts that the draft now has with this meaning.
    pub phrases: usize,
    /// Messages that were waiting in *not understood* and are dealt with.
    pub settled: u64,
}

/// Add to the draft, and take the messages off the list of missed ones.
pub async fn file(gateway: &Arc<Gateway>, filing: Filing, actor: &Actor) -> Result<Filed, LearningError> {
    let now = gateway.clock.now();
    let mut conn = gateway.db.read().await?;
    if let Target::Answer(id) = &filing.target {
        conn.answer(&AnswerId(id.clone())).await.map_err(|error| match error {
            StoreError::Missing(_) => LearningError::NoSuchAnswer,
            error => error.into(),
        })?;
    }
    let mut phrases = Phrases { gateway, target: &filing.target, by: actor.name(), now, rows: BTreeMap::new() };
    for (text, language) in &filing.texts {
        phrases.add(text, *language, None);
    }
    for message in &filing.messages {
        if let Some(text) = said(&mut conn, message).await? {
            phrases.add(&text, None, Some(message));
        }
    }
    let present = conn.phrases().await?;
    drop(conn);
    let rows = phrases.rows;
    if rows.is_empty() {
        return Err(LearningError::NothingToLearn);
    }
    let more = rows.keys().filter(|key| !present.iter().any(|phrase| phrase.key == **key)).count();
    if present.len() + more > MOST_PHRASES {
        return Err(LearningError::Full);
    }
    let mut tx = gateway.db.begin().await?;
    for row in rows.values() {
        tx.put_phrase(row).await?;
    }
    let settled = tx.settle_misses(&filing.messages, now).await?;
    tx.commit(now).await?;
    train_ahead(gateway);
    Ok(Filed { phrases: rows.len(), settled })
}

/// These messages teach nothing. Answers how many were still on the list.
pub async fn dismiss(gateway: &Gateway, messages: &[MessageId]) -> Result<u64, LearningError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let settled = tx.settle_misses(messages, now).await?;
    tx.commit(now).await?;
    Ok(settled)
}

/// Take a phrase out of the draft.
pub async fn remove(gateway: &Arc<Gateway>, phrase: &PhraseId) -> Result<(), LearningError> {
    let mut tx = gateway.db.begin().await?;
    tx.remove_phrase(phrase).await?;
    tx.commit(gateway.clock.now()).await?;
    train_ahead(gateway);
    Ok(())
}

/// What a customer's message says; `None` for other messages, and for one that is gone.
async fn said(conn: &mut Conn, id: &MessageId) -> Result<Option<String>, StoreError> {
    match conn.message(id).await {
        Ok(row) if row.author.0 == Author::Customer && row.deleted_at.is_none() => Ok(Some(row.content.0.text)),
        Ok(_) | Err(StoreError::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

struct Phrases<'a> {
    gateway: &'a Gateway,
    target: &'a Target,
    by: &'a str,
    now: Millis,
    /// By key: the same text twice is one phrase.
    rows: BTreeMap<String, PhraseRow>,
}

impl Phrases<'_> {
    fn add(&mut self, text: &str, language: Option<Language>, message: Option<&MessageId>) {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = line.chars().take(LONGEST_PHRASE).collect();
        let key = key(&text);
        if !has_words(&text) || self.rows.contains_key(&key) {
            return;
        }
        let language = language.unwrap_or_else(|| self.gateway.brain.mind().matcher.read(&text, &Context::default()).language);
        let row = PhraseRow {
            id: PhraseId::fresh(self.now).0,
            key: key.clone(),
            language: language.as_str().to_owned(),
            kind: self.target.kind().to_owned(),
            target: self.target.name().to_owned(),
            text,
            message_id: message.map(|id| id.0.clone()),
            added_by: self.by.to_owned(),
            added_at: self.now,
        };
        self.rows.insert(key, row);
    }
}
