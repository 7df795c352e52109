//! Everything together: a message in, a reading out. Trains when it is made; after that it
//! only reads, from any number of threads.

use crate::answers::AnswerIndex;
use crate::calibrate;
use crate::entities::{self, CodePatterns};
use crate::features::{self, Hashes};
use crate::intent::{Intent, Language};
use crate::language::Tongues;
use crate::model::{self, Model};
use crate::pack::Pack;
use crate::reading::{AnswerEntry, Asked, Context, Entity, Reading, Scored};
use crate::text::{self, Teencode, Token};
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
    model: Model,
    temperature: f32,
    tongues: Tongues,
    teencode: Teencode,
    codes: CodePatterns,
}

/// The class of messages that are nobody's, after those of the intents.
const NOT_MINE: usize = Intent::ALL.len();
const CLASSES: usize = NOT_MINE + 1;

/// One phrase in this many is kept back to find the temperature.
const HELD_OUT: usize = 5;

struct Lesson {
    language: Language,
    class: usize,
    tokens: Vec<Token>,
    hashes: [Hashes; 2],
}

impl Matcher {
    /// Learns the pack and indexes the answers.
    pub fn train(pack: &Pack, answers: &[AnswerEntry]) -> Result<Self, TrainError> {
        let mut intents: Vec<Intent> = pack.phrases.iter().map(|phrase| phrase.intent).collect();
        intents.sort_unstable();
        intents.dedup();
        if intents.len() < 2 {
            return Err(TrainError::TooFewIntents(intents.len()));
        }
        let lessons = lessons(pack);
        let learnt = Learnt {
            temperature: temperature(&lessons),
            model: Model::train(&examples(lessons.iter()), CLASSES),
            tongues: Tongues::learn(lessons.iter().map(|lesson| (lesson.language, lesson.tokens.as_slice()))),
            teencode: pack.teencode.clone(),
            codes: pack.codes.clone(),
        };
        let answers = Arc::new(learnt.index(answers));
        Ok(Self { learnt: Arc::new(learnt), answers })
    }

    /// The same matcher with another FAQ; the intents are not trained again.
    #[must_use]
    pub fn with_answers(&self, answers: &[AnswerEntry]) -> Self {
        Self { learnt: Arc::clone(&self.learnt), answers: Arc::new(self.learnt.index(answers)) }
    }

    #[must_use]
    pub fn read(&self, text: &str, context: &Context) -> Reading {
        let learnt = &self.learnt;
        let tokens = text::words(text, &learnt.teencode);
        let entities = entities::find(text, &tokens, &learnt.codes, context.asked);
        let hashes = features::extract(&tokens, &entities);
        let (intents, not_mine) = learnt.rank(&hashes, tokens.is_empty(), context);
        Reading {
            language: learnt.tongues.of(&tokens, context.language),
            intents,
            not_mine,
            entities,
            answers: self.answers.rank(&hashes),
        }
    }

    /// Bytes of the trained model.
    #[must_use]
    pub fn model_bytes(&self) -> usize {
        self.learnt.model.bytes()
    }
}

impl Learnt {
    fn index(&self, answers: &[AnswerEntry]) -> AnswerIndex {
        let ids = answers.iter().map(|answer| answer.id.clone()).collect();
        let mut questions = Vec::new();
        for (at, answer) in answers.iter().enumerate() {
            for (_, question) in &answer.questions {
                questions.push((at, view(question, &self.teencode, &self.codes).1));
            }
        }
        AnswerIndex::build(ids, &questions)
    }

    fn rank(&self, hashes: &Hashes, empty: bool, context: &Context) -> (Vec<Scored<Intent>>, f32) {
        let mut scores = self.model.score(hashes);
        model::soften(&mut scores, self.temperature);
        let known = if empty { 0.0 } else { self.model.known_share(hashes) };
        let believed = (known * 1.6).min(1.0);
        for score in &mut scores[..NOT_MINE] {
            *score *= believed;
        }
        scores[NOT_MINE] = 1.0 - scores[..NOT_MINE].iter().sum::<f32>();
        if context.asked == Some(Asked::Confirm) {
            favour(&mut scores, &[Intent::Yes, Intent::No], 6.0);
        }
        let scored = |(at, intent): (usize, Intent)| Scored { value: intent, probability: scores[at] };
        let mut intents: Vec<_> = Intent::ALL.into_iter().enumerate().map(scored).collect();
        intents.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        (intents, scores[NOT_MINE])
    }
}

fn favour(scores: &mut [f32], intents: &[Intent], times: f32) {
    for (at, intent) in Intent::ALL.into_iter().enumerate() {
        if intents.contains(&intent) {
            scores[at] *= times;
        }
    }
    let sum: f32 = scores.iter().sum();
    for score in scores {
        *score /= sum;
    }
}

fn view(text: &str, teencode: &Teencode, codes: &CodePatterns) -> (Vec<Token>, Hashes) {
    let tokens = text::words(text, teencode);
    let entities: Vec<Entity> = entities::find(text, &tokens, codes, None);
    let hashes = features::extract(&tokens, &entities);
    (tokens, hashes)
}

fn lessons(pack: &Pack) -> Vec<Lesson> {
    let phrases = pack.phrases.iter().map(|phrase| (phrase.language, class_of(phrase.intent), phrase.text.as_str()));
    let nobodys = pack.not_mine.iter().map(|(language, text)| (*language, NOT_MINE, text.as_str()));
    let lesson = |(language, class, text): (Language, usize, &str)| {
        let (tokens, hashes) = view(text, &pack.teencode, &pack.codes);
        let stripped: Vec<Token> = tokens.iter().map(stripped).collect();
        let entities = entities::find(text, &tokens, &pack.codes, None);
        let stripped = features::extract(&stripped, &entities);
        Lesson { language, class, tokens, hashes: [hashes, stripped] }
    };
    phrases.chain(nobodys).map(lesson).collect()
}

fn stripped(token: &Token) -> Token {
    Token { marked: token.folded.clone(), ..token.clone() }
}

fn class_of(intent: Intent) -> usize {
    Intent::ALL.iter().position(|other| *other == intent).expect("ALL names every intent")
}

/// Each phrase as written and, where it differs, without its marks.
fn examples<'a>(lessons: impl Iterator<Item = &'a Lesson>) -> Vec<(Hashes, usize)> {
    let mut examples = Vec::new();
    for lesson in lessons {
        let [written, stripped] = &lesson.hashes;
        examples.push((written.clone(), lesson.class));
        if written != stripped {
            examples.push((stripped.clone(), lesson.class));
        }
    }
    examples
}

fn temperature(lessons: &[Lesson]) -> f32 {
    let held = |at: usize| at % HELD_OUT == HELD_OUT - 1;
    let (kept, held_out): (Vec<_>, Vec<_>) = lessons.iter().enumerate().partition(|(at, _)| !held(*at));
    let model = Model::train(&examples(kept.into_iter().map(|(_, lesson)| lesson)), CLASSES);
    let scored = examples(held_out.into_iter().map(|(_, lesson)| lesson));
    calibrate::temperature(&scored.iter().map(|(hashes, class)| (model.score(hashes), *class)).collect::<Vec<_>>())
}
