//! Learns classes from examples and tells them apart in messages: two or three nets, each
//! of which never saw a twentieth of the phrases. On those it shows how sure it may be.

use crate::dice::Dice;
use crate::ensemble::{Ensemble, Reaction};
use crate::eval::LET_IN;
use crate::exact::ln;
use crate::features::{self, Counted, Hashes, Rows, SHARES};
use crate::gate::{Gate, Signs};
use crate::lessons::side_by_side;
use crate::net::{Net, Round, Turn, dot, soften};
use crate::vocabulary::Vocabulary;
use std::ops::Range;

/// Up to this many classes, fewer and smaller nets tell them apart as well.
const FEW_CLASSES: usize = 40;
const FEW_NETS: usize = 2;
const MANY_NETS: usize = 3;

/// Hidden units of a net.
const NARROW: usize = 48;
const WIDE: usize = 64;

/// Phrases are dealt into this many heaps; net `n` does not see heap `n`.
const HEAPS: usize = 20;

/// A net sees each phrase once a round, in one of its copies. Copies teach less each, and all of
/// them are seen sooner or later; a few phrases need more rounds.
const ROUNDS: usize = 30;
const ROUNDS_OF_COPIES: usize = 16;
const FEW: usize = 1_000;

/// Where phrases have no copies, they are still not learnt in one order only.
const ORDERS: usize = 2;

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
    nets: Nets,
    temperature: f32,
    gate: Gate,
    limit: f32,
}

#[derive(Debug, Clone)]
enum Nets {
    Narrow(Ensemble<NARROW>),
    Wide(Ensemble<WIDE>),
}

/// How a message looks to the classifier.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// One a class, summing to 1.
    pub probabilities: Vec<f32>,
    /// The probability that none of the classes fits.
    pub stranger: f32,
    /// The share of its words that are known, rare ones counting more.
    pub known: f32,
    /// The hidden layers: messages with one wish light up the same units.
    pub hidden: Vec<f32>,
}

impl Classifier {
    /// `nobodys` is the class of examples that are nobody's, if there is one; with another `throw` the dice fall otherwise.
    pub(crate) fn train(examples: &[Example], classes: usize, nobodys: Option<usize>, throw: u64) -> Self {
        let phrases: Vec<_> = examples.iter().map(|example| (&example.features, example.phrase)).collect();
        let Counted { vocabulary, idf, rows } = features::count(&phrases, &SHARES);
        let (nets, unseen) = if classes <= FEW_CLASSES {
            let (nets, unseen) = teach(examples, &rows, &idf, classes, FEW_NETS, throw);
            (Nets::Narrow(nets), unseen)
        } else {
            let (nets, unseen) = teach(examples, &rows, &idf, classes, MANY_NETS, throw);
            (Nets::Wide(nets), unseen)
        };
        let temperature = temperature(&unseen);
        let known = |at: usize| features::known(&examples[at].features, &vocabulary, &idf);
        let signs: Vec<(Signs, bool)> = unseen
            .iter()
            .map(|look| {
                (Signs::of(&look.scores, look.strength, known(look.example), temperature, nobodys), Some(look.class) != nobodys)
            })
            .collect();
        let gate = Gate::fit(&signs);
        let limit = limit(&unseen, &signs, &gate);
        Self { vocabulary, idf, nets, temperature, gate, limit }
    }

    /// More strangeness than nearly all phrases have that were held back in training and read rightly.
    pub(crate) fn limit(&self) -> f32 {
        self.limit
    }

    pub(crate) fn judge(&self, features: &Hashes, nobodys: Option<usize>) -> Verdict {
        let row = features::weigh(features, &self.vocabulary, &self.idf, &SHARES);
        let known = features::known(features, &self.vocabulary, &self.idf);
        let Reaction { mut scores, strength, hidden } = match &self.nets {
            Nets::Narrow(nets) => nets.react(&row),
            Nets::Wide(nets) => nets.react(&row),
        };
        let signs = Signs::of(&scores, strength, known, self.temperature, nobodys);
        soften(&mut scores, self.temperature);
        let stranger = if known.words > 0.0 { self.gate.stranger(&signs) } else { STRANGE };
        Verdict { probabilities: scores, stranger, known: known.words, hidden }
    }

    /// The same for a message that may be read in several ways, each with its weight against the first.
    pub(crate) fn judge_ways(&self, first: &Hashes, others: &[(f32, Hashes)], nobodys: Option<usize>) -> Verdict {
        let mut verdict = self.judge(first, nobodys);
        let mut told = 1.0;
        for (weight, features) in others {
            let other = self.judge(features, nobodys);
            told += weight;
            let blend = |sum: &mut f32, other: f32| *sum += (other - *sum) * weight / told;
            verdict.probabilities.iter_mut().zip(other.probabilities).for_each(|(sum, other)| blend(sum, other));
            blend(&mut verdict.stranger, other.stranger);
        }
        verdict
    }

