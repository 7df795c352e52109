//! How many and how large: `2 cái`, `hai hộp`, `lấy 3`, `size M`, `XL`.

use super::dates::number;
use super::lexicon::Lexicon;
use super::{Claims, stands_alone};
use crate::reading::EntityValue;
use crate::token::Token;
use regex::Regex;
use std::sync::LazyLock;

/// Whatever it finds, [`may_be_size`] must let through.
static SIZE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:size|sz|sai|cỡ|co)\s{0,2}(?P<cued>[2-5]?x{0,3}[sml]|xx?l|\d{2}(?:[.,]5)?|free\s?size|freesize)|\b(?P<bare>[2-5]x[ls]|x{1,3}[ls]|freesize))")
        .expect("the pattern is constant")
});

/// May some size be in the text? Seldom, and that is told sooner than where.
fn may_be_size(text: &str) -> bool {
    let bytes = text.as_bytes();
    let letter = |at: usize| bytes.get(at).map_or(b' ', u8::to_ascii_lowercase);
    (0..bytes.len()).any(|at| match (letter(at), letter(at + 1), letter(at + 2)) {
        (b's', b'z', _) | (b's', b'i', b'z') | (b's', b'a', b'i') | (b'f', b'r', b'e') => true,
        (b'c', next, _) => next == b'o' || !next.is_ascii(),
        (b'x', next, _) => matches!(next, b'x' | b's' | b'l') || !next.is_ascii(),
        // The long s is an s to a pattern.
        (first, ..) => first == 0xC5,
    })
}

pub(super) fn find_sizes(text: &str, claims: &mut Claims) {
    if !may_be_size(text) {
        return;
    }
    for found in SIZE.captures_iter(text) {
        let Some(all) = found.get(0) else { continue };
        let size = found.name("cued").or_else(|| found.name("bare"));
        if let Some(size) = size.filter(|_| stands_alone(text, &all.range())) {
            let value = size.as_str().to_uppercase().replace(' ', "").replace(',', ".");
            claims.claim(size.range(), EntityValue::Size(value));
        }
    }
}

/// Verbs after which a number alone is a quantity.
const TAKING: [&str; 12] = ["lay", "mua", "dat", "them", "luong", "thanh", "bot", "buy", "order", "take", "quantity", "want"];

pub(super) fn find_quantities(tokens: &[Token], lexicon: &Lexicon, claims: &mut Claims) {
    let mut at = 0;
    while at < tokens.len() {
        let Some((count, length)) = quantity(tokens, at, lexicon) else {
            at += 1;
            continue;
        };
        let span = tokens[at].span.start..tokens[at + length - 1].span.end;
        claims.claim(span, EntityValue::Quantity(count));
        at += length;
    }
}

fn quantity(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(i64, usize)> {
    let word = tokens[at].folded.as_str();
    let times = word.strip_prefix('x').or_else(|| word.strip_suffix('x')).filter(|digits| digits.len() <= 3);
    if let Some(count) = times.and_then(|digits| digits.parse().ok()) {
        return Some((count, 1));
    }
    if let Some(glued) = glued(word, &tokens[at], lexicon) {
        return Some((glued, 1));
    }
    let (count, length) = number(&tokens[at..], lexicon)?;
    let counted = tokens.get(at + length..).and_then(|rest| lexicon.counted.at(rest));
    if counted.is_some() {
        return (count < 10_000).then_some((count, length));
    }
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let taken = at > 0 && TAKING.contains(&tokens[at - 1].folded.as_str());
    let last = at + length >= tokens.len() || !starts_unit(&tokens[at + length].folded);
    (digits && taken && last && word.len() <= 3).then_some((count, length))
}

/// `2kg`, `3hộp`.
fn glued(word: &str, token: &Token, lexicon: &Lexicon) -> Option<i64> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits == word.len() || digits > 3 {
        return None;
    }
    let rest = Token::new(0..0, token.marked.chars().skip(digits).collect(), word[digits..].to_owned());
    lexicon.counted.at(&[rest])?;
    word[..digits].parse().ok()
}

/// Units after which a number is a time, a sum or a share.
fn starts_unit(word: &str) -> bool {
    matches!(
        word,
        "ngay"
            | "thang"
            | "nam"
            | "tuan"
            | "gio"
            | "tieng"
            | "phut"
            | "k"
            | "trieu"
            | "tram"
            | "ngan"
            | "nghin"
            | "hom"
            | "bua"
            | "lan"
            | "days"
            | "months"
            | "hours"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_size_is_passed_over() {
        for text in [
            "size m",
            "SZ 39",
            "áo sai L",
            "cỡ 40",
            "Cỡ xl",
            "co S",
            "size free size",
            "ao freesize",
            "2xl",
            "xs",
            "XXXL",
            "\u{17F}ize M",
        ] {
            assert!(SIZE.is_match(text) && may_be_size(text), "{text}");
        }
        assert!(!may_be_size("em xin hỏi sao shop"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_found_was_let_through(text in "[sSzZiIeExXmMlLaAcCoOfFrR\u{17F}ỡỠ25. ]{0,16}") {
            proptest::prop_assert!(may_be_size(&text) || !SIZE.is_match(&text), "{text}");
        }
    }
}
