//! Mends words by what stands around them: a slip of the finger, a region's spelling, two words run
//! together. A word that no phrase has is replaced by the likeliest that is one slip away; one that is
//! known too, if it was typed without marks and another fits so much better that the slip explains more.

use crate::dice::Dice;
use crate::features::hash;
use crate::lessons::side_by_side;
use crate::near::Near;
use crate::paths::{self, Choices, Rival, Way};
use crate::phrasing::{Phrasing, Witness};
use crate::slip::{Spelling, cost};
use crate::token::Token;
use crate::vocabulary::{Quick, Vocabulary};
use std::collections::HashMap;

/// Longer words are names and codes.
const SHORTEST: usize = 2;
const LONGEST: usize = 14;

/// A word with fewer letters is not confused with others.
const CONFUSABLE: usize = 3;

/// How unlikely it is that a known word is a slip at all (a logarithm), and how far it may then be from what was meant.
const DOUBT: f32 = 5.0;
const NEAR: f32 = 2.5;

/// Who types marks looks at the word: how much less likely a slip then is.
const MARKED: f32 = 2.0;

/// And where no word of the message is surely a slip: who is careful is so throughout.
const CAREFUL: f32 = 2.5;

/// A word of so many letters is hardly like another by chance.
const LONG: f32 = 7.0;

/// One word in so many is confused with another, for learning.
const CONFUSED: usize = 8;

/// The words of the phrases, by what they look and sound like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mender {
    words: Vec<Known>,
    /// By their plain spelling.
    numbers: Option<Vocabulary>,
    /// Words that some phrase has with just these marks.
    marked: Option<Vocabulary>,
    near: Near,
    /// What each known word may be a slip of, one word behind the other.
    rivals: Vec<Rival>,
    phrasing: Phrasing,
}

/// What unknown words may be slips of, by their hash, for many phrases meet with the same slips.
#[derive(Debug, Default)]
pub(crate) struct Slips(HashMap<u64, Vec<Rival>, Quick>);

/// A word of a message.
struct Typed {
    number: u32,
    slips: Vec<Rival>,
}

#[derive(Debug, Clone)]
struct Known {
    spelling: Spelling,
    /// Some phrase writes it with marks: it is Vietnamese.
    vietnamese: bool,
    /// Where its rivals end.
    rivals: usize,
}

