//! Which FAQ answer is asked for: the questions of each answer, compared by the words and
//! pieces of words they share with the message, rare ones counting more, and by what the nets of the
//! classifier see in both.

use crate::exact::{exp, ln};
use crate::features::{self, Hashes, Sparse};
use crate::reading::Scored;
use crate::views::Views;
use crate::vocabulary::Vocabulary;

const SHOWN: usize = 5;

/// An answer less like the message than this is not shown.
const FAR: f32 = 0.1;

/// How much each block of features weighs: in a short question the sense of a word says most.
const SHARES: [f32; features::BLOCKS] = [1.0, 1.0, 2.0];

/// A feature of more than one question in so many tells nothing.
const COMMON: usize = 6;

/// How much a second question that fits adds to the best.
const SECOND: f32 = 0.25;

/// How much of the likeness is doubted where the classifier takes message and questions for different things.
const DOUBT: f32 = 0.7;

/// More than a sum that should be 1 is ever rounded to.
const ROUNDED: f32 = 1.001;

/// How much it adds that message and questions light up the same hidden units of the classifier.
const VIEW: f32 = 0.3;

#[derive(Debug, Clone)]
pub(crate) struct AnswerIndex {
    vocabulary: Vocabulary,
    idf: Vec<f32>,
    postings: Postings,
    /// Where the questions of each answer end.
    ends: Vec<usize>,
    /// What the classifier takes the questions of each answer for, on average.
    leanings: Vec<Vec<f32>>,
    views: Views,
    ids: Vec<String>,
}

/// A question of an answer.
pub(crate) struct Question {
    /// By its number in the FAQ.
    pub answer: usize,
    pub features: Hashes,
    pub leaning: Leaning,
}

/// What the classifier makes of a message.
pub(crate) struct Leaning {
    /// How likely it holds each class.
    pub shares: Vec<f32>,
    /// The share of its words that are known, rare ones counting more.
    pub known: f32,
    /// The hidden layers of its nets.
    pub hidden: Vec<f32>,
}

impl AnswerIndex {
    /// The questions stand in the order of the answers.
    pub(crate) fn build(ids: Vec<String>, questions: &[Question]) -> Self {
        debug_assert!(questions.is_sorted_by_key(|question| question.answer), "they are told apart by where they stand");
        let mut vocabulary = Vocabulary::new();
        let mut seen: Vec<u32> = Vec::new();
        for question in questions {
            for hash in question.features.blocks.iter().flatten() {
                let number = vocabulary.learn(*hash) as usize;
                seen.resize(seen.len().max(number + 1), 0);
                seen[number] += 1;
            }
        }
        let all = questions.len() as f32;
        let idf: Vec<f32> = seen.iter().map(|times| ln((1.0 + all) / (0.5 + *times as f32)) + 0.2).collect();
        let mut postings = vec![Vec::new(); vocabulary.len()];
        for (at, question) in questions.iter().enumerate() {
            for (feature, weight) in features::weigh(&question.features, &vocabulary, &idf, &SHARES) {
                postings[feature as usize].push((at as u32, weight));
            }
        }
        let postings = Postings::of(&postings, questions.len() / COMMON + 8);
        let ends = (0..ids.len()).map(|answer| questions.partition_point(|question| question.answer <= answer)).collect();
        let leanings = leanings(ids.len(), questions);
        let views = Views::of(ids.len(), questions);
        Self { vocabulary: vocabulary.settle(), idf, postings, ends, leanings, views, ids }
    }

    /// The best answers with the probability that each is the right one.
    pub(crate) fn rank(&self, hashes: &Hashes, leaning: &Leaning) -> Vec<Scored<String>> {
        let row: Sparse = features::weigh(hashes, &self.vocabulary, &self.idf, &SHARES);
        let whole: f32 = SHARES.iter().map(|share| share * share).sum();
        let mut likeness = vec![0.0_f32; self.ends.last().copied().unwrap_or(0)];
        for (feature, weight) in row {
            self.postings.add(feature, weight, whole, &mut likeness);
        }
        let known = features::known_share(hashes, &self.vocabulary);
        let mut start = 0;
        let both = self.ends.iter().map(|end| {
            let own = &likeness[start..*end];
            start = *end;
            let (first, second) = best_two(own);
            (first + SECOND * second) / (1.0 + SECOND)
        });
        let near = self.views.near(&leaning.hidden).into_iter().map(|near| VIEW * near);
        let agreed = |at: usize| 1.0 - DOUBT + DOUBT * agreement(&self.leanings[at], &leaning.shares);
        // Doubt makes nothing nearer: what is far without it need not be doubted.
        let close = both.zip(near).enumerate().filter(|(_, (likeness, near))| likeness * ROUNDED + near > FAR);
        let doubted = close.map(|(at, (likeness, near))| (at, likeness * agreed(at) + near));
        let mut ranked: Vec<(usize, f32)> = doubted.filter(|(_, likeness)| *likeness > FAR).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(SHOWN);
        self.believed(&ranked, known)
    }

