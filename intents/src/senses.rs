//! Words that do the same work: `hủy` and `bỏ`, `chừng nào` and `khi nào`, `tui` and `em`.
//! A lexicon written by hand; what it names becomes one feature, so that a model knows a
//! synonym that its phrases never used.

use crate::features::hash;
use crate::text::{Token, Word};
use std::collections::{HashMap, HashSet};

/// Words to the number of their sense, by hash of up to [`LONGEST`] words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Senses {
    marked: HashMap<u64, u32>,
    /// Without marks; what would stand for two senses stands for none.
    folded: HashMap<u64, u32>,
    count: u32,
    /// Single words without marks, as they stand in the lexicon.
    plain: HashSet<String>,
}

const LONGEST: usize = 3;
const AMBIGUOUS: u32 = u32::MAX;

impl Senses {
    pub(crate) fn add(&mut self, forms: &[Vec<Word>]) {
        let sense = self.count;
        self.count += 1;
        for form in forms.iter().filter(|form| (1..=LONGEST).contains(&form.len())) {
            self.marked.entry(key(form.iter().map(|word| word.marked.as_str()))).or_insert(sense);
            if let [word] = form.as_slice()
                && word.marked == word.folded
            {
                self.plain.insert(word.folded.clone());
            }
            let folded = self.folded.entry(key(form.iter().map(|word| word.folded.as_str()))).or_insert(sense);
            if *folded != sense {
                *folded = AMBIGUOUS;
            }
        }
    }

    pub(crate) fn plain_words(&self) -> impl Iterator<Item = &str> {
        self.plain.iter().map(String::as_str)
    }

    /// The sense of the words that begin at `tokens[0]`, and how many words it takes.
    pub(crate) fn at(&self, tokens: &[Token]) -> Option<(u32, usize)> {
        (1..=tokens.len().min(LONGEST)).rev().find_map(|length| Some((self.of(&tokens[..length])?, length)))
    }

    fn of(&self, tokens: &[Token]) -> Option<u32> {
        if let Some(sense) = self.marked.get(&key(tokens.iter().map(|token| token.marked.as_str()))) {
            return Some(*sense);
        }
        let bare = tokens.iter().all(|token| token.marked == token.folded);
        if !bare {
            return None;
        }
        let sense = self.folded.get(&key(tokens.iter().map(|token| token.folded.as_str()))).copied();
        sense
            .or_else(|| if tokens.len() == 1 { self.inflected(&tokens[0].folded) } else { None })
            .filter(|sense| *sense != AMBIGUOUS)
    }

    fn inflected(&self, word: &str) -> Option<u32> {
        let known = |stem: &str| self.folded.get(&key(std::iter::once(stem))).copied();
        for ending in ["s", "es", "ed", "d", "ing", "ly"] {
            if let Some(stem) = word.strip_suffix(ending)
                && stem.len() >= 3
            {
                let doubled = stem.len() > 3 && stem.as_bytes()[stem.len() - 1] == stem.as_bytes()[stem.len() - 2];
                let found = known(stem)
                    .or_else(|| if ending == "ing" { known(&format!("{stem}e")) } else { None })
                    .or_else(|| if doubled { known(&stem[..stem.len() - 1]) } else { None });
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}

fn key<'a>(words: impl Iterator<Item = &'a str>) -> u64 {
    words.fold(11, |sum: u64, word| sum.rotate_left(23) ^ hash(sum, word))
}
