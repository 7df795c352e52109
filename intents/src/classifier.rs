//! Learns classes from examples and tells them apart in messages: two nets, each of which
//! never saw a tenth of the phrases. On those it shows how sure it may be.

use crate::features::{self, Hashes, SHARES, Sparse};
use crate::gate::{Gate, Signs};
use crate::net::{HIDDEN, Hidden, Net, Row, dot, soften};
use crate::vocabulary::Vocabulary;

pub(crate) const NETS: usize = 2;
const WIDTH: usize = HIDDEN * NETS;

/// Phrases are dealt into this many heaps; net `n` does not see heap `n`.
const HEAPS: usize = 10;

/// Enough rounds for the nets to settle on phrases that come once; copies need fewer, and a few
/// phrases more.
const EPOCHS: f32 = 30.0;
const FEWEST_EPOCHS: f32 = 8.0;
const FEW: usize = 1_000;

/// A message without one known word.
const STRANGE: f32 = 0.9995;

pub(crate) struct Example {
    pub features: Hashes,
    pub class: usize,
    /// Copies of one phrase have one number and stay in one heap.
    pub phrase: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Classifier {
    vocabulary: Vocabulary,
    idf: Vec<f32>,
    /// The vectors of both nets side by side, each number as a byte, with their common scale.
    vectors: Vec<[i8; WIDTH]>,
    scales: Vec<f32>,
    heads: [Head; NETS],
    temperature: f32,
    gate: Gate,
}

#[derive(Debug, Clone)]
struct Head {
    bias: Hidden,
    classes: Vec<Hidden>,
    class_bias: Vec<f32>,
}

/// How a message looks to the classifier.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// One a class, summing to 1.
    pub probabilities: Vec<f32>,
    /// The probability that none of the classes fits.
    pub stranger: f32,
}

impl Classifier {
    /// `nobodys` is the class of examples that are nobody's, if there is one.
    pub(crate) fn train(examples: &[Example], classes: usize, nobodys: Option<usize>) -> Self {
        let (vocabulary, idf) = features::count(examples.iter().map(|example| (&example.features, example.phrase)));
        let row = |example: &Example| Row {
            features: features::weigh(&example.features, &vocabulary, &idf, &SHARES),
            class: example.class,
        };
        let rows: Vec<Row> = examples.iter().map(row).collect();
        let nets = train_nets(examples, &rows, idf.len(), classes);
        let unseen = unseen(examples, &rows, &nets);
        let temperature = temperature(&unseen);
        let known = |at: usize| features::known_share(&examples[at].features, &vocabulary);
        let signs: Vec<(Signs, bool)> = unseen
            .iter()
            .map(|look| {
                (Signs::of(&look.scores, look.strength, known(look.example), temperature, nobodys), Some(look.class) != nobodys)
            })
            .collect();
        let gate = Gate::fit(&signs);
        let (vectors, scales) = small(&nets);
        let heads = nets.map(|net| Head { bias: net.bias, classes: net.classes, class_bias: net.class_bias });
        Self { vocabulary, idf, vectors, scales, heads, temperature, gate }
    }

    pub(crate) fn judge(&self, features: &Hashes, nobodys: Option<usize>) -> Verdict {
        let row = features::weigh(features, &self.vocabulary, &self.idf, &SHARES);
        let known = features::known_share(features, &self.vocabulary);
        let (mut scores, strength) = self.score(&row);
        let signs = Signs::of(&scores, strength, known, self.temperature, nobodys);
        soften(&mut scores, self.temperature);
        let stranger = if known > 0.0 { self.gate.stranger(&signs) } else { STRANGE };
        Verdict { probabilities: scores, stranger }
    }

