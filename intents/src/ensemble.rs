//! Several trained nets as one: kept as one byte a weight, read side by side.

use crate::features::Sparse;
use crate::lessons::side_by_side;
use crate::net::{Net, dot, listen};
use std::ops::Range;

/// Nets of `H` hidden units each.
#[derive(Debug, Clone)]
pub(crate) struct Ensemble<const H: usize> {
    /// For each feature the vectors of all nets, one after the other, with their common scale.
    vectors: Vec<[i8; H]>,
    scales: Vec<f32>,
    heads: Vec<Head<H>>,
}

/// What a message calls forth in the nets.
pub(crate) struct Reaction {
    /// Of the classes, on average.
    pub scores: Vec<f32>,
    /// How strongly the hidden layers react.
    pub strength: f32,
    /// The hidden layers of all nets.
    pub hidden: Vec<f32>,
}

#[derive(Debug, Clone)]
struct Head<const H: usize> {
    bias: [f32; H],
    classes: Vec<[f32; H]>,
    class_bias: Vec<f32>,
}

/// The vectors of some features in all nets, one byte a weight, with their scales.
fn flattened<const H: usize>(nets: &[Net<H>], features: Range<usize>) -> (Vec<[i8; H]>, Vec<f32>) {
    let mut vectors = Vec::with_capacity(features.len() * nets.len());
    let scales = features.map(|feature| {
        let parts = nets.iter().flat_map(|net| net.vectors[feature].0);
        let scale = parts.fold(1e-9_f32, |top, part| top.max(part.abs())) / 127.0;
        let rise = 1.0 / scale;
        // Moved up, so that cutting rounds: the compiler takes several at once.
        vectors.extend(nets.iter().map(|net| net.vectors[feature].0.map(|part| ((part * rise + 128.5) as i32 - 128) as i8)));
        scale
    });
    let scales = scales.collect();
    (vectors, scales)
}

impl<const H: usize> Ensemble<H> {
    pub(crate) fn of(nets: Vec<Net<H>>) -> Self {
        let features = nets[0].vectors.len();
        let middle = features / 2;
        let halves = side_by_side(&[0..middle, middle..features], |features| flattened(&nets, features.clone()));
        let (mut vectors, mut scales) = (Vec::with_capacity(features * nets.len()), Vec::with_capacity(features));
        for (half, half_scales) in halves {
            vectors.extend(half);
            scales.extend(half_scales);
        }
        let head = |net: Net<H>| Head { bias: net.bias, classes: net.classes, class_bias: net.class_bias };
        Self { vectors, scales, heads: nets.into_iter().map(head).collect() }
    }

    pub(crate) fn react(&self, row: &Sparse) -> Reaction {
        let nets = self.heads.len();
        let part = 1.0 / nets as f32;
        let mut hidden: Vec<[f32; H]> = self.heads.iter().map(|head| head.bias).collect();
        for (feature, weight) in row {
            let feature = *feature as usize;
            let weight = weight * self.scales[feature];
            for (sums, vector) in hidden.iter_mut().zip(&self.vectors[feature * nets..(feature + 1) * nets]) {
                for (sum, part) in sums.iter_mut().zip(vector) {
                    *sum += weight * f32::from(*part);
                }
            }
        }
        let mut scores = vec![0.0; self.heads[0].class_bias.len()];
        let mut heard = scores.clone();
        let mut strength = 0.0;
        let mut layers = Vec::with_capacity(nets * H);
        for (head, sums) in self.heads.iter().zip(hidden) {
            let hidden = sums.map(|sum| sum.max(0.0));
            layers.extend_from_slice(&hidden);
            strength += dot(&hidden, &hidden).sqrt() * part;
            listen(&head.classes, &hidden, &mut heard);
            for (score, (heard, bias)) in scores.iter_mut().zip(heard.iter().zip(&head.class_bias)) {
                *score += (bias + heard) * part;
            }
        }
        Reaction { scores, strength, hidden: layers }
    }

    pub(crate) fn bytes(&self) -> usize {
        let heads: usize = self.heads.iter().map(|head| head.classes.len() * (H + 1) * 4).sum();
        self.vectors.len() * H + self.scales.len() * 4 + heads
    }
}
