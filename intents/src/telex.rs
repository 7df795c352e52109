//! What is left when the keyboard did not compose: `ddown hangf` (Telex), `d9o7n ha2ng` (VNI).
//! A word is decoded only if it becomes a Vietnamese syllable and is none as it stands.

use crate::letters;
use crate::syllable::{is_syllable, is_vowel};

/// Letters with their quality, and the tone.
pub(crate) type Decoded = (Vec<char>, u8);

/// From lower-case plain letters.
pub(crate) fn telex(word: &[char]) -> Option<Decoded> {
    let may = word.len() >= 2 && word.len() <= 10 && word.iter().all(char::is_ascii_lowercase);
    if !may || !has_keys(word) || is_syllable(&word.iter().collect::<String>(), 0) {
        return None;
    }
    let mut typed = Typed::default();
    for key in word {
        typed.press_telex(*key);
    }
    typed.finish(word)
}

/// A tone key after the first letter, or a vowel or `d` twice.
fn has_keys(word: &[char]) -> bool {
    word.iter().enumerate().skip(1).any(|(at, key)| match key {
        'f' | 's' | 'r' | 'x' | 'j' | 'w' | 'z' => true,
        'a' | 'e' | 'o' | 'd' => word[..at].contains(key),
        _ => false,
    })
}

/// From letters and digits.
pub(crate) fn vni(word: &[char]) -> Option<Decoded> {
    let letters = word.iter().filter(|key| key.is_ascii_lowercase()).count();
    let digits = word.iter().filter(|key| key.is_ascii_digit()).count();
    if !(2..=8).contains(&letters)
        || !(1..=3).contains(&digits)
        || letters + digits != word.len()
        || !word[0].is_ascii_lowercase()
    {
        return None;
    }
    let mut typed = Typed::default();
    for key in word {
        typed.press_vni(*key)?;
    }
    typed.finish(word)
}

#[derive(Default)]
struct Typed {
    bases: Vec<char>,
    tone: u8,
}

impl Typed {
    fn press_telex(&mut self, key: char) {
        let spoken = self.bases.iter().any(|base| is_vowel(*base));
        let tone = "zfsrxj".find(key).filter(|_| spoken);
        match (key, tone) {
            (_, Some(tone)) => self.tone = tone as u8,
            ('w', _) => self.horn(),
            ('d', _) if self.bases.first() == Some(&'d') => self.bases[0] = 'đ',
            ('a' | 'e' | 'o', _) if self.bases.contains(&key) => self.shape(key, &letters::Mark::Circumflex),
            _ => self.bases.push(key),
        }
    }

    fn press_vni(&mut self, key: char) -> Option<()> {
        match key {
            '1'..='5' => self.tone = [2, 1, 3, 4, 5][key as usize - '1' as usize],
            '6' => {
                let vowel = *self.bases.iter().rfind(|base| matches!(base, 'a' | 'e' | 'o'))?;
                self.shape(vowel, &letters::Mark::Circumflex);
            }
            '7' => self.horn(),
            '8' => self.shape('a', &letters::Mark::Breve),
            '9' if self.bases.first() == Some(&'d') => self.bases[0] = 'đ',
            letter if letter.is_ascii_lowercase() => self.bases.push(letter),
            _ => return None,
        }
        Some(())
    }

    fn shape(&mut self, vowel: char, mark: &letters::Mark) {
        if let Some(base) = self.bases.iter_mut().rfind(|base| **base == vowel) {
            *base = letters::shaped(vowel, mark);
        }
    }

    /// `w`: `uo` → `ươ`, else the last of `a o u`; alone it is `ư`.
    fn horn(&mut self) {
        let Some(at) = self.bases.iter().rposition(|base| matches!(base, 'a' | 'o' | 'u' | 'ơ')) else {
            self.bases.push('ư');
            return;
        };
        if at > 0 && matches!(self.bases[at], 'o' | 'ơ') && self.bases[at - 1] == 'u' && self.bases.first() != Some(&'q') {
            self.bases[at - 1] = 'ư';
        }
        let before_a = self.bases[at] == 'a' && at > 0 && self.bases[at - 1] == 'u' && self.bases[0] != 'q';
        let at = if before_a { at - 1 } else { at };
        self.bases[at] = match self.bases[at] {
            'a' => 'ă',
            'u' => 'ư',
            _ => 'ơ',
        };
    }

    fn finish(mut self, word: &[char]) -> Option<Decoded> {
        for at in 1..self.bases.len() {
            let last = at + 1 == self.bases.len();
            match (self.bases[at - 1], self.bases[at]) {
                ('ư', 'o') => self.bases[at] = 'ơ',
                ('u', 'ơ') if !last && self.bases[0] != 'q' => self.bases[at - 1] = 'ư',
                _ => {}
            }
        }
        let changed = self.tone > 0 || self.bases != word;
        (changed && is_syllable(&self.bases.iter().collect::<String>(), self.tone)).then_some((self.bases, self.tone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(word: &str, by: fn(&[char]) -> Option<Decoded>) -> Option<String> {
        let (bases, tone) = by(&word.chars().collect::<Vec<_>>())?;
        Some(bases.into_iter().collect::<String>() + &tone.to_string())
    }

    #[test]
    fn telex_keys_become_syllables() {
        for (typed, meant) in [
            ("ddown", "đơn0"),
            ("hangf", "hang1"),
            ("dduowcj", "đươc5"),
            ("khoong", "không0"),
            ("nhieeu", "nhiêu0"),
            ("guwir", "gưi3"),
            ("hoong", "hông0"),
            ("mua", "-"),
            ("chuwa", "chưa0"),
            ("dod", "đo0"),
            ("tieenf", "tiên1"),
            ("nuwowcs", "nươc2"),
            ("quaf", "qua1"),
            ("muaw", "mưa0"),
        ] {
            assert_eq!(decoded(typed, telex).as_deref().unwrap_or("-"), meant, "{typed}");
        }
    }

    #[test]
    fn words_that_are_syllables_or_cannot_become_one_stay() {
        for typed in ["an", "don", "shop", "ship", "iphone", "facebook", "w"] {
            assert_eq!(decoded(typed, telex), None, "{typed}");
        }
    }

    #[test]
    fn vni_digits_become_marks() {
        for (typed, meant) in
            [("d9o7n", "đơn0"), ("ha2ng", "hang1"), ("d9u7o7c5", "-"), ("d9uo7c5", "đươc5"), ("kho6ng", "không0")]
        {
            assert_eq!(decoded(typed, vni).as_deref().unwrap_or("-"), meant, "{typed}");
        }
        assert_eq!(decoded("dh1024", vni), None);
    }
}
