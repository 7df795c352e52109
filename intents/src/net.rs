//! A net with one hidden layer over sparse features: every feature has a short vector, a message
//! is their weighted sum, cut at zero, and each class listens to it. Learns with three eighths of the
//! features and half of the hidden layer covered at random, so that it relies on no single word.

use crate::dice::Dice;
use crate::exact::power_of_two;
use crate::features::{Row, Rows, Sparse};

/// The hidden layer of a net; the coins of one throw cover at most 64 units.
type Hidden<const H: usize> = [f32; H];

const STEP: f32 = 0.05;
/// Nets with more hidden units learn by heart more easily, and more is covered from them.
const NARROW: usize = 48;
const FIRST_WEIGHTS: f32 = 0.1;
/// Who is as sure as that of the right class has nothing to learn from the message; and errors that
/// teach nothing. Among many classes, what comes from none of them shows in small doubts only.
const fn least_errors(hidden: usize) -> (f32, f32) {
    if hidden > NARROW { (0.03, 2e-3) } else { (0.1, 5e-3) }
}

/// For four coins, what the units are multiplied with that they cover or show.
const SHOWN: [[f32; 4]; 16] = {
    let mut shown = [[0.0; 4]; 16];
    let mut at = 0;
    while at < 64 {
        shown[at / 4][at % 4] = 2.0 * (((at / 4) >> (at % 4)) & 1) as f32;
        at += 1;
    }
    shown
};

/// What is learnt in one round, in its order.
pub(crate) type Round = Vec<Turn>;

/// A message that is learnt, by its row.
pub(crate) struct Turn {
    pub row: usize,
    pub class: usize,
    pub phrase: usize,
}

/// The vector of a feature, on lines of the cache of its own: most of learning is waiting for them.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Lined<const H: usize>(pub Hidden<H>);

#[derive(Debug, Clone)]
pub(crate) struct Net<const H: usize> {
    pub vectors: Vec<Lined<H>>,
    pub bias: Hidden<H>,
    pub classes: Vec<Hidden<H>>,
    pub class_bias: Vec<f32>,
}

impl<const H: usize> Net<H> {
    /// Learns the rounds again and again, `epochs` in all, without the phrases that `sees` keeps from it.
    pub(crate) fn train(
        (rows, rounds, idf): (&Rows, &[Round], &[f32]),
        sees: impl Fn(usize) -> bool,
        classes: usize,
        epochs: usize,
        seed: u64,
    ) -> Self {
        let (mut dice, features) = (Dice::new(seed), idf.len());
        let mut learner = Learner {
            net: Self {
                vectors: (0..features).map(|_| Lined(random(&mut dice, FIRST_WEIGHTS))).collect(),
                bias: [0.0; H],
                classes: (0..classes).map(|_| random(&mut dice, (1.0 / H as f32).sqrt())).collect(),
                class_bias: vec![0.0; classes],
            },
            vector_steps: vec![1e-3; features],
            class_steps: vec![1e-3; classes],
            errors: vec![0.0; classes],
            kept: Sparse::new(),
            next: Sparse::new(),
            paces: Vec::new(),
            idf,
        };
        let mut turns = rounds.iter().cycle().take(epochs).enumerate().flat_map(|(epoch, round)| {
            let step = STEP * (1.0 - 0.9 * epoch as f32 / epochs as f32);
            round.iter().filter(|turn| sees(turn.phrase)).map(move |turn| (turn, step))
        });
        let mut next = turns.next();
        learner.cover_next(next.map(|(turn, _)| rows.get(turn.row)), &mut dice);
        while let Some((Turn { class, .. }, step)) = next {
            next = turns.next();
            learner.learn(*class, step, next.map(|(turn, _)| rows.get(turn.row)), &mut dice);
        }
        learner.net
    }

    /// The hidden layer of a message.
    pub(crate) fn hidden(&self, row: &[(u32, f32)]) -> Hidden<H> {
        let mut hidden = self.bias;
        for (feature, weight) in row {
            for (sum, part) in hidden.iter_mut().zip(&self.vectors[*feature as usize].0) {
                *sum += weight * part;
            }
        }
        hidden.iter_mut().for_each(|sum| *sum = sum.max(0.0));
        hidden
    }

    pub(crate) fn listen(&self, hidden: &Hidden<H>, scores: &mut [f32]) {
        listen(&self.classes, hidden, scores);
        for (score, bias) in scores.iter_mut().zip(&self.class_bias) {
            *score += bias;
        }
    }
}

const LANES: usize = 16;

pub(crate) fn dot<const H: usize>(a: &[f32; H], b: &[f32; H]) -> f32 {
    dots([a], b)[0]
}

/// What each class hears of a hidden layer, its bias apart.
pub(crate) fn listen<const H: usize>(classes: &[[f32; H]], hidden: &[f32; H], scores: &mut [f32]) {
    let (fours, rest) = classes.as_chunks::<4>();
    let (four_scores, rest_scores) = scores.as_chunks_mut::<4>();
    for (scores, four) in four_scores.iter_mut().zip(fours) {
        *scores = dots(four.each_ref(), hidden);
    }
    for (score, class) in rest_scores.iter_mut().zip(rest) {
        *score = dot(class, hidden);
    }
}

