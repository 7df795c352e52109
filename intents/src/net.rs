//! A net with one hidden layer over sparse features: every feature has a short vector, a message
//! is their weighted sum, cut at zero, and each class listens to it. Learns with half of the
//! features and half of the hidden layer covered at random, so that it relies on no single word.

use crate::dice::Dice;
use crate::features::Sparse;

/// The hidden layer of a net; the coins of one throw cover at most 64 units.
type Hidden<const H: usize> = [f32; H];

const STEP: f32 = 0.05;
const FIRST_WEIGHTS: f32 = 0.1;
/// Errors below this teach nothing.
const SMALL: f32 = 1e-4;

/// One message to learn from.
pub(crate) struct Row {
    pub features: Sparse,
    pub class: usize,
    /// Copies of one phrase stand side by side and have one number.
    pub phrase: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Net<const H: usize> {
    pub vectors: Vec<Hidden<H>>,
    pub bias: Hidden<H>,
    pub classes: Vec<Hidden<H>>,
    pub class_bias: Vec<f32>,
}

impl<const H: usize> Net<H> {
    pub(crate) fn train(rows: &[&Row], features: usize, classes: usize, epochs: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut learner = Learner {
            net: Self {
                vectors: (0..features).map(|_| random(&mut dice, FIRST_WEIGHTS)).collect(),
                bias: [0.0; H],
                classes: (0..classes).map(|_| random(&mut dice, (1.0 / H as f32).sqrt())).collect(),
                class_bias: vec![0.0; classes],
            },
            vector_steps: vec![1e-3; features],
            class_steps: vec![[1e-3; H]; classes],
            errors: vec![0.0; classes],
            kept: Sparse::new(),
        };
        let mut order: Vec<&[&Row]> = rows.chunk_by(|a, b| a.phrase == b.phrase).collect();
        for epoch in 0..epochs {
            dice.shuffle(&mut order);
            let step = STEP * (1.0 - 0.9 * epoch as f32 / epochs as f32);
            for copies in &order {
                let row = copies[if copies.len() == 1 { 0 } else { dice.throw(copies.len()) }];
                learner.learn(row, step, &mut dice);
            }
        }
        learner.net
    }

    /// The hidden layer of a message.
    pub(crate) fn hidden(&self, row: &Sparse) -> Hidden<H> {
        let mut hidden = self.bias;
        for (feature, weight) in row {
            for (sum, part) in hidden.iter_mut().zip(&self.vectors[*feature as usize]) {
                *sum += weight * part;
            }
        }
        hidden.map(|sum| sum.max(0.0))
    }

    pub(crate) fn listen(&self, hidden: &Hidden<H>, scores: &mut [f32]) {
        for (score, (class, bias)) in scores.iter_mut().zip(self.classes.iter().zip(&self.class_bias)) {
            *score = bias + dot(class, hidden);
        }
    }
}

pub(crate) fn dot<const H: usize>(a: &[f32; H], b: &[f32; H]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for lane in 0..16 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum()
}

fn random<const H: usize>(dice: &mut Dice, scale: f32) -> Hidden<H> {
    std::array::from_fn(|_| dice.near_zero() * scale)
}

/// A net while it learns: steps shrink where much has been learnt (AdaGrad).
struct Learner<const H: usize> {
    net: Net<H>,
    vector_steps: Vec<f32>,
    class_steps: Vec<Hidden<H>>,
    errors: Vec<f32>,
    kept: Sparse,
}

impl<const H: usize> Learner<H> {
    fn learn(&mut self, row: &Row, step: f32, dice: &mut Dice) {
        self.cover(&row.features, dice);
        let mut hidden = self.net.hidden(&self.kept);
        let mask = dice.coins();
        for (at, unit) in hidden.iter_mut().enumerate() {
            *unit = if mask >> at & 1 == 1 { *unit * 2.0 } else { 0.0 };
        }
        self.net.listen(&hidden, &mut self.errors);
        soften(&mut self.errors, 1.0);
        self.errors[row.class] -= 1.0;
        let back = self.correct_classes(&hidden, step);
        self.correct_vectors(&back, step);
    }

    /// Covers about half of the features and makes the rest twice as heavy.
    fn cover(&mut self, features: &Sparse, dice: &mut Dice) {
        self.kept.clear();
        for chunk in features.chunks(64) {
            let mask = dice.coins();
            let shown = chunk.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
            self.kept.extend(shown.map(|(_, (feature, weight))| (*feature, weight * 2.0)));
        }
    }

    /// Moves the classes; what each unit of the hidden layer should have been less.
    fn correct_classes(&mut self, hidden: &Hidden<H>, step: f32) -> Hidden<H> {
        let mut back = [0.0; H];
        for (class, error) in self.errors.iter().enumerate().filter(|(_, error)| error.abs() > SMALL) {
            let weights = &mut self.net.classes[class];
            let steps = &mut self.class_steps[class];
            for unit in 0..H {
                back[unit] += error * weights[unit];
                let slope = error * hidden[unit];
                steps[unit] += slope * slope;
                weights[unit] -= step * slope / steps[unit].sqrt();
            }
            self.net.class_bias[class] -= step * 0.1 * error;
        }
        for (unit, part) in back.iter_mut().enumerate() {
            if hidden[unit] <= 0.0 {
                *part = 0.0;
            }
        }
        back
    }

    fn correct_vectors(&mut self, back: &Hidden<H>, step: f32) {
        let mean = dot(back, back) / H as f32;
        for (feature, weight) in &self.kept {
            let feature = *feature as usize;
            self.vector_steps[feature] += weight * weight * mean;
            let step = step * weight / self.vector_steps[feature].sqrt();
            for (part, slope) in self.net.vectors[feature].iter_mut().zip(back) {
                *part -= step * slope;
            }
        }
        for (part, slope) in self.net.bias.iter_mut().zip(back) {
            *part -= step * 0.1 * slope;
        }
    }
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
