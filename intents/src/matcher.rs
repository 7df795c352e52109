//! Everything together: a message in, a reading out. Trains when it is made; after that it
//! only reads, from any number of threads.

use crate::answers::{AnswerIndex, Leaning, Question};
use crate::classifier::Classifier;
use crate::features::Hashes;
use crate::group::Known;
use crate::intent::{Intent, Language};
use crate::language::Tongues;
use crate::lens::{Lens, Seen};
use crate::lessons::{Lesson, examples, side_by_side};
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

/// Who says so little in words that anybody knows, between many that nobody does, has not been understood,
/// however polite those few are. The FAQ may know more words than the phrases: its answers are not doubted for it.
const FEW_WORDS: f32 = 0.5;
const UNKNOWN: f32 = 0.55;

impl Matcher {
    /// Learns the pack and indexes the answers.
    pub fn train(pack: &Pack, answers: &[AnswerEntry]) -> Result<Self, TrainError> {
        Self::train_thrown(pack, answers, 0)
    }

    /// The same with other throws of the dice, to measure how much of a figure is chance.
    pub fn train_thrown(pack: &Pack, answers: &[AnswerEntry], throw: u64) -> Result<Self, TrainError> {
        let mut intents: Vec<Intent> = pack.phrases.iter().map(|phrase| phrase.intent).collect();
        intents.sort_unstable();
        intents.dedup();
        if intents.len() < 2 {
            return Err(TrainError::TooFewIntents(intents.len()));
        }
        let mut lens = Lens::of(pack);
        let phrases =
            pack.phrases.iter().map(|phrase| (phrase.language, class_of(phrase.intent), phrase.text.as_str(), phrase.asked));
        let nobodys = pack.not_mine.iter().map(|(language, text)| (*language, NOT_MINE, text.as_str(), None));
        let written: Vec<(Language, usize, &str, Option<Asked>)> = phrases.chain(nobodys).collect();
        let lessons = side_by_side(&written, |(_, class, text, asked)| Lesson {
            class: *class,
            text,
            asked: *asked,
            seen: lens.look(text, *asked),
        });
        let questions: Vec<&str> = answers.iter().flat_map(|answer| &answer.questions).map(|(_, text)| text.as_str()).collect();
        let questions: Vec<Seen> = side_by_side(&questions, |question| lens.look(question, None));
        lens.learn_words(lessons.iter().map(|lesson| &lesson.seen).chain(&questions));
        let tongues =
            Tongues::learn(written.iter().map(|phrase| phrase.0).zip(lessons.iter().map(|lesson| lesson.seen.tokens.as_slice())));
        let examples = examples(&lens, &lessons);
        let classifier = Classifier::train(&examples, NOT_MINE + 1, Some(NOT_MINE), throw);
        let learnt = Learnt { lens, classifier, tongues };
        let answers = Arc::new(learnt.index(answers));
        Ok(Self { learnt: Arc::new(learnt), answers })
    }

    /// The same matcher with another FAQ, at once. Words that only the new questions have stay unknown to it:
    /// train again where they matter.
    #[must_use]
    pub fn with_answers(&self, answers: &[AnswerEntry]) -> Self {
        Self { learnt: Arc::clone(&self.learnt), answers: Arc::new(self.learnt.index(answers)) }
    }

    #[must_use]
    pub fn read(&self, text: &str, context: &Context) -> Reading {
        let seen = self.learnt.lens.look(text, context.asked);
        let mut leaning = self.learnt.weigh(&seen);
        let mut answers = self.answers.rank(&seen.features, &leaning);
        for answer in &mut answers {
            answer.probability *= 1.0 - DOUBT * leaning.shares[NOT_MINE];
        }
        if leaning.known < FEW_WORDS {
            let not_mine = leaning.shares[NOT_MINE].max(UNKNOWN);
            scale(&mut leaning.shares[..NOT_MINE], 1.0 - not_mine);
            leaning.shares[NOT_MINE] = not_mine;
        }
        Reading {
            language: self.learnt.tongues.of(&seen.tokens, context.language),
            intents: ranked(&leaning.shares),
            not_mine: leaning.shares[NOT_MINE],
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
        self.learnt.classifier.bytes() + self.learnt.lens.bytes()
    }
}

impl Learnt {
    /// How likely each class is, that of nobody's messages last; they sum to 1.
    fn weigh(&self, seen: &Seen) -> Leaning {
        let verdict = self.classifier.judge_ways(&seen.features, &seen.others, Some(NOT_MINE));
        let not_mine = if seen.tokens.is_empty() { 1.0 } else { verdict.stranger };
        let mut shares = verdict.probabilities;
        scale(&mut shares[..NOT_MINE], 1.0 - not_mine);
        shares[NOT_MINE] = not_mine;
        Leaning { shares, known: verdict.known, hidden: verdict.hidden }
    }

    fn index(&self, answers: &[AnswerEntry]) -> AnswerIndex {
        let ids = answers.iter().map(|answer| answer.id.clone()).collect();
        let each = answers.iter().enumerate();
        let written: Vec<(usize, &str)> =
            each.flat_map(|(at, answer)| answer.questions.iter().map(move |(_, question)| (at, question.as_str()))).collect();
        let questions = side_by_side(&written, |(answer, question)| {
            let seen = self.lens.look(question, None);
            let leaning = self.weigh(&seen);
            Question { answer: *answer, features: seen.features, leaning }
        });
        AnswerIndex::build(ids, &questions)
    }
}

fn ranked(shares: &[f32]) -> Vec<Scored<Intent>> {
    let scored = |(intent, share): (Intent, &f32)| Scored { value: intent, probability: *share };
    let mut intents: Vec<_> = Intent::ALL.into_iter().zip(shares).map(scored).collect();
    intents.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    intents
}

/// Makes the shares sum to `whole`.
fn scale(shares: &mut [f32], whole: f32) {
    let sum: f32 = shares.iter().sum::<f32>().max(1e-12);
    for share in shares {
        *share *= whole / sum;
    }
}

fn class_of(intent: Intent) -> usize {
    Intent::ALL.iter().position(|other| *other == intent).expect("ALL names every intent")
}
