//! Which word follows which in the phrases of the pack, and how often: a small language model of
//! pairs of words (Witten–Bell). It judges words; it proposes none.

use crate::exact::ln;

/// A word that no phrase has is as likely as one that they have so many times: names, and what one sells.
const UNHEARD: f32 = 2.0;

/// Words hold each other if they are together so much more often than by chance (a logarithm).
const TOGETHER: f32 = 0.5;

/// What is known of pairs of words, by their numbers: a small open table, and a bit for each pair that
/// may be there, for most that are asked for are not. Hardly ever does a pair seem to be there that no
/// phrase has, and it does no harm.
#[derive(Debug, Clone, Default)]
struct Pairs {
    table: Vec<Pair>,
    bits: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    check: u32,
    worth: f32,
}

const EMPTY: u32 = u32::MAX;

impl Pairs {
    /// Of distinct pairs.
    fn of(pairs: &[(u64, f32)]) -> Self {
        let slots = (pairs.len() * 3 / 2).next_power_of_two().max(8);
        let empty = Pair { check: EMPTY, worth: 0.0 };
        let mut known = Self { table: vec![empty; slots], bits: vec![0; slots / BITS_TO_SLOTS] };
        for (pair, worth) in pairs {
            let mixed = mix(*pair);
            let (word, bit) = known.bit(mixed);
            known.bits[word] |= bit;
            let (mut at, check) = known.place(mixed);
            while known.table[at].check != EMPTY {
                at = (at + 1) & (slots - 1);
            }
            known.table[at] = Pair { check, worth: *worth };
        }
        known
    }

