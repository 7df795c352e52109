//! How far what was typed is from a word: one slip of the finger, the spelling of a region, or both. Keys
//! under which such words meet.

/// How unlikely each is, as a logarithm without its sign: what sounds alike is the most usual.
const ALIKE: f32 = 0.6;
const SLIP: f32 = 1.0;
const BOTH: f32 = 3.0;

/// In a shorter word a slip and a region's spelling leave nothing to know it by.
const LONG_ENOUGH: usize = 3;

/// A plain word and how it sounds.
#[derive(Debug, Clone)]
pub(crate) struct Spelling {
    pub plain: Box<str>,
    /// What sounds alike somewhere in the country is written alike: `chang` and `trang`, `xua` and `sua`.
    pub sound: Box<str>,
}

impl Spelling {
    pub(crate) fn of(word: &str) -> Self {
        Self { plain: word.into(), sound: sound(word).into() }
    }

    /// Words that are one slip from each other share one of these; some stand twice.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u32> {
        self.near_keys().chain(shortened(SOUND, &self.sound))
    }

    /// The same, but for what sounds alike or is one slip away, not both at once.
    pub(crate) fn near_keys(&self) -> impl Iterator<Item = u32> {
        let plain = [self.sound_key(), key(PLAIN, self.plain.bytes())].into_iter();
        plain.chain(shortened(PLAIN, &self.plain))
    }

    pub(crate) fn sound_key(&self) -> u32 {
        key(SOUND, self.sound.bytes())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.plain.len() + self.sound.len()
    }
}

/// How unlikely it is that one word is typed for another; `None` if more lies between them.
pub(crate) fn cost(typed: &Spelling, meant: &Spelling) -> Option<f32> {
    if typed.sound == meant.sound {
        return Some(ALIKE);
    }
    let plain = slip(&typed.plain, &meant.plain).map(|cost| SLIP + cost);
    let both = || slip(&typed.sound, &meant.sound).map(|cost| BOTH + cost).filter(|_| typed.plain.len() >= LONG_ENOUGH);
    plain.or_else(both)
}

/// The two spellings do not meet.
const PLAIN: u32 = 0x811C_9DC5;
const SOUND: u32 = 0x5A1D_9DC5;

fn key(seed: u32, letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(seed, |sum: u32, letter| (sum ^ u32::from(letter)).wrapping_mul(0x0100_0193))
}

/// The word with each of its letters left out once, the first one kept.
fn shortened(seed: u32, word: &str) -> impl Iterator<Item = u32> + '_ {
    let without = move |left_out| word.bytes().enumerate().filter(move |(at, _)| *at != left_out).map(|(_, letter)| letter);
    (1..word.len()).map(move |left_out| key(seed, without(left_out)))
}

pub(crate) fn sound(word: &str) -> String {
    let (head, rest) = HEADS.iter().find_map(|(head, sound)| Some((*sound, word.strip_prefix(head)?))).unwrap_or(("", word));
    let (rest, tail) = TAILS.iter().find_map(|(tail, sound)| Some((rest.strip_suffix(tail)?, *sound))).unwrap_or((rest, ""));
    let mut sound = String::with_capacity(word.len());
    sound.push_str(head);
    let mut last = '\0';
    for letter in rest.chars() {
        let now = if letter == 'y' { 'i' } else { letter };
        let silent = now == last || matches!((last, now), ('i', 'e') | ('u', 'o'));
        last = now;
        if !silent {
            sound.push(now);
        }
    }
    sound.push_str(tail);
    sound
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

/// One letter too much, too little, exchanged with the next, or another; `None` if no single slip leads there.
fn slip(typed: &str, meant: &str) -> Option<f32> {
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    let same = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (left, right) = (&typed[same..], &meant[same..]);
    if same == 0 || left.len().abs_diff(right.len()) > 1 {
        return None;
    }
    let behind = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    match (left, right) {
        ([a, b, rest @ ..], [c, d, others @ ..]) if a == d && b == c && behind == rest.len() && behind == others.len() => {
            Some(0.5)
        }
        ([extra, rest @ ..], _) if rest.len() == behind && right.len() == behind => {
            Some(if *extra == typed[same - 1] { 0.4 } else { 1.0 })
        }
        (_, [_, others @ ..]) if others.len() == behind && left.len() == behind => Some(0.7),
        ([_, rest @ ..], [_, others @ ..]) if rest.len() == behind && others.len() == behind => Some(1.2),
        _ => None,
    }
}
