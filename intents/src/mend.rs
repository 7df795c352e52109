//! Mends words that no phrase of the pack has: a slip of the finger, a region's spelling, two
//! words run together. Only the words beside it decide. A word that is known is doubted only in a
//! message without marks, where it fits neither neighbour and one that sounds alike fits both.

use crate::features::hash;
use crate::text::Token;
use crate::vocabulary::Vocabulary;

/// Shorter words have too many neighbours, longer ones are names and codes.
const SHORTEST: usize = 3;
const LONGEST: usize = 14;

/// Stands before the first word and after the last.
const EDGE: &str = "";

/// A word that this many phrases have needs no neighbour to be believed.
const FREQUENT: u32 = 3;

/// The words of the phrases, by what they look and sound like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mender {
    numbers: Option<Vocabulary>,
    words: Vec<Known>,
    /// By a word, by it with one letter left out, and by its sound; sorted.
    near: Vec<(u32, u32)>,
    pairs: Pairs,
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
    times: u32,
    /// Some phrase writes it with marks: it is Vietnamese.
    marked: bool,
}

impl Mender {
    pub(crate) fn learn<'a>(phrases: impl Iterator<Item = &'a [Token]>) -> Self {
        let mut numbers = Vocabulary::new();
        let mut words: Vec<Known> = Vec::new();
        let mut pairs = Vec::new();
        for tokens in phrases {
            for token in tokens {
                let number = numbers.learn(hash(0, &token.folded)) as usize;
                if number == words.len() {
                    words.push(Known { plain: token.folded.as_str().into(), times: 0, marked: false });
                }
                words[number].times += 1;
                words[number].marked |= token.marked != token.folded;
            }
            pairs.extend(tokens.windows(2).map(|two| pair(&two[0].folded, &two[1].folded)));
            if let [first, .., last] = tokens {
                pairs.extend([pair(EDGE, &first.folded), pair(&last.folded, EDGE)]);
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut near = Vec::new();
        for (number, known) in words.iter().enumerate().filter(|(_, known)| mendable(&known.plain)) {
            near.push((sound(&known.plain), number as u32));
            near.push((key(known.plain.bytes()), number as u32));
            near.extend(shortened(&known.plain).map(|key| (key, number as u32)));
        }
        near.sort_unstable();
        near.dedup();
        Self { numbers: Some(numbers.settle()), words, near, pairs: Pairs::of(&pairs) }
    }

    pub(crate) fn mend(&self, tokens: &mut Vec<Token>) {
        let Some(numbers) = &self.numbers else { return };
        let bare = tokens.iter().all(|token| token.marked == token.folded);
        let mut at = 0;
        while at < tokens.len() {
            let word = &tokens[at].folded;
            if mendable(word) {
                let known = numbers.get(hash(0, word)).is_some();
                let meant = match known {
                    true if bare => self.heard(tokens, at),
                    true => None,
                    false => self.meant(tokens, at),
                };
                if let Some(meant) = meant {
                    self.replace(&mut tokens[at], meant);
                } else if !known && let Some(border) = self.border(&tokens[at]) {
                    part(tokens, at, border);
                }
            }
            at += 1;
        }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let words: usize = self.words.iter().map(|known| size_of::<Known>() + known.plain.len()).sum();
        self.numbers.as_ref().map_or(0, Vocabulary::bytes) + words + (self.near.len() + self.pairs.0.len()) * 8
    }

    /// The word that was meant at this place.
    fn meant(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let typed = tokens[at].folded.as_str();
        let (before, after) = beside(tokens, at);
        let mut best: Option<(f32, usize)> = None;
        let keys = [sound(typed), key(typed.bytes())].into_iter().chain(shortened(typed));
        for number in keys.flat_map(|key| self.with_key(key)) {
            let known = &self.words[number];
            let Some(cost) = slip(typed, &known.plain) else { continue };
            let beside = u8::from(self.side_by_side(before, &known.plain)) + u8::from(self.side_by_side(&known.plain, after));
            let plain_slip = typed.len() >= 5 && cost <= 1.0 && known.times >= FREQUENT;
            if beside == 0 && !plain_slip {
                continue;
            }
            let worth = 2.0 * f32::from(beside) + 0.5 * (known.times as f32).ln() - 1.5 * cost;
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, number));
            }
        }
        best.map(|(_, number)| number)
    }

    /// A word that sounds like the typed one and fits on both sides, where the typed one fits on none.
    fn heard(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let typed = tokens[at].folded.as_str();
        let (before, after) = beside(tokens, at);
        if self.side_by_side(before, typed) || self.side_by_side(typed, after) {
            return None;
        }
        let fits = |number: &usize| {
            let known = &self.words[*number];
            known.marked && self.side_by_side(before, &known.plain) && self.side_by_side(&known.plain, after)
        };
        self.with_key(sound(typed)).filter(fits).max_by_key(|number| self.words[*number].times)
    }

    fn replace(&self, token: &mut Token, meant: usize) {
        let plain = &self.words[meant].plain;
        token.marked.replace_range(.., plain);
        token.folded.replace_range(.., plain);
    }

    fn with_key(&self, key: u32) -> impl Iterator<Item = usize> + '_ {
        let from = self.near.partition_point(|(other, _)| *other < key);
        self.near[from..].iter().take_while(move |(other, _)| *other == key).map(|(_, number)| *number as usize)
    }

    fn side_by_side(&self, first: &str, second: &str) -> bool {
        self.pairs.has(pair(first, second))
    }

    /// Where one word ends and the next begins: `donhang` → 3.
    fn border(&self, token: &Token) -> Option<usize> {
        let word = token.folded.as_str();
        (word.len() >= 5).then_some(())?;
        (2..=word.len() - 2).find(|at| self.side_by_side(&word[..*at], &word[*at..]))
    }
}

