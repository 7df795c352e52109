//! Everything together: a message in, a reading out. Trains when it is made; after that it
//! only reads, from any number of threads.

use crate::answers::AnswerIndex;
use crate::classifier::{Classifier, Example};
use crate::features::Hashes;
use crate::group::Known;
use crate::intent::Intent;
use crate::language::Tongues;
use crate::lens::{Lens, Seen};
use crate::noise::Noise;
use crate::pack::Pack;
use crate::reading::{AnswerEntry, Asked, Context, Reading, Scored};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    #[error("training needs phrases of at least two intents; the pack has {0}")]
    TooFewIntents(usize),
}

/// Reads messages. Cheap to clone: the model is shared.
#[derive(Debug, Clone)]
pub struct Matcher {
    learnt: Arc<Learnt>,
    answers: Arc<AnswerIndex>,
}

/// What does not change with the FAQ.
#[derive(Debug)]
struct Learnt {
    lens: Lens,
    classifier: Classifier,
    tongues: Tongues,
}

/// The class of messages that are nobody's, after those of the intents.
const NOT_MINE: usize = Intent::ALL.len();

/// A shop may answer what is no intent, but a message that is nobody's is seldom in its FAQ either.
const DOUBT: f32 = 0.5;

impl Matcher {
    /// Learns the pack and indexes the answers.
    pub fn train(pack: &Pack, answers: &[AnswerEntry]) -> Result<Self, TrainError> {
        let mut intents: Vec<Intent> = pack.phrases.iter().map(|phrase| phrase.intent).collect();
        intents.sort_unstable();
        intents.dedup();
        if intents.len() < 2 {
            return Err(TrainError::TooFewIntents(intents.len()));
        }
        let lens = Lens::of(pack);
        let phrases = pack.phrases.iter().map(|phrase| (phrase.language, class_of(phrase.intent), phrase.text.as_str()));
        let nobodys = pack.not_mine.iter().map(|(language, text)| (*language, NOT_MINE, text.as_str()));
        let lessons: Vec<_> =
            phrases.chain(nobodys).map(|(language, class, text)| (language, class, text, lens.look(text, None))).collect();
        let examples = examples(&lens, lessons.iter().map(|(_, class, text, seen)| (*class, *text, seen)));
        let classifier = Classifier::train(&examples, NOT_MINE + 1, Some(NOT_MINE));
        let tongues = Tongues::learn(lessons.iter().map(|(language, _, _, seen)| (*language, seen.tokens.as_slice())));
        let answers = Arc::new(index(&lens, answers));
        Ok(Self { learnt: Arc::new(Learnt { lens, classifier, tongues }), answers })
    }

    /// The same matcher with another FAQ; the intents are not trained again.
    #[must_use]
    pub fn with_answers(&self, answers: &[AnswerEntry]) -> Self {
        Self { learnt: Arc::clone(&self.learnt), answers: Arc::new(index(&self.learnt.lens, answers)) }
    }

    #[must_use]
    pub fn read(&self, text: &str, context: &Context) -> Reading {
        let seen = self.learnt.lens.look(text, context.asked);
        let (intents, not_mine) = self.learnt.rank(&seen, context);
        let mut answers = self.answers.rank(&seen.features);
        for answer in &mut answers {
            answer.probability *= 1.0 - DOUBT * not_mine;
        }
        Reading {
            language: self.learnt.tongues.of(&seen.tokens, context.language),
            intents,
            not_mine,
            answers,
            entities: seen.entities,
        }
    }

    /// Texts that say much the same, put together, by place: the largest group first, in each the most
    /// typical first. Of more than [`crate::group::MOST`] texts the rest is left out.
    #[must_use]
    pub fn group(&self, texts: &[&str]) -> Vec<Vec<usize>> {
        let learnt = &self.learnt;
        let rarity = |hash| learnt.classifier.rarity(hash);
        let topics = |features: &Hashes| learnt.classifier.judge(features, Some(NOT_MINE)).probabilities[..NOT_MINE].to_vec();
        crate::group::group(&learnt.lens, &Known { rarity: &rarity, topics: &topics }, texts)
    }

    /// Bytes of the trained model.
    #[must_use]
    pub fn model_bytes(&self) -> usize {
        self.learnt.classifier.bytes()
    }
}

impl Learnt {
    fn rank(&self, seen: &Seen, context: &Context) -> (Vec<Scored<Intent>>, f32) {
        let verdict = self.classifier.judge(&seen.features, Some(NOT_MINE));
        let mut shares = verdict.probabilities[..NOT_MINE].to_vec();
        let mut not_mine = if seen.tokens.is_empty() { 1.0 } else { verdict.stranger };
        scale(&mut shares, 1.0 - not_mine);
        if context.asked == Some(Asked::Confirm) {
            not_mine = favour(&mut shares, not_mine, &[Intent::Yes, Intent::No], 6.0);
        }
        let scored = |(at, intent): (usize, Intent)| Scored { value: intent, probability: shares[at] };
        let mut intents: Vec<_> = Intent::ALL.into_iter().enumerate().map(scored).collect();
        intents.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        (intents, not_mine)
    }
}

/// Makes the shares sum to `whole`.
fn scale(shares: &mut [f32], whole: f32) {
    let sum: f32 = shares.iter().sum::<f32>().max(1e-12);
    for share in shares {
        *share *= whole / sum;
    }
}

/// Makes some intents likelier and gives back what is left for nobody.
fn favour(shares: &mut [f32], not_mine: f32, intents: &[Intent], times: f32) -> f32 {
    for (at, intent) in Intent::ALL.into_iter().enumerate() {
        if intents.contains(&intent) {
            shares[at] *= times;
        }
    }
    let sum: f32 = shares.iter().sum::<f32>() + not_mine;
    scale(shares, 1.0 - not_mine / sum);
    not_mine / sum
}

fn index(lens: &Lens, answers: &[AnswerEntry]) -> AnswerIndex {
    let ids = answers.iter().map(|answer| answer.id.clone()).collect();
    let mut questions = Vec::new();
    for (at, answer) in answers.iter().enumerate() {
        questions.extend(answer.questions.iter().map(|(_, question)| (at, lens.look(question, None).features)));
    }
    AnswerIndex::build(ids, &questions)
}

fn class_of(intent: Intent) -> usize {
    Intent::ALL.iter().position(|other| *other == intent).expect("ALL names every intent")
}

/// Each phrase as written and, where it has Vietnamese marks, without them: once well spelt, once
/// as a hurried thumb spells it.
pub(crate) fn examples<'a>(lens: &Lens, phrases: impl Iterator<Item = (usize, &'a str, &'a Seen)>) -> Vec<Example> {
    let mut examples = Vec::new();
    for (phrase, (class, text, seen)) in phrases.enumerate() {
        let mut learn = |features: Hashes| examples.push(Example { features, class, phrase });
        learn(seen.features.clone());
        if let Some(bare) = lens.without_marks(seen) {
            learn(bare);
            learn(lens.look(&Noise::StrippedAndMisspelt.spoil(text), None).features);
        }
    }
    examples
}
