//! A message as the matcher sees it: words in two spellings (with marks, and plain), each
//! with the bytes of the original it came from. Knows nothing of intents.

use crate::letters::{self, Mark};
use crate::telex::{self, Decoded};
use crate::token::Token;
use crate::vocabulary::Quick;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Words beyond this many bytes of a message are not read: nobody asks a shop a longer question,
/// and it bounds time and memory.
pub(crate) const READ_AT_MOST: usize = 4_000;

/// Letters beyond this many in one word are dropped.
const LONGEST_WORD: usize = 40;

/// Abbreviation → the words it stands for.
pub(crate) type Teencode = HashMap<String, Vec<Word>, Quick>;

pub(crate) type Words = HashSet<String, Quick>;

/// What must be known to read how people type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Habits {
    pub teencode: Teencode,
    /// Words that are meant as they stand, though they could be Telex: `car`, `oto`.
    pub meant: Words,
    /// Words that show that the message is English.
    pub english: Words,
    /// Nobody writes Vietnamese here: nothing is Telex.
    pub foreign: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub marked: String,
    pub folded: String,
}

/// The words of `text`; abbreviations are written out, each word with the span of its abbreviation.
pub(crate) fn words(text: &str, habits: &Habits) -> Vec<Token> {
    let mut reader = Reader::new(habits);
    reader.read(text);
    reader.compose();
    reader.tokens
}

/// One word in its two spellings, as it stands: for tables and dictionaries.
pub(crate) fn spell(text: &str) -> Vec<Word> {
    let habits = Habits::default();
    let mut reader = Reader::new(&habits);
    reader.read(text);
    reader.tokens.into_iter().map(|token| Word { marked: token.marked, folded: token.folded }).collect()
}

#[derive(Default)]
struct Spelling {
    start: usize,
    end: usize,
    bases: Vec<char>,
    tone: u8,
}

struct Reader<'a> {
    habits: &'a Habits,
    tokens: Vec<Token>,
    word: Spelling,
    /// Words that could be Telex or VNI, by their place.
    uncomposed: Vec<(usize, Decoded)>,
    /// How many of them have digits.
    digits: usize,
}

impl<'a> Reader<'a> {
    fn new(habits: &'a Habits) -> Self {
        Self { habits, tokens: Vec::with_capacity(16), word: Spelling::default(), uncomposed: Vec::new(), digits: 0 }
    }

    fn read(&mut self, text: &str) {
        for (at, letter) in text.char_indices().take_while(|(at, _)| *at < READ_AT_MOST) {
            self.take(at, letter);
        }
        self.close();
    }

    fn take(&mut self, at: usize, letter: char) {
        let end = at + letter.len_utf8();
        if let Some(parts) = letters::split(letter.to_ascii_lowercase()) {
            // Nearly every letter is one that is known.
            self.add_known(at, end, parts);
        } else if let Some(mark) = (!letter.is_ascii()).then(|| letters::mark(letter)).flatten() {
            self.add_mark(&mark, end);
        } else if letter.is_alphanumeric() {
            for lower in letter.to_lowercase() {
                self.add_letter(at, end, lower);
            }
        } else if matches!(letter, '\'' | '’') {
            // don't → dont: the word goes on if a letter follows.
        } else {
            self.close();
            if is_picture(letter) {
                self.add_picture(at..end, letter);
            }
        }
    }

    fn add_mark(&mut self, mark: &Mark, end: usize) {
        let Some(last) = self.word.bases.last_mut() else { return };
        match mark {
            Mark::Tone(tone) => self.word.tone = *tone,
            other => *last = letters::shaped(*last, other),
        }
        self.word.end = end;
    }

    fn add_known(&mut self, at: usize, end: usize, (base, tone): (char, u8)) {
        self.go_on(at, end);
        self.push(base);
        if tone > 0 {
            self.word.tone = tone;
        }
    }

    /// The word begins here, or ends later.
    fn go_on(&mut self, at: usize, end: usize) {
        if self.word.bases.is_empty() {
            self.word.start = at;
        }
        self.word.end = end;
    }

    fn add_letter(&mut self, at: usize, end: usize, lower: char) {
        self.go_on(at, end);
        if let Some(mark) = (!lower.is_ascii()).then(|| letters::mark(lower)).flatten() {
            self.add_mark(&mark, end);
        } else if let Some(parts) = letters::split(lower) {
            self.add_known(at, end, parts);
        } else {
            let mut parts = Vec::new();
            unicode_normalization::char::decompose_canonical(lower, |part| parts.push(part));
            for part in parts {
                match letters::mark(part) {
                    Some(mark) => self.add_mark(&mark, end),
                    None => self.push(part),
                }
            }
        }
    }

    fn push(&mut self, base: char) {
        if self.word.bases.len() < LONGEST_WORD {
            self.word.bases.push(base);
        }
    }

    fn add_picture(&mut self, span: Range<usize>, picture: char) {
        let written = picture.to_string();
        match self.tokens.last_mut() {
            Some(last) if last.folded == written => last.span.end = span.end,
            _ => self.tokens.push(Token::new(span, written.clone(), written)),
        }
    }

