//! What of a message counts: three blocks of features, each brought to length 1, so that no
//! block drowns another: words with marks, plain words, and pieces of plain words.

use crate::reading::{Entity, EntityValue};
use crate::text::Token;
use crate::vocabulary::Vocabulary;

pub(crate) const BLOCKS: usize = 3;

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

pub(crate) fn extract(tokens: &[Token], entities: &[Entity]) -> Hashes {
    let mut hashes = Hashes::default();
    let mut before: Option<(u64, u64)> = None;
    let mut masked_before = None;
    for token in tokens {
        let masked = mask(token, entities);
        if masked.is_some() && masked == masked_before {
            continue;
        }
        masked_before = masked;
        let (marked, folded) = match masked {
            Some(mask) => (hash(1, mask), hash(2, mask)),
            None => (hash(1, &token.marked), hash(2, &token.folded)),
        };
        hashes.blocks[0].push(marked);
        hashes.blocks[1].push(folded);
        let (marked_before, folded_before) = before.unwrap_or((3, 4));
        hashes.blocks[0].push(pair(marked_before, marked));
        hashes.blocks[1].push(pair(folded_before, folded));
        before = Some((marked, folded));
        if masked.is_none() {
            pieces(&token.folded, &mut hashes.blocks[2]);
        }
    }
    hashes
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
pub(crate) fn weigh(hashes: &Hashes, vocabulary: &Vocabulary, idf: &[f32]) -> Sparse {
    let mut sparse = Sparse::with_capacity(hashes.blocks.iter().map(Vec::len).sum());
    for block in &hashes.blocks {
        let from = sparse.len();
        let known = block.iter().filter_map(|hash| vocabulary.get(*hash));
        sparse.extend(known.map(|number| (number, idf[number as usize])));
        let length = sparse[from..].iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut sparse[from..] {
            *weight /= length.max(1e-6);
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
