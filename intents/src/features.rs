//! What of a message counts: four blocks of features, each brought to length 1, so that no
//! block drowns another: words with marks, plain words, pieces of plain words, and senses.

use crate::reading::{Entity, EntityValue};
use crate::senses::Senses;
use crate::text::Token;
use crate::vocabulary::Vocabulary;

pub(crate) const BLOCKS: usize = 4;

/// How much each block weighs against the others for the classifier.
pub(crate) const SHARES: [f32; BLOCKS] = [1.0, 1.0, 0.7, 1.0];

/// Where there are more phrases than this, a feature of one alone is not learnt.
const MANY: usize = 4_000;

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

fn finish(mixed: u64) -> u64 {
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

fn pair(a: u64, b: u64) -> u64 {
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

pub(crate) fn extract(tokens: &[Token], entities: &[Entity], senses: &Senses) -> Hashes {
    let mut hashes = Hashes::default();
    let masks: Vec<Option<&'static str>> = tokens.iter().map(|token| mask(token, entities)).collect();
    let mut before = (3, 4);
    for (at, token) in tokens.iter().enumerate() {
        if goes_on(&masks, at) {
            continue;
        }
        let now = match masks[at] {
            Some(mask) => (hash(1, mask), hash(2, mask)),
            None => (hash(1, &token.marked), hash(2, &token.folded)),
        };
        hashes.blocks[0].extend([now.0, pair(before.0, now.0)]);
        hashes.blocks[1].extend([now.1, pair(before.1, now.1)]);
        before = now;
        if masks[at].is_none() {
            pieces(&token.folded, &mut hashes.blocks[2]);
        }
    }
    add_senses(tokens, &masks, senses, &mut hashes.blocks[3]);
    hashes
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
            (None, None) => hash(13, &tokens[at].folded),
        };
        at += 1;
        while at < tokens.len() && goes_on(masks, at) {
            at += 1;
        }
        into.extend([now, pair(before, now)]);
        before = now;
    }
}

/// 2 to 5 letters in a row, the borders of the word included.
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
        for (length, letter) in letters[from..].iter().take(5).enumerate() {
            mixed = (mixed ^ u64::from(*letter)).wrapping_mul(0x0100_0000_01B3);
            if length >= 1 {
                into.push(finish(mixed ^ (length as u64) << 56));
            }
        }
    }
}

/// Numbers and weights of the known features: inverse document frequency, each block of length 1.
pub(crate) fn weigh(hashes: &Hashes, vocabulary: &Vocabulary, idf: &[f32], shares: &[f32; BLOCKS]) -> Sparse {
    let mut sparse = Sparse::with_capacity(hashes.blocks.iter().map(Vec::len).sum());
    for (at, block) in hashes.blocks.iter().enumerate() {
        let from = sparse.len();
        let known = block.iter().filter_map(|hash| vocabulary.get(*hash));
        sparse.extend(known.map(|number| (number, idf[number as usize])));
        let length = sparse[from..].iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut sparse[from..] {
            *weight *= shares[at] / length.max(1e-6);
        }
    }
    sparse
}

/// The share of plain words that the model has seen.
pub(crate) fn known_share(hashes: &Hashes, vocabulary: &Vocabulary) -> f32 {
    let words: Vec<_> = hashes.blocks[1].iter().step_by(2).collect();
    let known = words.iter().filter(|hash| vocabulary.get(***hash).is_some()).count();
    known as f32 / words.len().max(1) as f32
}

/// Every feature that is worth learning and how rare it is. A phrase may have several copies; a
/// feature that only one of them has is a slip of its own.
pub(crate) fn count<'a>(examples: impl Iterator<Item = (&'a Hashes, usize)>) -> (Vocabulary, Vec<f32>) {
    let mut all = Vocabulary::new();
    let mut seen: Vec<Sightings> = Vec::new();
    let mut phrases = 0;
    let mut copies = 0;
    for (copy, (hashes, phrase)) in examples.enumerate() {
        phrases = phrases.max(phrase + 1);
        copies = copy + 1;
        for hash in hashes.blocks.iter().flatten() {
            let number = all.learn(*hash) as usize;
            match seen.get_mut(number) {
                None => seen.push(Sightings { hash: *hash, phrases: 1, copies: 1, last: (phrase, copy) }),
                Some(sightings) => sightings.add(phrase, copy),
            }
        }
    }
    let alone = phrases > MANY || copies > phrases;
    let mut vocabulary = Vocabulary::new();
    let mut idf = Vec::new();
    for sightings in seen.into_iter().filter(|sightings| !alone || sightings.copies > 1) {
        vocabulary.learn(sightings.hash);
        idf.push(((1.0 + phrases as f32) / (1.0 + sightings.phrases as f32)).ln() + 1.0);
    }
    (vocabulary, idf)
}

struct Sightings {
    hash: u64,
    phrases: u32,
    copies: u32,
    last: (usize, usize),
}

impl Sightings {
    fn add(&mut self, phrase: usize, copy: usize) {
        self.phrases += u32::from(self.last.0 != phrase);
        self.copies += u32::from(self.last.1 != copy);
        self.last = (phrase, copy);
    }
}
