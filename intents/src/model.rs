//! A linear classifier over sparse features, trained by softmax regression with steps that
//! shrink per feature. The same examples in the same order give the same model.

use crate::features::{self, Hashes, Sparse};
use crate::vocabulary::Vocabulary;

#[derive(Debug, Clone)]
pub(crate) struct Model {
    vocabulary: Vocabulary,
    idf: Vec<f32>,
    classes: usize,
    /// One row of `classes` weights a feature.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

const EPOCHS: usize = 12;
const STEP: f32 = 0.6;

impl Model {
    pub(crate) fn train(examples: &[(Hashes, usize)], classes: usize) -> Self {
        let (vocabulary, idf) = count(examples);
        let rows: Vec<(Sparse, usize)> =
            examples.iter().map(|(hashes, class)| (features::weigh(hashes, &vocabulary, &idf), *class)).collect();
        let weights = vec![0.0; vocabulary.len() * classes];
        let mut model = Self { vocabulary, idf, classes, weights, bias: vec![0.0; classes] };
        model.fit(&rows);
        model
    }

    fn fit(&mut self, rows: &[(Sparse, usize)]) {
        let mut steps = vec![1e-2_f32; self.vocabulary.len()];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut dice = Dice(0x5EED);
        let mut scores = vec![0.0; self.classes];
        for _ in 0..EPOCHS {
            dice.shuffle(&mut order);
            for at in &order {
                let (row, class) = &rows[*at];
                self.score_into(row, &mut scores);
                soften(&mut scores, 1.0);
                scores[*class] -= 1.0;
                let error: f32 = scores.iter().map(|part| part * part).sum();
                for (feature, weight) in row {
                    let feature = *feature as usize;
                    steps[feature] += weight * weight * error;
                    let step = STEP * weight / steps[feature].sqrt();
                    let weights = &mut self.weights[feature * self.classes..][..self.classes];
                    for (weight, part) in weights.iter_mut().zip(&scores) {
                        *weight -= step * part;
                    }
                }
                for (bias, part) in self.bias.iter_mut().zip(&scores) {
                    *bias -= 0.01 * part;
                }
            }
        }
    }

    pub(crate) fn score(&self, hashes: &Hashes) -> Vec<f32> {
        let row = features::weigh(hashes, &self.vocabulary, &self.idf);
        let mut scores = vec![0.0; self.classes];
        self.score_into(&row, &mut scores);
        scores
    }

    pub(crate) fn known_share(&self, hashes: &Hashes) -> f32 {
        features::known_share(hashes, &self.vocabulary)
    }

    fn score_into(&self, row: &Sparse, scores: &mut [f32]) {
        scores.copy_from_slice(&self.bias);
        for (feature, weight) in row {
            let weights = &self.weights[*feature as usize * self.classes..][..self.classes];
            for (score, part) in scores.iter_mut().zip(weights) {
                *score += weight * part;
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.vocabulary.bytes() + (self.idf.len() + self.weights.len() + self.bias.len()) * size_of::<f32>()
    }
}

/// Every feature of the examples and how rare it is.
fn count(examples: &[(Hashes, usize)]) -> (Vocabulary, Vec<f32>) {
    let mut vocabulary = Vocabulary::new();
    let mut seen: Vec<(u32, usize)> = Vec::new();
    for (at, (hashes, _)) in examples.iter().enumerate() {
        for hash in hashes.blocks.iter().flatten() {
            let number = vocabulary.learn(*hash) as usize;
            match seen.get_mut(number) {
                None => seen.push((1, at)),
                Some((times, last)) if *last != at => {
                    *times += 1;
                    *last = at;
                }
                Some(_) => {}
            }
        }
    }
    let all = examples.len() as f32;
    let idf = seen.iter().map(|(times, _)| ((1.0 + all) / (1.0 + *times as f32)).ln() + 1.0).collect();
    (vocabulary, idf)
}

/// Scores to probabilities, in place.
pub(crate) fn soften(scores: &mut [f32], temperature: f32) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = ((*score - top) / temperature).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

/// Numbers that look thrown and are always the same (xorshift64*).
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides.max(1) as u64) as usize
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.throw(at + 1));
        }
    }
}