/// Several products at once: a sum of lanes is slow, for each addition waits for the one before.
fn dots<const H: usize, const N: usize>(many: [&[f32; H]; N], other: &[f32; H]) -> [f32; N] {
    const { assert!(H.is_multiple_of(LANES), "whole lanes") };
    let mut sums = [0.0_f32; N];
    for four in (0..LANES).step_by(4) {
        let mut lanes = [[0.0_f32; 4]; N];
        for from in (four..H).step_by(LANES) {
            for (lanes, one) in lanes.iter_mut().zip(many) {
                for lane in 0..4 {
                    lanes[lane] += one[from + lane] * other[from + lane];
                }
            }
        }
        for lane in 0..4 {
            for (sum, lanes) in sums.iter_mut().zip(&lanes) {
                *sum += lanes[lane];
            }
        }
    }
    sums
}

/// Eight from each throw: a byte says enough.
fn random<const H: usize>(dice: &mut Dice, scale: f32) -> Hidden<H> {
    let mut parts = [0.0; H];
    for eight in parts.chunks_mut(8) {
        for (part, byte) in eight.iter_mut().zip(dice.coins().to_le_bytes()) {
            *part = (f32::from(byte) - 127.5) * (scale / 127.5);
        }
    }
    parts
}

/// A net while it learns: steps shrink where much has been learnt (AdaGrad, one sum a vector).
struct Learner<'a, const H: usize> {
    net: Net<H>,
    vector_steps: Vec<f32>,
    class_steps: Vec<f32>,
    errors: Vec<f32>,
    /// What is not covered of the message, and of the next.
    kept: Sparse,
    next: Sparse,
    /// How far each kept feature moves, against the slope.
    paces: Vec<f32>,
    /// How rare each feature is.
    idf: &'a [f32],
}

impl<const H: usize> Learner<'_, H> {
    /// Learns the message that was covered last, and covers the next while it thinks: its row is far away in memory.
    fn learn(&mut self, class: usize, step: f32, next: Option<Row<'_>>, dice: &mut Dice) {
        const { assert!(H.is_multiple_of(4) && H <= 64, "a coin for each unit, four at a time") };
        std::mem::swap(&mut self.kept, &mut self.next);
        let mut hidden = self.net.hidden(&self.kept);
        let mask = dice.coins();
        for (at, four) in hidden.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let shown = &SHOWN[(mask >> (4 * at) & 15) as usize];
            four.iter_mut().zip(shown).for_each(|(unit, shown)| *unit *= shown);
        }
        self.cover_next(next, dice);
        self.net.listen(&hidden, &mut self.errors);
        soften(&mut self.errors, 1.0);
        self.errors[class] -= 1.0;
        if -self.errors[class] < least_errors(H).0 {
            return;
        }
        let back = self.correct_classes(&hidden, step);
        self.correct_vectors(&back, step);
    }

    /// Covers three of eight features by chance, of a wide net half, and makes the rest heavier.
    fn cover_next(&mut self, row: Option<Row<'_>>, dice: &mut Dice) {
        self.next.clear();
        let Some(row) = row else { return };
        let heavier = if H > NARROW { 2.0 } else { 8.0 / 5.0 };
        for (chunk, numbers) in row.numbers.chunks(64).enumerate() {
            let coins = if H > NARROW { dice.coins() } else { dice.coins() | dice.coins() & dice.coins() };
            let mut shown = coins & (u64::MAX >> (64 - numbers.len()));
            while shown != 0 {
                let (feature, weight) = row.feature(64 * chunk + shown.trailing_zeros() as usize, self.idf);
                self.next.push((feature, weight * heavier));
                shown &= shown - 1;
            }
        }
    }

    /// Moves the classes; what each unit of the hidden layer should have been less.
    fn correct_classes(&mut self, hidden: &Hidden<H>, step: f32) -> Hidden<H> {
        let mut back = [0.0; H];
        let mean = dot(hidden, hidden) / H as f32;
        for (class, error) in self.errors.iter().enumerate().filter(|(_, error)| error.abs() > least_errors(H).1) {
            self.class_steps[class] += error * error * mean;
            let pace = step * error / self.class_steps[class].sqrt();
            for (back, (weight, unit)) in back.iter_mut().zip(self.net.classes[class].iter_mut().zip(hidden)) {
                *back += error * *weight;
                *weight -= pace * unit;
            }
            self.net.class_bias[class] -= step * 0.1 * error;
        }
        for (part, unit) in back.iter_mut().zip(hidden) {
            *part = if *unit > 0.0 { *part } else { 0.0 };
        }
        back
    }

    fn correct_vectors(&mut self, back: &Hidden<H>, step: f32) {
        let mean = dot(back, back) / H as f32;
        self.paces.clear();
        for (feature, weight) in &self.kept {
            let sum = &mut self.vector_steps[*feature as usize];
            *sum += weight * weight * mean;
            self.paces.push(*sum);
        }
        // On its own, so that several roots are taken at once.
        for (pace, (_, weight)) in self.paces.iter_mut().zip(&self.kept) {
            *pace = step * weight / pace.sqrt();
        }
        for ((feature, _), pace) in self.kept.iter().zip(&self.paces) {
            for (part, slope) in self.net.vectors[*feature as usize].0.iter_mut().zip(back) {
                *part -= pace * slope;
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
    let rise = std::f32::consts::LOG2_E / temperature;
    for score in scores.iter_mut() {
        *score = power_of_two((*score - top) * rise);
    }
    let part = 1.0 / scores.iter().sum::<f32>();
    for score in scores.iter_mut() {
        *score *= part;
    }
}