    /// Scores of the classes, and how strongly the hidden layers react.
    fn score(&self, row: &Sparse) -> (Vec<f32>, f32) {
        let mut sums = [0.0_f32; WIDTH];
        for (feature, weight) in row {
            let weight = weight * self.scales[*feature as usize];
            for (sum, part) in sums.iter_mut().zip(&self.vectors[*feature as usize]) {
                *sum += weight * f32::from(*part);
            }
        }
        let classes = self.heads[0].class_bias.len();
        let mut scores = vec![0.0; classes];
        let mut strength = 0.0;
        for (at, head) in self.heads.iter().enumerate() {
            let hidden: Hidden = std::array::from_fn(|unit| (sums[at * HIDDEN + unit] + head.bias[unit]).max(0.0));
            strength += dot(&hidden, &hidden).sqrt() / NETS as f32;
            for (class, score) in scores.iter_mut().enumerate() {
                *score += (head.class_bias[class] + dot(&head.classes[class], &hidden)) / NETS as f32;
            }
        }
        (scores, strength)
    }

    /// How rare a feature is among what was learnt; `None` for one that was not.
    pub(crate) fn rarity(&self, hash: u64) -> Option<f32> {
        self.vocabulary.get(hash).map(|number| self.idf[number as usize])
    }

    pub(crate) fn bytes(&self) -> usize {
        let heads: usize = self.heads.iter().map(|head| head.classes.len() * (size_of::<Hidden>() + 4)).sum();
        self.vocabulary.bytes() + self.idf.len() * 4 + self.scales.len() * 4 + self.vectors.len() * WIDTH + heads
    }
}

fn sees(net: usize, phrase: usize) -> bool {
    phrase % HEAPS != net
}

fn train_nets(examples: &[Example], rows: &[Row], features: usize, classes: usize) -> [Net; NETS] {
    let phrases = examples.last().map_or(1, |last| last.phrase + 1);
    let epochs = epochs(phrases, examples.len());
    let train = |net: usize| {
        let seen: Vec<&Row> =
            rows.iter().zip(examples).filter(|(_, example)| sees(net, example.phrase)).map(|(row, _)| row).collect();
        Net::train(&seen, features, classes, epochs, net as u64 + 1)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| train(1));
        let first = train(0);
        [first, other.join().expect("training does not panic")]
    })
}

fn epochs(phrases: usize, examples: usize) -> usize {
    let copies = examples as f32 / phrases.max(1) as f32;
    let enough = (EPOCHS / copies.powf(1.5)).max(FEWEST_EPOCHS);
    if phrases < FEW { 3 * enough as usize } else { enough as usize }
}

/// How a net saw a phrase that it had not learnt.
struct Look {
    example: usize,
    class: usize,
    scores: Vec<f32>,
    strength: f32,
}

fn unseen(examples: &[Example], rows: &[Row], nets: &[Net; NETS]) -> Vec<Look> {
    let mut looks = Vec::new();
    for (at, (example, row)) in examples.iter().zip(rows).enumerate() {
        let Some((_, net)) = nets.iter().enumerate().find(|(net, _)| !sees(*net, example.phrase)) else { continue };
        let hidden = net.hidden(&row.features);
        let mut scores = vec![0.0; net.class_bias.len()];
        net.listen(&hidden, &mut scores);
        looks.push(Look { example: at, class: example.class, scores, strength: dot(&hidden, &hidden).sqrt() });
    }
    looks
}

/// The temperature with the least log loss on phrases the nets had not learnt.
fn temperature(looks: &[Look]) -> f32 {
    let surprise = |look: &Look, temperature: f32| {
        let mut probabilities = look.scores.clone();
        soften(&mut probabilities, temperature);
        -probabilities[look.class].max(1e-9).ln()
    };
    let loss = |temperature: f32| looks.iter().map(|look| surprise(look, temperature)).sum::<f32>();
    let candidates = (0..24).map(|step| 0.3 * 1.12_f32.powi(step)).map(|candidate| (candidate, loss(candidate)));
    candidates.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |best| best.0)
}

/// The vectors of all nets side by side as bytes.
fn small(nets: &[Net; NETS]) -> (Vec<[i8; WIDTH]>, Vec<f32>) {
    let feature = |at: usize| {
        let wide: [f32; WIDTH] = std::array::from_fn(|unit| nets[unit / HIDDEN].vectors[at][unit % HIDDEN]);
        let scale = wide.iter().fold(1e-9_f32, |top, part| top.max(part.abs())) / 127.0;
        (wide.map(|part| (part / scale).round() as i8), scale)
    };
    (0..nets[0].vectors.len()).map(feature).unzip()
}
