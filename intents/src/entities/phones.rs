//! Vietnamese phone numbers in every spelling: `0912 345 678`, `+84.912.345.678`, `84912345678`.

use super::{Claims, stands_alone};
use crate::reading::EntityValue;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static CANDIDATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\+|\(\+|\()?\d(?:[ .\-()]{0,2}\d){8,29}").expect("the pattern is constant"));

/// A number of 9 to 14 digits, the longest that is a phone; several may follow one another.
pub(super) fn find(text: &str, claims: &mut Claims) {
    for found in CANDIDATE.find_iter(text) {
        let mut from = found.start();
        while from < found.end() {
            let Some((span, phone)) = longest(text, from..found.end()) else { break };
            from = span.end
                + text[span.end..found.end()]
                    .find(|letter: char| letter.is_ascii_digit() || letter == '+')
                    .unwrap_or(usize::MAX - span.end);
            claims.claim(span, EntityValue::Phone(phone));
        }
    }
}

fn longest(text: &str, within: Range<usize>) -> Option<(Range<usize>, String)> {
    let ends = text[within.clone()].char_indices().filter(|(_, letter)| letter.is_ascii_digit());
    let mut ends: Vec<usize> = ends.map(|(at, _)| within.start + at + 1).take(14).collect();
    ends.drain(..ends.len().min(8));
    let spans = ends.into_iter().rev().map(|end| within.start..end);
    spans.filter(|span| stands_alone(text, span)).find_map(|span| Some((span.clone(), folded(&text[span])?)))
}

/// Ten digits from `0` (eleven for the old numbers and some landlines), or nothing.
pub(super) fn folded(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let international = typed.starts_with('+') || typed.starts_with("(+") || digits.starts_with("0084");
    let digits = digits.strip_prefix("00").filter(|_| international).unwrap_or(&digits);
    let national = match digits.strip_prefix("84") {
        Some(rest) if international || rest.len() >= 9 => format!("0{}", rest.trim_start_matches('0')),
        _ => digits.to_owned(),
    };
    is_vietnamese(&national).then_some(national)
}

fn is_vietnamese(national: &str) -> bool {
    let begins = |heads: &[&str]| heads.iter().any(|head| national.starts_with(head));
    match national.len() {
        10 => begins(&["03", "05", "07", "08", "09", "02"]),
        11 => begins(&["02", "012", "016", "018", "019"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_number() {
        for typed in ["0912345678", "+84912345678", "84 912 345 678", "0912.345.678", "+84 (0) 912-345-678", "0084912345678"] {
            assert_eq!(folded(typed).as_deref(), Some("0912345678"), "{typed}");
        }
    }

    #[test]
    fn a_number_that_nobody_can_call_is_no_phone() {
        for typed in ["1234567890", "0412345678", "091234567", "100020003"] {
            assert_eq!(folded(typed), None, "{typed}");
        }
    }
}