    fn get(&self, pair: u64) -> Option<f32> {
        let mixed = mix(pair);
        let (word, bit) = self.bit(mixed);
        if self.bits[word] & bit == 0 {
            return None;
        }
        let (mut at, check) = self.place(mixed);
        loop {
            let Pair { check: other, worth } = self.table[at];
            if other == check {
                return Some(worth);
            }
            if other == EMPTY {
                return None;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    fn place(&self, mixed: u64) -> (usize, u32) {
        ((mixed >> 34) as usize & (self.table.len() - 1), mixed as u32 & 0x7FFF_FFFF)
    }

    fn bit(&self, mixed: u64) -> (usize, u64) {
        ((mixed >> 40) as usize & (self.bits.len() - 1), 1 << (mixed >> 34 & 63))
    }

    fn bytes(&self) -> usize {
        self.table.len() * size_of::<Pair>() + self.bits.len() * size_of::<u64>()
    }
}

/// Eight bits for each slot.
const BITS_TO_SLOTS: usize = 8;

fn mix(pair: u64) -> u64 {
    let mixed = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Phrasing {
    /// Words side by side: the logarithm of how likely the second is after the first.
    beside: Pairs,
    /// Words with another between them.
    apart: Pairs,
    words: Vec<Word>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Word {
    /// The logarithm of how likely it is anywhere.
    alone: f32,
    /// The logarithm of the share of what follows it that was never seen to follow it.
    open: f32,
    /// The logarithm of how likely it is where it is likeliest.
    most: f32,
}

/// A phrase that is itself among those that were learnt must not be its own witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Witness {
    Any,
    Others,
}

impl Phrasing {
    /// From phrases as numbers of words, of which there are so many.
    pub(crate) fn learn(phrases: &[Vec<u32>], words: usize) -> Self {
        let edge = words as u32;
        let mut beside = Vec::new();
        let mut apart = Vec::new();
        let mut times = vec![0.0_f32; words + 1];
        for phrase in phrases {
            let mut before = edge;
            for word in phrase.iter().chain([&edge]) {
                beside.push(pair(before, *word));
                times[*word as usize] += 1.0;
                before = *word;
            }
            apart.extend(phrase.windows(3).map(|three| pair(three[0], three[2])));
        }
        beside.sort_unstable();
        apart.sort_unstable();
        let mut followers = vec![1.0_f32; words + 1];
        for same in beside.chunk_by(|a, b| a == b) {
            followers[(same[0] >> 32) as usize] += 1.0;
        }
        let all: f32 = times.iter().map(|times| times + 0.5).sum();
        let share = |word: usize| (times[word] + 0.5) / all;
        let likely = |same: &[u64]| {
            let (first, second) = ((same[0] >> 32) as usize, (same[0] & 0xFFFF_FFFF) as usize);
            ln((same.len() as f32 + followers[first] * share(second)) / (times[first] + followers[first]))
        };
        // Pairs that more than one phrase has are kept below 0, as logarithms are, those of one alone above.
        let signed = |same: &[u64], worth: f32| (same[0], if same.len() > 1 { worth } else { -worth });
        let beside: Vec<_> = beside.chunk_by(|a, b| a == b).map(|same| signed(same, likely(same).min(-1e-6))).collect();
        let apart: Vec<_> = apart.chunk_by(|a, b| a == b).map(|same| signed(same, -1.0)).collect();
        let word = |word: usize| {
            let alone = ln(share(word));
            Word { alone, open: ln(followers[word] / (times[word] + followers[word])), most: alone }
        };
        let mut known: Vec<Word> = (0..=words).map(word).collect();
        let unheard = ln(UNHEARD / all);
        known.push(Word { alone: unheard, open: 0.0, most: unheard });
        for (pair, worth) in &beside {
            let most = &mut known[(pair & 0xFFFF_FFFF) as usize].most;
            *most = most.max(-worth.abs());
        }
        Self { beside: Pairs::of(&beside), apart: Pairs::of(&apart), words: known }
    }

    /// What stands before the first word and after the last.
    pub(crate) fn edge(&self) -> u32 {
        self.words.len() as u32 - 2
    }

    /// A word that no phrase has.
    pub(crate) fn unheard(&self) -> u32 {
        self.words.len() as u32 - 1
    }

    /// The logarithm of how likely a word is after another.
    pub(crate) fn after(&self, before: u32, word: u32, witness: Witness) -> f32 {
        match self.beside.get(pair(before, word)) {
            Some(worth) if worth < 0.0 => worth,
            Some(worth) if witness == Witness::Any => -worth,
            _ => self.words[before as usize].open + self.words[word as usize].alone,
        }
    }

    /// The same, and whether the two are there together more often than by chance.
    pub(crate) fn link(&self, before: u32, word: u32, witness: Witness) -> (f32, bool) {
        let worth = self.beside.get(pair(before, word));
        let attested = match worth {
            Some(worth) if worth < 0.0 => worth,
            Some(worth) if witness == Witness::Any => -worth,
            _ => return (self.words[before as usize].open + self.words[word as usize].alone, false),
        };
        (attested, attested - self.words[word as usize].alone > TOGETHER)
    }

    /// Nowhere is a word likelier than this.
    pub(crate) fn most(&self, word: u32) -> f32 {
        self.words[word as usize].most
    }

    /// Do several phrases have the words side by side?
    pub(crate) fn often(&self, first: u32, second: u32) -> bool {
        self.beside.get(pair(first, second)).is_some_and(|worth| worth < 0.0)
    }

    /// Does some phrase have the words side by side?
    pub(crate) fn linked(&self, first: u32, second: u32, witness: Witness) -> bool {
        self.beside.get(pair(first, second)).is_some_and(|worth| worth < 0.0 || witness == Witness::Any)
    }

    /// Does some phrase have the words with another between them?
    pub(crate) fn apart(&self, first: u32, second: u32, witness: Witness) -> bool {
        self.apart.get(pair(first, second)).is_some_and(|worth| worth < 0.0 || witness == Witness::Any)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.beside.bytes() + self.apart.bytes() + self.words.len() * size_of::<Word>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_often_is_likelier_and_no_phrase_is_its_own_witness() {
        let phrasing = Phrasing::learn(&[vec![0, 1], vec![0, 1], vec![0, 2], vec![3]], 4);
        let after = |word, witness| phrasing.after(0, word, witness);
        assert!(after(1, Witness::Any) > after(2, Witness::Any));
        assert!(after(2, Witness::Any) > after(3, Witness::Any));
        assert!(after(1, Witness::Others) > after(2, Witness::Others));
        assert!((after(2, Witness::Others) - after(3, Witness::Others)).abs() < 1e-6);
        assert!(phrasing.linked(0, 2, Witness::Any) && !phrasing.linked(2, 0, Witness::Any));
    }
}
