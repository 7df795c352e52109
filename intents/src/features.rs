//! What of a message counts: three blocks of features, each brought to its own length, so that no
//! block drowns another: plain words, pieces of plain words, and senses. Marks count for senses only:
//! words with marks as a block of their own told nothing more.

use crate::exact::ln;
use crate::lessons::side_by_side;
use crate::reading::{Asked, Entity, EntityValue};
use crate::senses::Senses;
use crate::token::Token;
use crate::vocabulary::Vocabulary;
use std::ops::Range;

pub(crate) const BLOCKS: usize = 3;

/// How much each block weighs against the others for the classifier.
pub(crate) const SHARES: [f32; BLOCKS] = [1.3, 0.7, 1.0];

/// Where there are more phrases than this, a feature of one alone is not learnt.
const MANY: usize = 2_000;

/// Where the pieces of words stand.
const PIECES: usize = 1;

/// Who answers a question says so in the first words.
const BESIDE_QUESTION: usize = 4;

/// Words in different blocks are different features.
const PLAIN: u64 = 0x504C;
const SENSELESS: u64 = 0x5345;

/// What an unknown word weighs against known ones: about as much as one that a single phrase has.
const RAREST: f32 = 10.0;

/// The features of a message by hash, block after block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hashes {
    pub blocks: [Vec<u64>; BLOCKS],
}

/// The features of a message by number, with their weights.
pub(crate) type Sparse = Vec<(u32, f32)>;

const SEED: u64 = 0xCBF2_9CE4_8422_2325;

