//! Mends words that no phrase of the pack has: a slip of the finger, a region's spelling, two
//! words run together. Only the words around it decide. A word that is known is doubted only in a
//! message without marks, where one a slip away fits on both sides and much better.

use crate::dice::Dice;
use crate::features::{hash, pair};
use crate::slip::{key, shortened, slip, sound};
use crate::token::Token;
use crate::vocabulary::Vocabulary;

/// Shorter words have too many neighbours, longer ones are names and codes.
const SHORTEST: usize = 3;
const LONGEST: usize = 14;

/// Stands before the first word and after the last.
const EDGE: u64 = 0xED6E;

/// A word that this many phrases have needs no neighbour to be believed.
const FREQUENT: u32 = 3;

/// So many phrases make two words a usual pair.
const OFTEN: usize = 3;

/// A known word that fits its neighbours so well is not doubted, and how much better another must fit else.
const FITS: f32 = 4.0;
const BELIEVED: f32 = 4.0;

/// One word in so many is confused with another, for learning.
const CONFUSED: usize = 8;

/// The words of the phrases, by what they look and sound like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mender {
    numbers: Option<Vocabulary>,
    words: Vec<Known>,
    /// By a word, by it with one letter left out, and by its sound; sorted.
    near: Vec<(u32, u32)>,
    pairs: Pairs,
    /// Of them, those of several phrases.
    often: Pairs,
    /// Words with another between them.
    apart: Pairs,
}

/// The words around a place.
struct Around {
    earlier: Option<u64>,
    before: u64,
    after: u64,
    later: Option<u64>,
}

impl Around {
    fn of(tokens: &[Token], at: usize) -> Self {
        let word = |at: usize| tokens.get(at).map(Token::key);
        Self {
            earlier: at.checked_sub(2).and_then(word),
            before: at.checked_sub(1).and_then(word).unwrap_or(EDGE),
            after: word(at + 1).unwrap_or(EDGE),
            later: word(at + 2),
        }
    }
}

/// Two words that stand side by side in a phrase: two bits of a long row for each pair. One pair in
/// a hundred that no phrase has seems to be there, which does no harm.
#[derive(Debug, Clone, Default)]
struct Pairs(Vec<u64>);

impl Pairs {
    fn of(pairs: &[u64]) -> Self {
        let mut bits = Self(vec![0; (pairs.len() / 4).next_power_of_two()]);
        for pair in pairs {
            for (at, bit) in bits.places(*pair) {
                bits.0[at] |= bit;
            }
        }
        bits
    }

    fn has(&self, pair: u64) -> bool {
        self.places(pair).into_iter().all(|(at, bit)| self.0[at] & bit != 0)
    }

    fn places(&self, pair: u64) -> [(usize, u64); 2] {
        let mask = self.0.len() - 1;
        [pair >> 32, pair & 0xFFFF_FFFF].map(|half| ((half >> 6) as usize & mask, 1 << (half & 63)))
    }
}

#[derive(Debug, Clone)]
struct Known {
    plain: Box<str>,
    /// Its hash.
    key: u64,
    times: u32,
    /// Some phrase writes it with marks: it is Vietnamese.
    marked: bool,
}