fn beside(tokens: &[Token], at: usize) -> (&str, &str) {
    let word = |at: usize| tokens.get(at).map_or(EDGE, |token| token.folded.as_str());
    (at.checked_sub(1).map_or(EDGE, word), word(at + 1))
}

fn part(tokens: &mut Vec<Token>, at: usize, border: usize) {
    let first = &mut tokens[at];
    let second = first.folded.split_off(border);
    first.marked.clone_from(&first.folded);
    let span = first.span.clone();
    tokens.insert(at + 1, Token { span, marked: second.clone(), folded: second });
}

fn mendable(word: &str) -> bool {
    (SHORTEST..=LONGEST).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn pair(first: &str, second: &str) -> u64 {
    hash(hash(5, first), second)
}

fn key(letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(0x811C_9DC5, |sum: u32, letter| (sum ^ u32::from(letter)).wrapping_mul(0x0100_0193))
}

/// The word with each of its letters left out once, the first one kept.
fn shortened(word: &str) -> impl Iterator<Item = u32> + '_ {
    (1..word.len()).map(|left_out| key(word.bytes().enumerate().filter(move |(at, _)| *at != left_out).map(|(_, letter)| letter)))
}

/// What sounds alike somewhere in the country has one key: `chang` and `trang`, `xua` and `sua`.
fn sound(word: &str) -> u32 {
    let (head, rest) = HEADS.iter().find_map(|(head, sound)| Some((*sound, word.strip_prefix(head)?))).unwrap_or(("", word));
    let (rest, tail) = TAILS.iter().find_map(|(tail, sound)| Some((rest.strip_suffix(tail)?, *sound))).unwrap_or((rest, ""));
    let mut last = 0;
    let body = rest.bytes().filter_map(move |letter| {
        let now = if letter == b'y' { b'i' } else { letter };
        let silent = now == last || matches!((last, now), (b'i', b'e') | (b'u', b'o'));
        last = now;
        (!silent).then_some(now)
    });
    key(b"#".iter().copied().chain(head.bytes()).chain(body).chain(tail.bytes()))
}

const HEADS: [(&str, &str); 20] = [
    ("tr", "c"),
    ("ch", "c"),
    ("ngh", "g"),
    ("ng", "g"),
    ("nh", "n"),
    ("gi", "d"),
    ("dz", "d"),
    ("ph", "f"),
    ("kh", "k"),
    ("gh", "g"),
    ("s", "s"),
    ("x", "s"),
    ("r", "d"),
    ("v", "d"),
    ("z", "d"),
    ("d", "d"),
    ("l", "n"),
    ("n", "n"),
    ("c", "k"),
    ("q", "k"),
];

const TAILS: [(&str, &str); 5] = [("ng", "n"), ("nh", "n"), ("ch", "t"), ("c", "t"), ("k", "t")];

/// How far what was typed is from a word: `None` if no single slip leads there.
fn slip(typed: &str, meant: &str) -> Option<f32> {
    if sound(typed) == sound(meant) {
        return Some(0.3);
    }
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    let same = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (left, right) = (&typed[same..], &meant[same..]);
    if same == 0 {
        return None;
    }
    match (left, right) {
        ([a, b, rest @ ..], [c, d, others @ ..]) if a == d && b == c && rest == others => Some(0.5),
        ([extra, rest @ ..], others) if rest == others => Some(if *extra == typed[same - 1] { 0.4 } else { 1.0 }),
        (rest, [_, others @ ..]) if rest == others => Some(0.7),
        ([_, rest @ ..], [_, others @ ..]) if rest == others => Some(1.2),
        _ => None,
    }
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