/// FNV-1a, finished so that the high bits are good too.
pub(crate) fn hash(seed: u64, text: &str) -> u64 {
    let mixed = text.bytes().fold(SEED ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    finish(mixed)
}

pub(crate) fn finish(mixed: u64) -> u64 {
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

pub(crate) fn pair(a: u64, b: u64) -> u64 {
    finish(a.rotate_left(17) ^ b.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The word that stands for a value, so that no model learns codes and phones by heart.
fn mask(token: &Token, entities: &[Entity]) -> Option<&'static str> {
    let entity = entities.iter().find(|entity| entity.span.start < token.span.end && token.span.start < entity.span.end)?;
    Some(match entity.value {
        EntityValue::OrderCode(_) => "⟨code⟩",
        EntityValue::Phone(_) => "⟨phone⟩",
        EntityValue::Digits4(_) => "⟨tail⟩",
        EntityValue::Email(_) => "⟨email⟩",
        EntityValue::Money { .. } => "⟨money⟩",
        EntityValue::Quantity(_) => "⟨number⟩",
        EntityValue::Size(_) => "⟨size⟩",
        EntityValue::Place(_) | EntityValue::Date(_) => return None,
    })
}

pub(crate) fn extract(tokens: &[Token], entities: &[Entity], senses: &Senses, asked: Option<Asked>) -> Hashes {
    let pieces_of_words: usize = tokens.iter().map(|token| 2 * token.folded.len()).sum();
    let beside = if asked.is_some() { 1 + BESIDE_QUESTION } else { 0 };
    let room = [2 * tokens.len(), pieces_of_words, 2 * tokens.len() + beside];
    let mut hashes = Hashes { blocks: room.map(Vec::with_capacity) };
    let masks: Vec<Option<&'static str>> = tokens.iter().map(|token| mask(token, entities)).collect();
    let mut before = 4;
    for (at, token) in tokens.iter().enumerate() {
        if goes_on(&masks, at) {
            continue;
        }
        let now = match masks[at] {
            Some(mask) => hash(2, mask),
            None => finish(token.key() ^ PLAIN),
        };
        hashes.blocks[0].extend([now, pair(before, now)]);
        before = now;
        if masks[at].is_none() {
            pieces(&token.folded, &mut hashes.blocks[PIECES]);
        }
    }
    add_senses(tokens, &masks, senses, &mut hashes.blocks[2]);
    if let Some(asked) = asked {
        add_question(asked, &mut hashes.blocks[2]);
    }
    hashes
}

/// What the bot asked last, alone and beside each sense: `1024` says one thing after one question
/// and another after another.
fn add_question(asked: Asked, senses: &mut Vec<u64>) {
    let question = finish(0xA5C3D + asked as u64);
    let beside: Vec<u64> = senses.iter().step_by(2).take(BESIDE_QUESTION).map(|sense| pair(question, *sense)).collect();
    senses.push(question);
    senses.extend(beside);
}

/// A value of several words is one feature.
fn goes_on(masks: &[Option<&'static str>], at: usize) -> bool {
    at > 0 && masks[at].is_some() && masks[at] == masks[at - 1]
}

fn add_senses(tokens: &[Token], masks: &[Option<&'static str>], senses: &Senses, into: &mut Vec<u64>) {
    let mut at = 0;
    let mut before = 7;
    while at < tokens.len() {
        let now = match (masks[at], senses.at(&tokens[at..])) {
            (Some(mask), _) => hash(14, mask),
            (None, Some((sense, length))) => {
                at += length - 1;
                finish(u64::from(sense) + 0x5E45E)
            }
            (None, None) => finish(tokens[at].key() ^ SENSELESS),
        };
        at += 1;
        while at < tokens.len() && goes_on(masks, at) {
            at += 1;
        }
        into.extend([now, pair(before, now)]);
        before = now;
    }
}

/// 3 and 4 letters in a row, the borders of the word included.
fn pieces(word: &str, into: &mut Vec<u64>) {
    let mut letters: [u32; 44] = [0; 44];
    let mut count = 1;
    for letter in word.chars().take(42) {
        letters[count] = letter as u32;
        count += 1;
    }
    let letters = &letters[..=count];
    for from in 0..letters.len() - 1 {
        let mut mixed = SEED;
        for (length, letter) in letters[from..].iter().take(4).enumerate() {
            mixed = (mixed ^ u64::from(*letter)).wrapping_mul(0x0100_0000_01B3);
            if length >= 2 {
                into.push(finish(mixed ^ (length as u64) << 56));
            }
        }
    }
}

/// Numbers and weights of the known features: inverse document frequency, each block of length 1.
pub(crate) fn weigh(hashes: &Hashes, vocabulary: &Vocabulary, idf: &[f32], shares: &[f32; BLOCKS]) -> Sparse {
    let mut sparse = Sparse::with_capacity(hashes.blocks.iter().map(Vec::len).sum());
    for (block, share) in hashes.blocks.iter().zip(shares) {
        append(block.iter().filter_map(|hash| vocabulary.get(*hash)), idf, *share, &mut sparse);
    }
    sparse
}

/// The features of one block, weighed so that its length is `share`.
fn append(numbers: impl Iterator<Item = u32>, idf: &[f32], share: f32, sparse: &mut Sparse) {
    let from = sparse.len();
    sparse.extend(numbers.map(|number| (number, idf[number as usize])));
    let scale = share / length(sparse[from..].iter().map(|(_, weight)| *weight));
    for (_, weight) in &mut sparse[from..] {
        *weight *= scale;
    }
}

fn length(weights: impl Iterator<Item = f32>) -> f32 {
    weights.map(|weight| weight * weight).sum::<f32>().sqrt().max(1e-6)
}

/// The share of plain words that the model has seen.
pub(crate) fn known_share(hashes: &Hashes, vocabulary: &Vocabulary) -> f32 {
    let words: Vec<_> = hashes.blocks[0].iter().step_by(2).collect();
    let known = words.iter().filter(|hash| vocabulary.get(***hash).is_some()).count();
    known as f32 / words.len().max(1) as f32
}

/// How much of a message the model has seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// The share of its words, rare ones counting more.
    pub words: f32,
    /// The share of senses that stand side by side.
    pub pairs: f32,
}

pub(crate) fn known(hashes: &Hashes, vocabulary: &Vocabulary, idf: &[f32]) -> Known {
    let (mut seen, mut unseen) = (0.0, 0.0);
    for hash in hashes.blocks[0].iter().step_by(2) {
        match vocabulary.get(*hash) {
            Some(number) => seen += idf[number as usize],
            None => unseen += RAREST,
        }
    }
    let pairs = hashes.blocks[2].iter().skip(1).step_by(2);
    let known = pairs.clone().filter(|hash| vocabulary.get(**hash).is_some()).count();
    Known { words: seen / f32::max(seen + unseen, 1e-6), pairs: known as f32 / pairs.len().max(1) as f32 }
}

/// What is learnt from examples: the features worth it, how rare they are, and the examples by them.
pub(crate) struct Counted {
    pub vocabulary: Vocabulary,
    pub idf: Vec<f32>,
    pub rows: Rows,
}

/// Many examples by the numbers of their features. Weights are made when they are wanted: learning waits
/// for these rows, and half as many bytes are there sooner.
#[derive(Debug)]
pub(crate) struct Rows {
    /// As they were made, side by side.
    halves: Vec<Half>,
    /// Where the second half begins.
    middle: usize,
}

/// Examples one behind the other.
#[derive(Debug)]
struct Half {
    numbers: Vec<u32>,
    ends: Vec<RowEnd>,
}

#[derive(Debug, Clone, Copy)]
struct RowEnd {
    /// Where its blocks end.
    blocks: [usize; BLOCKS],
    scales: [f32; BLOCKS],
}

/// The features of one example, block after block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub numbers: &'a [u32],
    /// Where the first two blocks end.
    ends: [usize; BLOCKS - 1],
    /// What the rarity of a feature is multiplied with, in each block.
    scales: [f32; BLOCKS],
}

impl Rows {
    pub(crate) fn get(&self, at: usize) -> Row<'_> {
        if at < self.middle { self.halves[0].get(at) } else { self.halves[1].get(at - self.middle) }
    }
}

impl Half {
    fn get(&self, at: usize) -> Row<'_> {
        let start = if at == 0 { 0 } else { self.ends[at - 1].blocks[BLOCKS - 1] };
        let RowEnd { blocks: [first, second, last], scales } = self.ends[at];
        Row { numbers: &self.numbers[start..last], ends: [first - start, second - start], scales }
    }
}

impl Row<'_> {
    /// The number of a feature by its place, and its weight.
    pub(crate) fn feature(&self, at: usize, idf: &[f32]) -> (u32, f32) {
        let number = self.numbers[at];
        let block = self.ends.iter().filter(|end| at >= **end).count();
        (number, idf[number as usize] * self.scales[block])
    }

    pub(crate) fn weigh(&self, idf: &[f32]) -> Sparse {
        (0..self.numbers.len()).map(|at| self.feature(at, idf)).collect()
    }
}

