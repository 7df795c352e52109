//! Words that do the same work: `hủy` and `bỏ`, `chừng nào` and `khi nào`, `tui` and `em`.
//! A lexicon written by hand; what it names becomes one feature, so that a model knows a
//! synonym that its phrases never used.

use crate::features::{finish, hash};
use crate::text::Word;
use crate::token::Token;
use crate::vocabulary::Quick;
use std::collections::{HashMap, HashSet};

/// Words to the number of their sense, by hash of up to [`LONGEST`] words.
#[derive(Debug, Clone)]
pub(crate) struct Senses {
    marked: Keyed,
    /// Without marks; what would stand for two senses stands for none.
    folded: Keyed,
    /// One bit for the first plain word of each entry: most words begin none.
    firsts: [u64; 64],
    count: u32,
    /// Single words without marks, as they stand in the lexicon.
    plain: HashSet<String>,
}

/// By a key that is already a hash.
type Keyed = HashMap<u64, u32, Quick>;

const LONGEST: usize = 3;
const AMBIGUOUS: u32 = u32::MAX;

impl Default for Senses {
    fn default() -> Self {
        Self { marked: Keyed::default(), folded: Keyed::default(), firsts: [0; 64], count: 0, plain: HashSet::new() }
    }
}

impl Senses {
    pub(crate) fn add(&mut self, forms: &[Vec<Word>]) {
        let sense = self.count;
        self.count += 1;
        for form in forms.iter().filter(|form| (1..=LONGEST).contains(&form.len())) {
            self.marked.entry(key(form.iter().map(|word| hash(0, &word.marked)))).or_insert(sense);
            if let [word] = form.as_slice()
                && word.marked == word.folded
            {
                self.plain.insert(word.folded.clone());
            }
            let folded = self.folded.entry(key(form.iter().map(|word| hash(0, &word.folded)))).or_insert(sense);
            if *folded != sense {
                *folded = AMBIGUOUS;
            }
            let (at, bit) = first(hash(0, &form[0].folded));
            self.firsts[at] |= bit;
        }
    }

    pub(crate) fn plain_words(&self) -> impl Iterator<Item = &str> {
        self.plain.iter().map(String::as_str)
    }

    /// The sense of the words that begin at `tokens[0]`, and how many words it takes.
    pub(crate) fn at(&self, tokens: &[Token]) -> Option<(u32, usize)> {
        let word = tokens.first()?;
        let (at, bit) = first(word.key());
        if self.firsts[at] & bit == 0 {
            let inflected = self.inflected(word).filter(|sense| *sense != AMBIGUOUS);
            return inflected.map(|sense| (sense, 1));
        }
        (1..=tokens.len().min(LONGEST)).rev().find_map(|length| Some((self.of(&tokens[..length])?, length)))
    }

    fn of(&self, tokens: &[Token]) -> Option<u32> {
        if let Some(sense) = self.marked.get(&key(tokens.iter().map(Token::marked_key))) {
            return Some(*sense);
        }
        if tokens.iter().any(Token::is_marked) {
            return None;
        }
        let sense = self.folded.get(&key(tokens.iter().map(Token::key))).copied();
        sense.or_else(|| self.inflected(tokens.first().filter(|_| tokens.len() == 1)?)).filter(|sense| *sense != AMBIGUOUS)
    }

    /// Without an English ending: `deliveries` no, `delivered` yes.
    fn inflected(&self, token: &Token) -> Option<u32> {
        let word = token.folded.as_str();
        if word.len() < 4 || token.is_marked() || !word.ends_with(['s', 'd', 'g', 'y']) {
            return None;
        }
        let known = |stem: &str| self.folded.get(&key(std::iter::once(hash(0, stem)))).copied();
        ["s", "es", "ed", "d", "ing", "ly"].into_iter().find_map(|ending| {
            let stem = word.strip_suffix(ending).filter(|stem| stem.len() >= 3 && stem.is_ascii())?;
            let (rest, last) = stem.split_at(stem.len() - 1);
            let doubled = rest.ends_with(last);
            known(stem)
                .or_else(|| if ending == "ing" { known(&format!("{stem}e")) } else { None })
                .or_else(|| if doubled { known(rest) } else { None })
        })
    }
}

/// Where the bit of a first word stands.
fn first(word: u64) -> (usize, u64) {
    ((word >> 58) as usize, 1 << (word & 63))
}

fn key(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(11, |sum: u64, word| finish(sum.rotate_left(23) ^ word))
}