impl Mender {
    pub(crate) fn learn<'a>(phrases: impl Iterator<Item = &'a [Token]>) -> Self {
        let (mut numbers, mut marked) = (Vocabulary::new(), Vocabulary::new());
        let mut words: Vec<Known> = Vec::new();
        let mut sequences = Vec::new();
        for tokens in phrases {
            let number = |token: &Token| {
                let number = numbers.learn(token.key());
                if number as usize == words.len() {
                    words.push(Known { spelling: Spelling::of(&token.folded), vietnamese: false, rivals: 0 });
                }
                if token.is_marked() {
                    marked.learn(token.marked_key());
                    words[number as usize].vietnamese = true;
                }
                number
            };
            sequences.push(tokens.iter().map(number).collect());
        }
        let mut near = Vec::new();
        for (number, known) in words.iter().enumerate().filter(|(_, known)| mendable(&known.spelling.plain)) {
            near.extend(known.spelling.keys().map(|key| (key, number as u32)));
        }
        let phrasing = Phrasing::learn(&sequences, words.len());
        let mut mender = Self {
            words,
            numbers: Some(numbers.settle()),
            marked: Some(marked.settle()),
            near: Near::of(near),
            rivals: Vec::new(),
            phrasing,
        };
        mender.find_rivals();
        mender
    }

    /// Of Vietnamese words, so that no message need look for them.
    fn find_rivals(&mut self) {
        let numbers: Vec<usize> = (0..self.words.len()).collect();
        let found = side_by_side(&numbers, |number| {
            let Known { spelling, vietnamese, .. } = &self.words[*number];
            if !vietnamese || !mendable(&spelling.plain) {
                return Vec::new();
            }
            let may = |rival: &Rival| {
                rival.word as usize != *number && rival.cost <= NEAR && self.words[rival.word as usize].vietnamese
            };
            let rivals = self.rivals_by(spelling.near_keys(), spelling).into_iter().filter(may);
            rivals.map(|rival| rival.dearer(DOUBT)).collect()
        });
        for (known, rivals) in self.words.iter_mut().zip(found) {
            self.rivals.extend(rivals);
            known.rivals = self.rivals.len();
        }
    }

    /// The likeliest words take the place of what was typed; what else may have been meant comes back, each
    /// with its weight against them.
    pub(crate) fn mend(&self, tokens: &mut Vec<Token>) -> Vec<(f32, Vec<Token>)> {
        let choices = self.choices(tokens, Witness::Any, |token| self.one_slip_from(token));
        if choices.settled() {
            return Vec::new();
        }
        let mut ways = paths::likely(&self.phrasing, &choices).into_iter();
        let typed = tokens.clone();
        if let Some((_, best)) = ways.next() {
            self.write(tokens, &choices, &best);
        }
        let spelt = |way: &Way| {
            let mut tokens = typed.clone();
            self.write(&mut tokens, &choices, way);
            tokens
        };
        ways.map(|(weight, way)| (weight, spelt(&way))).collect()
    }

    /// For a copy of a phrase that was learnt: mended as if the phrase had not been.
    pub(crate) fn mend_copy(&self, tokens: &mut Vec<Token>, Slips(known): &mut Slips) {
        let choices = self.choices(tokens, Witness::Others, |token| {
            known.entry(token.key()).or_insert_with(|| self.one_slip_from(token)).clone()
        });
        if !choices.settled() {
            let best = paths::best(&self.phrasing, &choices, Witness::Others);
            self.write(tokens, &choices, &best);
        }
    }

    fn write(&self, tokens: &mut [Token], choices: &Choices, way: &Way) {
        for (place, at) in way.iter().enumerate().filter(|(_, at)| **at > 0) {
            tokens[place].rewrite(&self.words[choices.at(place)[*at].word as usize].spelling.plain);
        }
    }

    /// What may have been meant at each place; words run together are parted.
    fn choices(&self, tokens: &mut Vec<Token>, witness: Witness, slips: impl FnMut(&Token) -> Vec<Rival>) -> Choices {
        let (Some(numbers), Some(marked)) = (&self.numbers, &self.marked) else { return Choices::default() };
        let bare = !tokens.iter().any(Token::is_marked);
        let typed = self.typed(tokens, numbers, slips);
        let careful = if typed.iter().all(|word| word.slips.is_empty()) { CAREFUL } else { 0.0 };
        let mut choices = Choices::with_room(tokens.len());
        for (at, (token, word)) in tokens.iter().zip(&typed).enumerate() {
            choices.rivals.push(Rival { word: word.number, cost: 0.0, lone: 0.0 });
            choices.rivals.extend_from_slice(&word.slips);
            let sure = if token.is_marked() { marked.get(token.marked_key()).is_some() } else { !bare };
            if !sure && word.number != self.phrasing.unheard() {
                let neighbours = [at.checked_sub(1).and_then(|before| typed.get(before)), typed.get(at + 1)];
                let more = careful + dearness(token);
                self.doubt(word.number, neighbours, witness, |rival| choices.rivals.push(rival.dearer(more)));
            }
            choices.close();
        }
        choices
    }

    /// Each word by its number, with what it may be a slip of if no phrase has it; words run together are parted.
    fn typed(&self, tokens: &mut Vec<Token>, numbers: &Vocabulary, mut slips: impl FnMut(&Token) -> Vec<Rival>) -> Vec<Typed> {
        let mut typed = Vec::with_capacity(tokens.len() + 2);
        while typed.len() < tokens.len() {
            let at = typed.len();
            let token = &tokens[at];
            if let Some(number) = numbers.get(token.key()) {
                typed.push(Typed { number, slips: Vec::new() });
                continue;
            }
            let open = mendable(&token.folded);
            let slips = if open { slips(token) } else { Vec::new() };
            let border = if open && slips.is_empty() { self.border(token) } else { None };
            match border {
                Some(border) => part(tokens, at, border),
                None => {
                    let (lone, more) = (lone(&token.folded), dearness(token));
                    let slips = slips.into_iter().map(|rival| Rival { lone, ..rival.dearer(more) }).collect();
                    typed.push(Typed { number: self.phrasing.unheard(), slips });
                }
            }
        }
        typed
    }

    /// What else a known word may be: only what one of its neighbours knows, and nothing where both of them
    /// know the word itself well.
    fn doubt(&self, word: u32, [left, right]: [Option<&Typed>; 2], witness: Witness, mut take: impl FnMut(Rival)) {
        let edge = self.phrasing.edge();
        let number = |word: Option<&Typed>| word.map_or(edge, |word| word.number);
        let (before, after) = (number(left), number(right));
        if self.phrasing.often(before, word) && self.phrasing.often(word, after) {
            return;
        }
        let beside = |first: u32, second: u32| self.phrasing.linked(first, second, witness);
        for rival in self.rivals_of(word as usize) {
            let known = left.is_some() && beside(before, rival.word)
                || right.is_some() && beside(rival.word, after)
                || slips(left).iter().any(|left| beside(left.word, rival.word))
                || slips(right).iter().any(|right| beside(rival.word, right.word));
            if known {
                take(*rival);
            }
        }
    }

    fn rivals_of(&self, number: usize) -> &[Rival] {
        let start = if number == 0 { 0 } else { self.words[number - 1].rivals };
        &self.rivals[start..self.words[number].rivals]
    }

    /// Words that a slip makes of this one, or this one of them.
    fn one_slip_from(&self, token: &Token) -> Vec<Rival> {
        let typed = Spelling::of(&token.folded);
        self.rivals_by(typed.keys(), &typed)
    }

    fn rivals_by(&self, keys: impl Iterator<Item = u32>, typed: &Spelling) -> Vec<Rival> {
        let mut numbers: Vec<u32> = keys.flat_map(|key| self.near.with(key)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let rival = |word: u32| Some(Rival { word, cost: cost(typed, &self.words[word as usize].spelling)?, lone: 0.0 });
        numbers.into_iter().filter_map(rival).collect()
    }

    /// Puts for some words another that sounds alike somewhere: nobody can mend that, for it is a word too.
    pub(crate) fn confuse(&self, tokens: &mut [Token], dice: &mut Dice) {
        for token in tokens.iter_mut().filter(|token| mendable(&token.folded) && token.folded.len() >= CONFUSABLE) {
            if dice.throw(CONFUSED) != 0 {
                continue;
            }
            let own = Spelling::of(&token.folded);
            let alike = |number: &u32| {
                let known = &self.words[*number as usize];
                known.vietnamese && known.spelling.sound == own.sound && known.spelling.plain != own.plain
            };
            let alike: Vec<u32> = self.near.with(own.sound_key()).filter(alike).collect();
            if let Some(number) = alike.get(dice.throw(alike.len())) {
                token.rewrite(&self.words[*number as usize].spelling.plain);
            }
        }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let words: usize = self.words.iter().map(|known| size_of::<Known>() + known.spelling.bytes()).sum();
        let tables: usize = [&self.numbers, &self.marked].into_iter().flatten().map(Vocabulary::bytes).sum();
        words + tables + self.near.bytes() + self.rivals.len() * size_of::<Rival>() + self.phrasing.bytes()
    }

    /// Where one word ends and the next begins: `donhang` → 3.
    fn border(&self, token: &Token) -> Option<usize> {
        let (word, numbers) = (token.folded.as_str(), self.numbers.as_ref()?);
        (word.len() >= 5).then_some(())?;
        let number = |part: &str| numbers.get(hash(0, part));
        (2..=word.len() - 2).find(|at| match (number(&word[..*at]), number(&word[*at..])) {
            (Some(first), Some(second)) => self.phrasing.linked(first, second, Witness::Any),
            _ => false,
        })
    }
}