/// A phrase may have several copies; `examples` says with each its phrase. Where there is much to
/// learn from, a feature that only one phrase has is left out.
pub(crate) fn count(examples: &[(&Hashes, usize)], shares: &[f32; BLOCKS]) -> Counted {
    let tallies =
        side_by_side(&BLOCKS_BY_LENGTH, |blocks| blocks.iter().map(|block| (*block, Tally::of(examples, *block))).collect());
    let mut tallies: Vec<(usize, Tally)> = tallies.into_iter().flat_map(|tallies: Vec<_>| tallies).collect();
    tallies.sort_unstable_by_key(|tally| tally.0);
    let phrases = examples.iter().map(|example| example.1 + 1).max().unwrap_or(0);
    let (mut vocabulary, mut idf) = (Vocabulary::new(), Vec::new());
    let least = if phrases > MANY { 2 } else { 1 };
    let mut choose = |tally: &Tally| {
        let kept = tally.sightings.iter().map(|seen| {
            (seen.phrases >= least).then(|| {
                idf.push(ln((1.0 + phrases as f32) / (1.0 + seen.phrases as f32)) + 1.0);
                vocabulary.learn(seen.hash)
            })
        });
        kept.collect::<Vec<Option<u32>>>()
    };
    let kept: Vec<Vec<Option<u32>>> = tallies.iter().map(|(_, tally)| choose(tally)).collect();
    let rows = |examples: &Range<usize>| {
        let room = tallies.iter().map(|(_, tally)| examples.clone().map(|at| tally.of_example(at).len()).sum::<usize>()).sum();
        let mut rows = Half { numbers: Vec::with_capacity(room), ends: Vec::with_capacity(examples.len()) };
        for at in examples.clone() {
            let mut scales = *shares;
            let blocks = std::array::from_fn(|block| {
                let (from, numbers) = (rows.numbers.len(), tallies[block].1.of_example(at));
                rows.numbers.extend(numbers.iter().filter_map(|number| kept[block][*number as usize]));
                scales[block] /= length(rows.numbers[from..].iter().map(|number| idf[*number as usize]));
                rows.numbers.len()
            });
            rows.ends.push(RowEnd { blocks, scales });
        }
        rows
    };
    let middle = examples.len() / 2;
    let halves = side_by_side(&[0..middle, middle..examples.len()], rows);
    Counted { vocabulary: vocabulary.settle(), idf, rows: Rows { halves, middle } }
}

/// Pieces of words are as many as all the others: two can count side by side.
const BLOCKS_BY_LENGTH: [&[usize]; 2] = [&[PIECES], &[0, 2]];

/// So many features are remembered that were just counted.
const RECENT: usize = 1 << 10;

/// The features of one block, by numbers of their own.
struct Tally {
    sightings: Vec<Sightings>,
    numbers: Vec<u32>,
    /// Where those of each example end.
    ends: Vec<usize>,
}

impl Tally {
    fn of(examples: &[(&Hashes, usize)], block: usize) -> Self {
        let mut all = Vocabulary::with_room(2 * examples.len());
        let entries = examples.iter().map(|example| example.0.blocks[block].len()).sum();
        let mut sightings: Vec<Sightings> = Vec::new();
        let (mut numbers, mut ends) = (Vec::with_capacity(entries), Vec::with_capacity(examples.len()));
        // Copies of a phrase share most features: what was counted for it already need not be looked up again.
        let mut recent = vec![(0, u32::MAX, 0); RECENT];
        for (hashes, phrase) in examples {
            let phrase = *phrase as u32;
            for hash in &hashes.blocks[block] {
                let place = &mut recent[*hash as usize % RECENT];
                if (place.0, place.1) != (*hash, phrase) {
                    let number = all.learn(*hash);
                    match sightings.get_mut(number as usize) {
                        None => sightings.push(Sightings { hash: *hash, phrases: 1, last: phrase }),
                        Some(seen) => seen.add(phrase),
                    }
                    *place = (*hash, phrase, number);
                }
                numbers.push(place.2);
            }
            ends.push(numbers.len());
        }
        Self { sightings, numbers, ends }
    }

    fn of_example(&self, at: usize) -> &[u32] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.numbers[start..self.ends[at]]
    }
}

/// How many phrases have a feature.
struct Sightings {
    hash: u64,
    phrases: u32,
    last: u32,
}

impl Sightings {
    fn add(&mut self, phrase: u32) {
        self.phrases += u32::from(self.last != phrase);
        self.last = phrase;
    }
}
