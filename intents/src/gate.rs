//! Is the message anybody's at all? A few signs of how the nets reacted, weighed by a logistic
//! rule that is fitted on phrases the nets had not seen.

use crate::exact::{exp, ln};
use crate::features::Known;

/// How the nets reacted to a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Signs([f32; SIGNS]);

const SIGNS: usize = 7;

impl Signs {
    pub(crate) fn of(scores: &[f32], strength: f32, known: Known, temperature: f32, nobodys: Option<usize>) -> Self {
        let mut top = [f32::NEG_INFINITY; 2];
        let mut nobody = f32::NEG_INFINITY;
        for (class, score) in scores.iter().map(|score| score / temperature).enumerate() {
            if Some(class) == nobodys {
                nobody = score;
            } else if score > top[0] {
                top = [score, top[0]];
            } else if score > top[1] {
                top[1] = score;
            }
        }
        let sum: f32 = scores.iter().map(|score| exp(score / temperature - top[0])).sum();
        let against_nobody = if nobody.is_finite() { (top[0] - nobody).clamp(-12.0, 12.0) } else { 0.0 };
        let energy = top[0] * temperature;
        Self([-ln(sum), (top[0] - top[1]).min(12.0), energy, strength, known.words, known.pairs, against_nobody])
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Gate {
    means: [f32; SIGNS],
    spreads: [f32; SIGNS],
    weights: [f32; SIGNS],
    bias: f32,
}

impl Gate {
    /// From signs of phrases that are somebody's (`true`) and nobody's.
    pub(crate) fn fit(signs: &[(Signs, bool)]) -> Self {
        let count = signs.len().max(1) as f32;
        let means = std::array::from_fn(|at| signs.iter().map(|(signs, _)| signs.0[at]).sum::<f32>() / count);
        let spreads = std::array::from_fn(|at: usize| {
            let square = signs.iter().map(|(signs, _)| square(signs.0[at] - means[at])).sum::<f32>() / count;
            square.sqrt().max(1e-3)
        });
        let mut gate = Self { means, spreads, weights: UNTAUGHT, bias: 3.0 };
        if signs.iter().filter(|(_, somebodys)| !somebodys).count() >= ENOUGH {
            gate.descend(signs);
        }
        gate
    }

    /// The probability that the message is nobody's.
    pub(crate) fn stranger(&self, signs: &Signs) -> f32 {
        strangeness(self.lean(signs))
    }

    fn lean(&self, signs: &Signs) -> f32 {
        let weighed = |at: usize| self.weights[at] * (signs.0[at] - self.means[at]) / self.spreads[at];
        self.bias + (0..SIGNS).map(weighed).sum::<f32>()
    }

    fn descend(&mut self, signs: &[(Signs, bool)]) {
        let part = 1.0 / signs.len() as f32;
        let even = |signs: &Signs| std::array::from_fn(|at| (signs.0[at] - self.means[at]) / self.spreads[at]);
        let (signs, somebodys): (Vec<[f32; SIGNS]>, Vec<f32>) =
            signs.iter().map(|(signs, somebodys)| (even(signs), f32::from(u8::from(*somebodys)))).unzip();
        // Sign by sign, so that the leans of several phrases are found at once.
        let by_sign: [Vec<f32>; SIGNS] = std::array::from_fn(|at| signs.iter().map(|signs| signs[at]).collect());
        let mut errors = vec![0.0; signs.len()];
        for _ in 0..ROUNDS {
            errors.fill(0.0);
            for (weight, signs) in self.weights.iter().zip(&by_sign) {
                errors.iter_mut().zip(signs).for_each(|(lean, sign)| *lean += weight * sign);
            }
            for (error, somebodys) in errors.iter_mut().zip(&somebodys) {
                *error = 1.0 - strangeness(self.bias + *error) - somebodys;
            }
            let mut slopes = [0.0; SIGNS];
            let mut bias = 0.0;
            for (signs, error) in signs.iter().zip(&errors) {
                bias += error;
                for (slope, sign) in slopes.iter_mut().zip(signs) {
                    *slope += error * sign;
                }
            }
            self.bias -= 2.0 * bias * part;
            for (weight, slope) in self.weights.iter_mut().zip(slopes) {
                *weight -= 2.0 * (slope * part + 1e-3 * *weight);
            }
        }
    }
}

/// How often all signs are gone through.
const ROUNDS: usize = 200;

fn square(number: f32) -> f32 {
    number * number
}

fn strangeness(lean: f32) -> f32 {
    1.0 / (1.0 + exp(lean.clamp(-7.0, 7.0)))
}

/// Fewer phrases that are nobody's teach nothing.
const ENOUGH: usize = 10;

/// What holds where no phrase that is nobody's was given.
const UNTAUGHT: [f32; SIGNS] = [0.2, 0.1, 1.4, 0.2, 0.35, 0.5, 0.0];