fn slips(word: Option<&Typed>) -> &[Rival] {
    word.map_or(&[], |word| &word.slips)
}

/// What a slip costs more where no neighbour knows the word: the shorter what was typed, the more words are
/// one slip away by chance.
fn lone(word: &str) -> f32 {
    (LONG - word.len() as f32).max(1.0)
}

fn dearness(token: &Token) -> f32 {
    if token.is_marked() { MARKED } else { 0.0 }
}

fn part(tokens: &mut Vec<Token>, at: usize, border: usize) {
    let first = &mut tokens[at];
    let second = first.folded.split_off(border);
    *first = Token::new(first.span.clone(), first.folded.clone(), first.folded.clone());
    let second = Token::new(first.span.clone(), second.clone(), second);
    tokens.insert(at + 1, second);
}

fn mendable(word: &str) -> bool {
    (SHORTEST..=LONGEST).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{self, Habits};

    fn mender() -> Mender {
        let phrases = ["đơn hàng của em tới đâu rồi", "giao hàng trễ quá", "phí ship bao nhiêu", "sửa đơn hàng giúp em"];
        let tokens: Vec<Vec<Token>> = phrases.iter().map(|phrase| text::words(phrase, &Habits::default())).collect();
        Mender::learn(tokens.iter().map(Vec::as_slice))
    }

    fn mended(text: &str) -> String {
        let mut tokens = text::words(text, &Habits::default());
        mender().mend(&mut tokens);
        tokens.into_iter().map(|token| token.folded).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_slip_is_mended_where_its_neighbours_know_the_word() {
        assert_eq!(mended("don hagn cua em"), "don hang cua em");
        assert_eq!(mended("don hanng cua em"), "don hang cua em");
        assert_eq!(mended("phi shp bao nhiu"), "phi ship bao nhieu");
    }

    #[test]
    fn a_regions_spelling_is_the_word() {
        assert_eq!(mended("xửa đơn hàng"), "sua don hang");
        assert_eq!(mended("giao hàng chễ quá"), "giao hang tre qua");
    }

    #[test]
    fn words_run_together_are_parted() {
        assert_eq!(mended("donhang cua em"), "don hang cua em");
    }

    #[test]
    fn a_known_word_gives_way_where_another_fits_much_better() {
        let phrases = ["đổi địa chỉ giúp em", "đã nhận hàng", "em đã trả"].repeat(20);
        let tokens: Vec<Vec<Token>> = phrases.iter().map(|phrase| text::words(phrase, &Habits::default())).collect();
        let mender = Mender::learn(tokens.iter().map(Vec::as_slice));
        let mended = |text: &str| {
            let mut tokens = text::words(text, &Habits::default());
            mender.mend(&mut tokens);
            tokens.into_iter().map(|token| token.folded).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(mended("doi da chi giup em"), "doi dia chi giup em");
        assert_eq!(mended("em da tra"), "em da tra");
    }

    #[test]
    fn what_has_no_neighbour_stays() {
        assert_eq!(mended("bánh xèo ngon"), "banh xeo ngon");
        assert_eq!(mended("hagm"), "hagm");
    }
}
