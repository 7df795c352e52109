//! Spoils messages as people do: without marks, with the misspellings of a region, with slips of
//! the finger, with a keyboard that does not compose. The same text is always spoilt the same way.

use crate::dice::Dice;
use unicode_normalization::UnicodeNormalization;

/// How a message is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// `đơn hàng` → `don hang`.
    Stripped,
    /// Without marks and with slips.
    StrippedAndMisspelt,
    /// Marks kept, spelt as spoken: `s/x`, `tr/ch`, hook for tilde.
    Misspelt,
    /// `đơn hàng` → `ddown hangf`.
    Telex,
}

impl Noise {
    pub const ALL: [Self; 4] = [Self::Stripped, Self::StrippedAndMisspelt, Self::Misspelt, Self::Telex];

    #[must_use]
    pub fn spoil(self, text: &str) -> String {
        let mut dice = Dice::new(text.bytes().fold(1469, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte)));
        match self {
            Self::Stripped => stripped(text),
            Self::StrippedAndMisspelt => words(&stripped(text), |word| slip(&misspelt(word, &mut dice), &mut dice)),
            Self::Misspelt => words(text, |word| misspelt(word, &mut dice)),
            Self::Telex => words(text, telex),
        }
    }
}

fn words(text: &str, mut spoil: impl FnMut(&str) -> String) -> String {
    text.split(' ').map(&mut spoil).collect::<Vec<_>>().join(" ")
}

fn stripped(text: &str) -> String {
    let bare = text.nfd().filter(|letter| !unicode_normalization::char::is_combining_mark(*letter));
    bare.map(|letter| match letter {
        'đ' => 'd',
        'Đ' => 'D',
        other => other,
    })
    .nfc()
    .collect()
}

/// One word in six is spelt as a region speaks it.
fn misspelt(word: &str, dice: &mut Dice) -> String {
    const HEADS: [(&str, &str); 11] = [
        ("tr", "ch"),
        ("ch", "tr"),
        ("gi", "d"),
        ("kh", "k"),
        ("s", "x"),
        ("x", "s"),
        ("r", "d"),
        ("v", "d"),
        ("l", "n"),
        ("n", "l"),
        ("c", "k"),
    ];
    const TAILS: [(&str, &str); 6] = [("ng", "n"), ("n", "ng"), ("t", "c"), ("c", "t"), ("i", "y"), ("y", "i")];
    const TONES: [(&str, &str); 2] = [("\u{309}", "\u{303}"), ("\u{303}", "\u{309}")];
    if dice.throw(6) != 0 || word.chars().count() < 3 || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word.to_owned();
    }
    let apart: String = word.nfd().collect();
    for (from, to) in TONES {
        if apart.contains(from) {
            return apart.replace(from, to).nfc().collect();
        }
    }
    if dice.throw(3) == 0
        && let Some((from, to)) = TAILS.iter().find(|(from, _)| word.ends_with(from))
    {
        return format!("{}{to}", &word[..word.len() - from.len()]);
    }
    let head = HEADS.iter().find(|(from, _)| word.starts_with(from));
    head.map_or_else(|| word.to_owned(), |(from, to)| format!("{to}{}", &word[from.len()..]))
}

/// One word in eight has a letter missing, doubled or exchanged with the next.
fn slip(word: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 3 || dice.throw(8) != 0 || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word.to_owned();
    }
    let at = 1 + dice.throw(letters.len() - 2);
    match dice.throw(3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

fn telex(word: &str) -> String {
    let mut typed = String::new();
    let mut tone = None;
    for letter in word.nfd() {
        match letter {
            '\u{300}' => tone = Some('f'),
            '\u{301}' => tone = Some('s'),
            '\u{309}' => tone = Some('r'),
            '\u{303}' => tone = Some('x'),
            '\u{323}' => tone = Some('j'),
            '\u{302}' => typed.extend(typed.chars().next_back()),
            '\u{306}' | '\u{31B}' => typed.push('w'),
            'đ' => typed.push_str("dd"),
            'Đ' => typed.push_str("Dd"),
            other => typed.push(other),
        }
    }
    let end = typed.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len();
    if let Some(tone) = tone {
        typed.insert(end, tone);
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_spoilt_the_same_way_each_time() {
        let text = "đơn hàng của em tới đâu rồi, được chưa";
        assert_eq!(Noise::Stripped.spoil(text), "don hang cua em toi dau roi, duoc chua");
        assert_eq!(Noise::Telex.spoil(text), "ddown hangf cuar em towis ddaau rooif, dduwowcj chuwa");
        for noise in Noise::ALL {
            assert_eq!(noise.spoil(text), noise.spoil(text));
        }
    }
}
