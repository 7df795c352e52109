//! Features by their hash: a small open table from 64-bit hashes to running numbers.
//! No strings are kept; two features with one hash would be one feature.

/// Grows while the model learns, then only answers.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    slots: Vec<(u64, u32)>,
    used: usize,
}

const EMPTY: u32 = u32::MAX;

impl Vocabulary {
    pub(crate) fn new() -> Self {
        Self { slots: vec![(0, EMPTY); 1024], used: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.used
    }

    pub(crate) fn get(&self, hash: u64) -> Option<u32> {
        let (_, number) = self.slots[self.slot(hash)];
        (number != EMPTY).then_some(number)
    }

    /// The number of a feature, a new one if it was never seen.
    pub(crate) fn learn(&mut self, hash: u64) -> u32 {
        let at = self.slot(hash);
        if self.slots[at].1 != EMPTY {
            return self.slots[at].1;
        }
        let number = self.used as u32;
        self.slots[at] = (hash, number);
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
        number
    }

    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<(u64, u32)>()
    }

    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> 20) as usize & mask;
        while self.slots[at].1 != EMPTY && self.slots[at].0 != hash {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(0, EMPTY); old.len() * 2];
        for (hash, number) in old {
            if number != EMPTY {
                let at = self.slot(hash);
                self.slots[at] = (hash, number);
            }
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
