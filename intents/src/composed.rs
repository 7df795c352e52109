//! One form for every text: a letter and the marks behind it become one (NFC), whatever the keyboard
//! sent, so that all that reads sees the same; and the way back to the bytes of the original.

use crate::letters;
use std::ops::Range;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Composing makes a text at most three times shorter; this many bytes give all that is read.
const LOOKED_AT: usize = 4 * crate::text::READ_AT_MOST;

/// A text that was composed.
#[derive(Debug)]
pub(crate) struct Composed {
    pub text: String,
    /// Where each piece begins: in `text`, and in the original. The last entry is the end of both.
    borders: Vec<(usize, usize)>,
}

impl Composed {
    /// `None` if the text is composed as it stands, and each letter is a piece.
    pub(crate) fn of(original: &str) -> Option<Self> {
        let original = &original[..original.floor_char_boundary(LOOKED_AT)];
        if original.chars().all(|letter| letter.is_ascii() || letters::split(letter).is_some()) {
            return None;
        }
        let bare = |letter: char| canonical_combining_class(letter) == 0;
        if is_nfc_quick(original.chars()) == IsNormalized::Yes && original.chars().all(bare) {
            return None;
        }
        let mut composed = Self { text: String::with_capacity(original.len()), borders: Vec::new() };
        let mut rest = original;
        while !rest.is_empty() {
            let end = rest.char_indices().skip(1).find(|(_, letter)| begins(*letter)).map_or(rest.len(), |(at, _)| at);
            composed.borders.push((composed.text.len(), original.len() - rest.len()));
            composed.text.extend(rest[..end].nfc());
            rest = &rest[end..];
        }
        composed.borders.push((composed.text.len(), original.len()));
        Some(composed)
    }

    /// The bytes of the original from which a stretch of the composed text came: whole pieces.
    pub(crate) fn original(&self, span: &Range<usize>) -> Range<usize> {
        let first = self.borders.partition_point(|(at, _)| *at <= span.start) - 1;
        let last = self.borders.partition_point(|(at, _)| *at < span.end);
        self.borders[first].1..self.borders[last].1
    }
}

/// Nothing before the letter changes with it or changes it.
fn begins(letter: char) -> bool {
    letter.is_ascii() || canonical_combining_class(letter) == 0 && is_nfc_quick(std::iter::once(letter)) == IsNormalized::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composed_text_is_left_alone() {
        assert!(Composed::of("đơn hàng DH1024 ở đâu 😀").is_none());
        assert!(Composed::of("").is_none());
    }

    #[test]
    fn a_stretch_leads_back_to_what_was_typed() {
        let original: String = "đơn hàng ệ1tr2 tới Huế".nfd().collect();
        let composed = Composed::of(&original).expect("it is decomposed");
        assert_eq!(composed.text, "đơn hàng ệ1tr2 tới Huế");
        for word in ["hàng", "1tr2", "Huế"] {
            let at = composed.text.find(word).expect("the word is there");
            let back = &original[composed.original(&(at..at + word.len()))];
            assert_eq!(back.nfc().collect::<String>(), word);
        }
    }

    #[test]
    fn a_mark_that_composes_with_nothing_belongs_to_its_letter_all_the_same() {
        let text = "$0\u{11370}À";
        let composed = Composed::of(text).expect("it has a mark of its own");
        assert_eq!(composed.text, text);
        assert_eq!(&text[composed.original(&(0..2))], "$0\u{11370}");
    }

    #[test]
    fn pieces_put_together_are_the_whole_composed() {
        for original in ["e\u{323}\u{302}x", "\u{301}a", "각\u{1100}\u{1161}\u{11A8}", "\u{212A}5\u{338}", "q\u{307}\u{323}"] {
            let whole: String = original.nfc().collect();
            assert_eq!(Composed::of(original).map_or_else(|| original.to_owned(), |composed| composed.text), whole);
        }
    }
}