    fn believed(&self, ranked: &[(usize, f32)], known: f32) -> Vec<Scored<String>> {
        let top = ranked.first().map_or(0.0, |best| best.1);
        let shares: Vec<f32> = ranked.iter().map(|(_, likeness)| exp((likeness - top) * 18.0)).collect();
        let sum: f32 = shares.iter().sum();
        // Set on the held-out questions: at one half, nine in ten answers are right.
        let fits = |likeness: f32| 1.0 / (1.0 + exp(-(likeness * (0.5 + 0.5 * known) - 0.22) * 12.0));
        let believed = ranked.iter().zip(&shares).map(|((owner, likeness), share)| Scored {
            value: self.ids[*owner].clone(),
            probability: share / sum * fits(*likeness),
        });
        believed.collect()
    }
}

/// None is less than nothing. Comparisons without branches, for nobody could foresee where they lead.
fn best_two(likeness: &[f32]) -> (f32, f32) {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let smaller = |a: f32, b: f32| if a < b { a } else { b };
    let (mut first, mut second) = (0.0, 0.0);
    for next in likeness {
        second = larger(smaller(*next, first), second);
        first = larger(*next, first);
    }
    (first, second)
}

/// For each feature that tells something, the questions that have it, and how heavily.
#[derive(Debug, Clone, Default)]
struct Postings {
    questions: Vec<u32>,
    weights: Vec<f32>,
    /// Where those of each feature end.
    ends: Vec<usize>,
}

impl Postings {
    fn of(features: &[Vec<(u32, f32)>], most: usize) -> Self {
        let mut postings = Self::default();
        for posting in features {
            for (question, weight) in posting.iter().filter(|_| posting.len() <= most) {
                postings.questions.push(*question);
                postings.weights.push(*weight);
            }
            postings.ends.push(postings.questions.len());
        }
        postings
    }

    /// Adds to the likeness of each question that has the feature. Several are divided at once: divisions are slow.
    fn add(&self, feature: u32, weight: f32, whole: f32, likeness: &mut [f32]) {
        let feature = feature as usize;
        let start = if feature == 0 { 0 } else { self.ends[feature - 1] };
        let (questions, weights) = (&self.questions[start..self.ends[feature]], &self.weights[start..self.ends[feature]]);
        let (fours, rest) = weights.as_chunks::<4>();
        let (four_questions, rest_questions) = questions.as_chunks::<4>();
        for (questions, weights) in four_questions.iter().zip(fours) {
            let parts = weights.map(|other| weight * other / whole);
            for (question, part) in questions.iter().zip(parts) {
                likeness[*question as usize] += part;
            }
        }
        for (question, other) in rest_questions.iter().zip(rest) {
            likeness[*question as usize] += weight * other / whole;
        }
    }
}

fn leanings(answers: usize, questions: &[Question]) -> Vec<Vec<f32>> {
    let mut sums: Vec<Vec<f32>> = vec![Vec::new(); answers];
    for question in questions {
        let sum = &mut sums[question.answer];
        sum.resize(question.leaning.shares.len(), 0.0);
        for (sum, share) in sum.iter_mut().zip(&question.leaning.shares) {
            *sum += share;
        }
    }
    for sum in &mut sums {
        let all = sum.iter().sum::<f32>().max(1e-6);
        sum.iter_mut().for_each(|share| *share /= all);
    }
    sums
}

/// 1 where two shares of classes are the same, 0 where they have nothing in common.
fn agreement(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a * b).sqrt()).sum()
}