impl Mender {
    pub(crate) fn learn<'a>(phrases: impl Iterator<Item = &'a [Token]>) -> Self {
        let mut numbers = Vocabulary::new();
        let mut words: Vec<Known> = Vec::new();
        let mut pairs = Vec::new();
        let mut apart = Vec::new();
        for tokens in phrases {
            for token in tokens {
                let number = numbers.learn(token.key()) as usize;
                if number == words.len() {
                    words.push(Known { plain: token.folded.as_str().into(), key: token.key(), times: 0, marked: false });
                }
                words[number].times += 1;
                words[number].marked |= token.marked != token.folded;
            }
            pairs.extend(tokens.windows(2).map(|two| pair(two[0].key(), two[1].key())));
            apart.extend(tokens.windows(3).map(|three| pair(three[0].key(), three[2].key())));
            if let [first, .., last] = tokens {
                pairs.extend([pair(EDGE, first.key()), pair(last.key(), EDGE)]);
            }
        }
        pairs.sort_unstable();
        apart.sort_unstable();
        apart.dedup();
        let often: Vec<u64> = pairs.chunk_by(|a, b| a == b).filter(|same| same.len() >= OFTEN).map(|same| same[0]).collect();
        pairs.dedup();
        let mut near = Vec::new();
        for (number, known) in words.iter().enumerate().filter(|(_, known)| mendable(&known.plain)) {
            near.push((sound(&known.plain), number as u32));
            near.push((key(known.plain.bytes()), number as u32));
            near.extend(shortened(&known.plain).map(|key| (key, number as u32)));
        }
        near.sort_unstable();
        near.dedup();
        Self {
            numbers: Some(numbers.settle()),
            words,
            near,
            pairs: Pairs::of(&pairs),
            often: Pairs::of(&often),
            apart: Pairs::of(&apart),
        }
    }

    pub(crate) fn mend(&self, tokens: &mut Vec<Token>) {
        let Some(numbers) = &self.numbers else { return };
        let bare = tokens.iter().all(|token| token.marked == token.folded);
        let mut at = 0;
        while at < tokens.len() {
            let word = &tokens[at].folded;
            if mendable(word) {
                let own = numbers.get(tokens[at].key()).map(|number| number as usize);
                let known = own.is_some();
                let meant = if known && !bare { None } else { self.meant(tokens, at, own) };
                if let Some(meant) = meant {
                    tokens[at].rewrite(&self.words[meant].plain);
                } else if !known && let Some(border) = self.border(&tokens[at]) {
                    part(tokens, at, border);
                }
            }
            at += 1;
        }
    }

    /// Puts for some words another that sounds alike somewhere: nobody can mend that, for it is a word too.
    pub(crate) fn confuse(&self, tokens: &mut [Token], dice: &mut Dice) {
        for token in tokens.iter_mut().filter(|token| mendable(&token.folded)) {
            if dice.throw(CONFUSED) != 0 {
                continue;
            }
            let other = |number: &usize| self.words[*number].marked && *self.words[*number].plain != *token.folded;
            let alike: Vec<usize> = self.with_key(sound(&token.folded)).filter(other).collect();
            if let Some(number) = alike.get(dice.throw(alike.len())) {
                token.rewrite(&self.words[*number].plain);
            }
        }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let words: usize = self.words.iter().map(|known| size_of::<Known>() + known.plain.len()).sum();
        self.numbers.as_ref().map_or(0, Vocabulary::bytes) + words + (self.near.len() + self.pairs.0.len()) * 8
    }

    /// The word that was meant at this place. Instead of a known word, only one that fits on both sides and
    /// much better.
    fn meant(&self, tokens: &[Token], at: usize, own: Option<usize>) -> Option<usize> {
        let typed = tokens[at].folded.as_str();
        let around = Around::of(tokens, at);
        let mut least = f32::NEG_INFINITY;
        if let Some(own) = own {
            let fit = self.fit(&around, tokens[at].key());
            if fit >= FITS || !self.words[own].marked {
                return None;
            }
            least = fit + 0.5 * (self.words[own].times as f32).ln() + BELIEVED;
        }
        let mut best = None;
        let keys = [sound(typed), key(typed.bytes())].into_iter().chain(shortened(typed));
        for number in keys.flat_map(|key| self.with_key(key)) {
            let known = &self.words[number];
            let Some(cost) = slip(typed, &known.plain) else { continue };
            let fit = self.fit(&around, known.key);
            let may = match own {
                Some(own) => number != own && known.marked && self.both_sides(&around, known.key),
                None => fit > 0.0 || typed.len() >= 5 && cost <= 1.0 && known.times >= FREQUENT,
            };
            let worth = fit + 0.5 * (known.times as f32).ln() - 1.5 * cost;
            if may && worth > least {
                (least, best) = (worth, Some(number));
            }
        }
        best
    }

    /// How well a word fits to what stands around it.
    fn fit(&self, around: &Around, word: u64) -> f32 {
        let beside = [pair(around.before, word), pair(word, around.after)];
        let apart = [around.earlier.map(|earlier| pair(earlier, word)), around.later.map(|later| pair(word, later))];
        let worth = |pair: &u64| match (self.pairs.has(*pair), self.often.has(*pair)) {
            (true, true) => 3.0,
            (true, false) => 2.0,
            _ => 0.0,
        };
        let over = apart.iter().flatten().filter(|pair| self.apart.has(**pair)).count();
        beside.iter().map(worth).sum::<f32>() + over as f32
    }

    fn both_sides(&self, around: &Around, word: u64) -> bool {
        self.pairs.has(pair(around.before, word)) && self.pairs.has(pair(word, around.after))
    }

    fn with_key(&self, key: u32) -> impl Iterator<Item = usize> + '_ {
        let from = self.near.partition_point(|(other, _)| *other < key);
        self.near[from..].iter().take_while(move |(other, _)| *other == key).map(|(_, number)| *number as usize)
    }

    /// Where one word ends and the next begins: `donhang` → 3.
    fn border(&self, token: &Token) -> Option<usize> {
        let word = token.folded.as_str();
        (word.len() >= 5).then_some(())?;
        (2..=word.len() - 2).find(|at| self.pairs.has(pair(hash(0, &word[..*at]), hash(0, &word[*at..]))))
    }
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
    fn what_has_no_neighbour_stays() {
        assert_eq!(mended("bánh xèo ngon"), "banh xeo ngon");
        assert_eq!(mended("hagm"), "hagm");
    }
}