    /// How rare a feature is among what was learnt; `None` for one that was not.
    pub(crate) fn rarity(&self, hash: u64) -> Option<f32> {
        self.vocabulary.get(hash).map(|number| self.idf[number as usize])
    }

    pub(crate) fn bytes(&self) -> usize {
        let nets = match &self.nets {
            Nets::Narrow(nets) => nets.bytes(),
            Nets::Wide(nets) => nets.bytes(),
        };
        self.vocabulary.bytes() + self.idf.len() * 4 + nets
    }
}

fn sees(net: usize, phrase: usize) -> bool {
    phrase % HEAPS != net
}

/// The nets as one, and how each saw the phrases that it had not learnt.
fn teach<const H: usize>(
    examples: &[Example],
    rows: &Rows,
    idf: &[f32],
    classes: usize,
    nets: usize,
    throw: u64,
) -> (Ensemble<H>, Vec<Look>) {
    let phrases = examples.last().map_or(1, |last| last.phrase + 1);
    let rounds = rounds(phrases, examples.len());
    let each = each_round(examples, throw);
    let train =
        |net: usize| Net::train((rows, &each, idf), |phrase| sees(net, phrase), classes, rounds, throw * 16 + net as u64 + 1);
    let train = &train;
    let nets: Vec<Net<H>> = std::thread::scope(|scope| {
        let nets: Vec<_> = (0..nets).map(|net| scope.spawn(move || train(net))).collect();
        nets.into_iter().map(|net| net.join().expect("training does not panic")).collect()
    });
    let unseen = unseen(examples, (rows, idf), &nets);
    (Ensemble::of(nets), unseen)
}

/// Each phrase once a round, in another of its copies each time, in an order of its own.
fn each_round(examples: &[Example], throw: u64) -> Vec<Round> {
    let mut dice = Dice::new(5 + throw);
    let mut from = 0;
    let starts = examples.chunk_by(|a, b| a.phrase == b.phrase).map(|copies| {
        from += copies.len();
        from - copies.len()..from
    });
    let mut phrases: Vec<Range<usize>> = starts.collect();
    let copies = phrases.iter().map(Range::len).max().unwrap_or(1).max(ORDERS);
    let round = |number: usize| {
        dice.shuffle(&mut phrases);
        let copy = |copies: &Range<usize>| {
            let Example { class, phrase, .. } = examples[copies.start];
            Turn { row: copies.start + (phrase + number) % copies.len(), class, phrase }
        };
        phrases.iter().map(copy).collect()
    };
    (0..copies).map(round).collect()
}

fn rounds(phrases: usize, examples: usize) -> usize {
    let enough = if examples > phrases { ROUNDS_OF_COPIES } else { ROUNDS };
    if phrases < FEW { 3 * enough } else { enough }
}

/// How a net saw a phrase that it had not learnt.
struct Look {
    example: usize,
    class: usize,
    scores: Vec<f32>,
    strength: f32,
}

fn unseen<const H: usize>(examples: &[Example], (rows, idf): (&Rows, &[f32]), nets: &[Net<H>]) -> Vec<Look> {
    let mut looks = Vec::new();
    for (at, example) in examples.iter().enumerate() {
        let Some((_, net)) = nets.iter().enumerate().find(|(net, _)| !sees(*net, example.phrase)) else { continue };
        let hidden = net.hidden(&rows.get(at).weigh(idf));
        let mut scores = vec![0.0; net.class_bias.len()];
        net.listen(&hidden, &mut scores);
        looks.push(Look { example: at, class: example.class, scores, strength: dot(&hidden, &hidden).sqrt() });
    }
    looks
}

fn limit(unseen: &[Look], signs: &[(Signs, bool)], gate: &Gate) -> f32 {
    let right =
        |look: &Look| look.scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).is_some_and(|top| top.0 == look.class);
    let kept = unseen.iter().zip(signs).filter(|(look, _)| right(look));
    let mut strange: Vec<f32> = kept.map(|(_, (signs, _))| gate.stranger(signs)).collect();
    strange.sort_by(f32::total_cmp);
    strange.get((strange.len() as f64 * LET_IN) as usize).or(strange.last()).copied().unwrap_or(0.5)
}

/// The temperature with the least log loss on phrases the nets had not learnt.
fn temperature(looks: &[Look]) -> f32 {
    let candidates: Vec<f32> = std::iter::successors(Some(0.3), |last| Some(last * 1.12)).take(24).collect();
    let losses = side_by_side(&candidates, |temperature| {
        let mut probabilities = Vec::new();
        let surprise = |look: &Look| {
            probabilities.clone_from(&look.scores);
            soften(&mut probabilities, *temperature);
            -ln(probabilities[look.class].max(1e-9))
        };
        looks.iter().map(surprise).sum::<f32>()
    });
    let all = candidates.into_iter().zip(losses);
    all.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |best| best.0)
}