    fn close(&mut self) {
        if self.word.bases.is_empty() {
            return;
        }
        let mut bases = std::mem::take(&mut self.word.bases);
        unstretch(&mut bases);
        let mut folded = String::with_capacity(bases.len());
        let mut marked = String::with_capacity(2 * bases.len() + 2);
        for base in &bases {
            folded.push(letters::plain(*base));
            marked.push(*base);
        }
        let tone = std::mem::take(&mut self.word.tone);
        if tone > 0 {
            marked.push(letters::TONES[usize::from(tone)]);
        }
        let span = self.word.start..self.word.end;
        match self.habits.teencode.get(&marked) {
            Some(written_out) => self
                .tokens
                .extend(written_out.iter().map(|word| Token::new(span.clone(), word.marked.clone(), word.folded.clone()))),
            None => {
                if !self.habits.foreign && tone == 0 && marked == folded && !self.habits.meant.contains(&folded) {
                    self.doubt(&bases);
                }
                self.tokens.push(Token::new(span, marked, folded));
            }
        }
        bases.clear();
        self.word.bases = bases;
    }

    fn doubt(&mut self, bases: &[char]) {
        let by_digits = telex::vni(bases);
        self.digits += usize::from(by_digits.is_some());
        if let Some(decoded) = by_digits.or_else(|| telex::telex(bases)) {
            self.uncomposed.push((self.tokens.len(), decoded));
        }
    }

    /// Decodes what the keyboard left, unless the message looks English; digits only if more than
    /// one word has them, for `m2` is a size and `a5` a machine.
    fn compose(&mut self) {
        if self.uncomposed.is_empty() {
            return;
        }
        let english = self.tokens.iter().filter(|token| self.habits.english.contains(&token.folded)).count();
        let marked = self.tokens.iter().filter(|token| token.marked != token.folded).count();
        if english >= marked + self.uncomposed.len() {
            return;
        }
        for (at, (bases, tone)) in std::mem::take(&mut self.uncomposed) {
            let token = &mut self.tokens[at];
            if self.digits < 2 && token.folded.bytes().any(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let folded = bases.iter().map(|base| letters::plain(*base)).collect();
            let mut marked: String = bases.into_iter().collect();
            if tone > 0 {
                marked.push(letters::TONES[usize::from(tone)]);
            }
            *token = Token::new(token.span.clone(), marked, folded);
        }
    }
}

/// `ơiiii` → `ơi`: three and more of a letter are one; two stay (`need`, `oo` of Telex). Digits stay.
fn unstretch(bases: &mut Vec<char>) {
    if !bases.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]) {
        return;
    }
    let runs: Vec<&[char]> = bases.chunk_by(|a, b| a == b).collect();
    let keep = |run: &[char]| if run.len() >= 3 && !run[0].is_ascii_digit() { 1 } else { run.len() };
    *bases = runs.into_iter().flat_map(|run| run[..keep(run)].to_vec()).collect();
}

fn is_picture(letter: char) -> bool {
    matches!(letter as u32, 0x2190..=0x2BFF | 0x1F000..=0x1F3FA | 0x1F400..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization;

    fn folded(text: &str) -> Vec<String> {
        words(text, &Habits::default()).into_iter().map(|token| token.folded).collect()
    }

    #[test]
    fn the_place_and_the_encoding_of_a_tone_do_not_matter() {
        let old: String = "Hoà THUỶ đơn hàng".nfd().collect();
        assert_eq!(spell(&old), spell("hòa thủy ĐƠN hàng"));
        assert_eq!(folded(&old), ["hoa", "thuy", "don", "hang"]);
    }

    #[test]
    fn spans_are_bytes_of_the_original() {
        let text = "Ơiiii 😊😊 shop, don't";
        let spans: Vec<_> = words(text, &Habits::default()).into_iter().map(|token| text[token.span].to_owned()).collect();
        assert_eq!(spans, ["Ơiiii", "😊😊", "shop", "don't"]);
        assert_eq!(folded(text), ["oi", "😊", "shop", "dont"]);
    }

    #[test]
    fn an_abbreviation_is_written_out_on_its_own_span() {
        let teencode = Teencode::from_iter([("ntn".to_owned(), spell("như thế nào"))]);
        let tokens = words("giá ntn", &Habits { teencode, ..Habits::default() });
        assert_eq!(tokens.len(), 4);
        assert!(tokens[1..].iter().all(|token| token.span == (5..8)));
        assert_eq!(tokens[3].folded, "nao");
    }

    #[test]
    fn what_the_keyboard_left_is_composed() {
        let typed = |text: &str| words(text, &Habits::default()).into_iter().map(|token| token.marked).collect::<Vec<_>>();
        let meant: Vec<String> = spell("đơn hàng của em").into_iter().map(|word| word.marked).collect();
        assert_eq!(typed("ddown hangf cuar em"), meant);
        assert_eq!(typed("d9o7n ha2ng cu3a em"), meant);
        assert_eq!(typed("size m2")[1], "m2");
    }

    #[test]
    fn english_words_are_left_alone() {
        let english = Words::from_iter(["see", "my", "the"].map(str::to_owned));
        let habits = Habits { meant: english.clone(), english, ..Habits::default() };
        let words: Vec<String> = words("see my car", &habits).into_iter().map(|token| token.marked).collect();
        assert_eq!(words, ["see", "my", "car"]);
    }
}
