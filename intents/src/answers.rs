//! Which FAQ answer is asked for: the questions of each answer, compared by the words and
//! pieces of words they share with the message, rare ones counting more.

use crate::features::{self, Hashes, Sparse};
use crate::reading::Scored;
use crate::vocabulary::Vocabulary;

const SHOWN: usize = 5;

/// An answer less like the message than this is not shown.
const FAR: f32 = 0.1;

/// How much each block of features weighs: in a short question the sense of a word says most.
const SHARES: [f32; features::BLOCKS] = [0.3, 1.0, 1.0, 2.0];

/// A feature of more than one question in so many tells nothing.
const COMMON: usize = 6;

/// How much a second question that fits adds to the best.
const SECOND: f32 = 0.25;

#[derive(Debug, Clone)]
pub(crate) struct AnswerIndex {
    vocabulary: Vocabulary,
    idf: Vec<f32>,
    /// For each feature the questions that have it, and how heavily.
    postings: Vec<Vec<(u32, f32)>>,
    /// The answer of each question.
    owners: Vec<usize>,
    ids: Vec<String>,
}

impl AnswerIndex {
    /// Questions by the number of their answer in `ids`.
    pub(crate) fn build(ids: Vec<String>, questions: &[(usize, Hashes)]) -> Self {
        let mut vocabulary = Vocabulary::new();
        let mut seen: Vec<u32> = Vec::new();
        for (_, hashes) in questions {
            for hash in hashes.blocks.iter().flatten() {
                let number = vocabulary.learn(*hash) as usize;
                seen.resize(seen.len().max(number + 1), 0);
                seen[number] += 1;
            }
        }
        let all = questions.len() as f32;
        let idf: Vec<f32> = seen.iter().map(|times| ((1.0 + all) / (0.5 + *times as f32)).ln() + 0.2).collect();
        let mut postings = vec![Vec::new(); vocabulary.len()];
        for (at, (_, hashes)) in questions.iter().enumerate() {
            for (feature, weight) in features::weigh(hashes, &vocabulary, &idf, &SHARES) {
                postings[feature as usize].push((at as u32, weight));
            }
        }
        let owners = questions.iter().map(|(owner, _)| *owner).collect();
        Self { vocabulary, idf, postings, owners, ids }
    }

    /// The best answers with the probability that each is the right one.
    pub(crate) fn rank(&self, hashes: &Hashes) -> Vec<Scored<String>> {
        let row: Sparse = features::weigh(hashes, &self.vocabulary, &self.idf, &SHARES);
        let whole: f32 = SHARES.iter().map(|share| share * share).sum();
        let mut likeness = vec![0.0_f32; self.owners.len()];
        let telling = |feature: &u32| self.postings[*feature as usize].len() <= self.owners.len() / COMMON + 8;
        for (feature, weight) in row.iter().filter(|(feature, _)| telling(feature)) {
            for (question, other) in &self.postings[*feature as usize] {
                likeness[*question as usize] += weight * other / whole;
            }
        }
        let known = features::known_share(hashes, &self.vocabulary);
        let mut best = vec![[0.0_f32; 2]; self.ids.len()];
        for (owner, likeness) in self.owners.iter().zip(&likeness) {
            let [first, second] = &mut best[*owner];
            if likeness > first {
                (*first, *second) = (*likeness, *first);
            } else {
                *second = second.max(*likeness);
            }
        }
        let both = best.into_iter().map(|[first, second]| (first + SECOND * second) / (1.0 + SECOND));
        let mut ranked: Vec<(usize, f32)> = both.enumerate().filter(|(_, likeness)| *likeness > FAR).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(SHOWN);
        self.believed(&ranked, known)
    }

    fn believed(&self, ranked: &[(usize, f32)], known: f32) -> Vec<Scored<String>> {
        let top = ranked.first().map_or(0.0, |best| best.1);
        let shares: Vec<f32> = ranked.iter().map(|(_, likeness)| ((likeness - top) * 18.0).exp()).collect();
        let sum: f32 = shares.iter().sum();
        // Set on the held-out questions: at one half, nine in ten answers are right.
        let fits = |likeness: f32| 1.0 / (1.0 + (-(likeness * (0.5 + 0.5 * known) - 0.22) * 12.0).exp());
        let believed = ranked.iter().zip(&shares).map(|((owner, likeness), share)| Scored {
            value: self.ids[*owner].clone(),
            probability: share / sum * fits(*likeness),
        });
        believed.collect()
    }
}
