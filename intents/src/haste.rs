//! Spoils phrases for learning: without marks and hurriedly typed, so that a model relies on no
//! single letter. By other rules than `noise.rs`, which measures what was learnt.

use crate::dice::Dice;
use crate::letters;

/// One word in so many is spoilt.
const SELDOM: usize = 3;

/// What stands beside a key.
const BESIDE: [(&str, &str); 16] = [
    ("a", "sq"),
    ("b", "vn"),
    ("c", "xv"),
    ("d", "sf"),
    ("e", "wr"),
    ("g", "fh"),
    ("h", "gj"),
    ("i", "uo"),
    ("k", "jl"),
    ("m", "n"),
    ("n", "bm"),
    ("o", "ip"),
    ("r", "et"),
    ("s", "ad"),
    ("t", "ry"),
    ("u", "yi"),
];

/// What one region writes for what another says.
const REGIONS: [(&str, &str); 12] = [
    ("tr", "ch"),
    ("ch", "tr"),
    ("x", "s"),
    ("s", "x"),
    ("v", "d"),
    ("gi", "z"),
    ("d", "z"),
    ("r", "g"),
    ("l", "n"),
    ("n", "l"),
    ("qu", "w"),
    ("ph", "f"),
];

pub(crate) fn hurried(text: &str, copy: u64) -> String {
    let mut dice = Dice::new(text.bytes().fold(copy + 7, |sum, byte| sum.wrapping_mul(131) + u64::from(byte)));
    let mut written = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let glued = dice.throw(16) == 0;
        if !written.is_empty() && !glued {
            written.push(' ');
        }
        let plain: String = word.chars().flat_map(char::to_lowercase).map(bare).collect();
        let may = plain.len() >= 3 && plain.bytes().all(|byte| byte.is_ascii_lowercase());
        if may && dice.throw(SELDOM) == 0 { written.push_str(&spoilt(&plain, &mut dice)) } else { written.push_str(&plain) }
    }
    written
}

fn bare(letter: char) -> char {
    letters::split(letter).map_or(letter, |(base, _)| letters::plain(base))
}

fn spoilt(word: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let last = letters.len() - 1;
    let at = dice.throw(last) + 1;
    match dice.throw(8) {
        0 => letters.swap(at - 1, at),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        3 => drop(letters.pop()),
        4 => letters.push(letters[last]),
        5 => letters[at] = neighbour(letters[at], dice),
        _ => {
            if let Some((from, to)) = REGIONS.iter().find(|(from, _)| word.starts_with(from)) {
                return format!("{to}{}", &word[from.len()..]);
            }
        }
    }
    letters.into_iter().collect()
}

fn neighbour(letter: char, dice: &mut Dice) -> char {
    let beside = BESIDE.iter().find(|(key, _)| key.starts_with(letter)).map_or("", |(_, beside)| beside);
    beside.chars().nth(dice.throw(beside.len())).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_copy_is_spoilt_in_its_own_way_and_always_the_same() {
        let text = "đơn hàng của em tới đâu rồi, được chưa";
        assert_eq!(hurried(text, 1), hurried(text, 1));
        assert_ne!(hurried(text, 1), hurried(text, 2));
        assert!((1..9).all(|copy| hurried(text, copy).is_ascii()));
    }
}
