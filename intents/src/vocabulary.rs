//! Features by their hash: a small open table from 64-bit hashes to running numbers.
//! No strings are kept; two features with one hash would be one feature.

use std::hash::{BuildHasherDefault, Hasher};

/// For tables of words that only a pack fills: no message can make them slow.
pub(crate) type Quick = BuildHasherDefault<WordHasher>;

#[derive(Default)]
pub(crate) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Grows while the model learns, then only answers.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    /// The low half of a hash, and the number of the feature.
    slots: Vec<(u32, u32)>,
    /// By number, until the vocabulary is settled.
    hashes: Vec<u64>,
    used: usize,
}

const EMPTY: u32 = u32::MAX;

impl Vocabulary {
    pub(crate) fn new() -> Self {
        Self::with_room(0)
    }

    /// So many features are learnt without growing.
    pub(crate) fn with_room(features: usize) -> Self {
        let slots = (features * 4 / 3 + 1).next_power_of_two().max(1024);
        Self { slots: vec![(0, EMPTY); slots], hashes: Vec::with_capacity(features), used: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.used
    }

    pub(crate) fn get(&self, hash: u64) -> Option<u32> {
        let (_, number) = self.slots[self.slot(hash)];
        (number != EMPTY).then_some(number)
    }

    /// The number of a feature, a new one if it was never seen. Not after [`Self::settle`].
    pub(crate) fn learn(&mut self, hash: u64) -> u32 {
        let at = self.slot(hash);
        if self.slots[at].1 != EMPTY {
            return self.slots[at].1;
        }
        let number = self.used as u32;
        self.slots[at] = (hash as u32, number);
        self.hashes.push(hash);
        self.used += 1;
        if self.used * 4 > self.slots.len() * 3 {
            self.grow();
        }
        number
    }

    /// Learns no more, and gives back the memory that learning needs.
    pub(crate) fn settle(mut self) -> Self {
        self.hashes = Vec::new();
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<(u32, u32)>()
    }

    /// By the high half; the low half tells apart what shares a slot.
    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> 32) as usize & mask;
        while self.slots[at].1 != EMPTY && self.slots[at].0 != hash as u32 {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        self.slots = vec![(0, EMPTY); self.slots.len() * 2];
        for (number, hash) in self.hashes.iter().enumerate() {
            let mut at = (hash >> 32) as usize & (self.slots.len() - 1);
            while self.slots[at].1 != EMPTY {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = (*hash as u32, number as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_keeps_its_number_while_the_table_grows() {
        let mut vocabulary = Vocabulary::new();
        let hashes: Vec<u64> = (1..5_000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let numbers: Vec<u32> = hashes.iter().map(|hash| vocabulary.learn(*hash)).collect();
        assert!(hashes.iter().zip(&numbers).all(|(hash, number)| vocabulary.get(*hash) == Some(*number)));
        assert_eq!(vocabulary.len(), hashes.len());
        assert_eq!(vocabulary.get(7), None);
    }
}
