//! Sums of money: `500k`, `1tr2`, `1.200.000đ`, `2 triệu`, `$20`.

use super::Claims;
use super::dates::number;
use super::lexicon::Lexicon;
use crate::reading::EntityValue;
use crate::token::Token;
use regex::{Captures, Regex};
use std::sync::LazyLock;

static DONG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?P<whole>\d{1,3}(?:[.,]\d{3})+|\d{1,9}) (?:[.,](?P<part>\d{1,2}))?
        (?: \s?(?P<unit>ka|k|ngàn|ngan|nghìn|nghin|xị|triệu|trieu|tr|củ|tỷ|tỉ|ty)(?P<rest>\d{1,3}|\s?rưỡi|\s?ruoi)?k? (?:\s?(?:đồng|dong|đ|d|vnđ|vnd)\b)?
          | \s?(?P<dong>đồng|dong|đ|₫|vnđ|vnd|d) )
        (?P<after>\w)?",
    )
    .expect("the pattern is constant")
});

static FOREIGN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\$\s?(?P<a>\d{1,7})(?:\.(?P<ac>\d{2}))?|\b(?P<b>\d{1,7})(?:\.(?P<bc>\d{2}))?\s?(?:usd|đô|dollars?)\b)")
        .expect("the pattern is constant")
});

pub(super) fn find(text: &str, claims: &mut Claims) {
    for found in DONG.captures_iter(text) {
        let span = found.get(0).map_or(0..0, |all| all.range());
        let glued = text[..span.start].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '#');
        if found.name("after").is_some() || glued {
            continue;
        }
        if let Some(amount) = dong(&found) {
            claims.claim(span, EntityValue::Money { amount, currency: "VND".to_owned() });
        }
    }
    for found in FOREIGN.captures_iter(text) {
        if let (Some(all), Some(amount)) = (found.get(0), cents(&found)) {
            claims.claim(all.range(), EntityValue::Money { amount, currency: "USD".to_owned() });
        }
    }
}

fn dong(found: &Captures<'_>) -> Option<i64> {
    let whole: i64 = found["whole"].replace(['.', ','], "").parse().ok()?;
    let Some(unit) = found.name("unit").map(|unit| unit.as_str().to_lowercase()) else { return Some(whole) };
    let unit: i64 = match unit.as_str() {
        "k" | "ka" | "ngàn" | "ngan" | "nghìn" | "nghin" => 1_000,
        "xị" => 100_000,
        "tr" | "triệu" | "trieu" | "củ" => 1_000_000,
        _ => 1_000_000_000,
    };
    let fraction = |digits: &str| digits.parse::<i64>().ok().map(|part| unit * part / 10_i64.pow(digits.len() as u32));
    let part = found.name("part").map_or(Some(0), |part| fraction(part.as_str()))?;
    let rest = match found.name("rest").map(|rest| rest.as_str().trim().to_lowercase()) {
        None => 0,
        Some(half) if half.starts_with('r') => unit / 2,
        Some(digits) => fraction(&digits)?,
    };
    whole.checked_mul(unit)?.checked_add(part)?.checked_add(rest)
}

fn cents(found: &Captures<'_>) -> Option<i64> {
    let (whole, part) = match found.name("a") {
        Some(whole) => (whole, found.name("ac")),
        None => (found.name("b")?, found.name("bc")),
    };
    let whole: i64 = whole.as_str().parse().ok()?;
    Some(whole * 100 + part.map_or(0, |part| part.as_str().parse().unwrap_or(0)))
}

/// `hai trăm nghìn`, `ba triệu rưỡi`, `trăm rưỡi`, `nửa triệu`, `5 chục`.
pub(super) fn find_spoken(tokens: &[Token], lexicon: &Lexicon, claims: &mut Claims) {
    let mut at = 0;
    while at < tokens.len() {
        let Some((amount, length)) = spoken(&tokens[at..], lexicon) else {
            at += 1;
            continue;
        };
        let span = tokens[at].span.start..tokens[at + length - 1].span.end;
        claims.claim(span, EntityValue::Money { amount, currency: "VND".to_owned() });
        at += length;
    }
}

fn spoken(tokens: &[Token], lexicon: &Lexicon) -> Option<(i64, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.folded.as_str());
    let half = |at: usize| word(at) == "ruoi";
    if word(0) == "nua" && word(1) == "trieu" {
        return Some((500_000, 2));
    }
    if word(0) == "tram" && half(1) {
        return Some((150_000, 2));
    }
    let (count, mut at) = number(tokens, lexicon)?;
    let mut amount = count;
    let hundreds = word(at) == "tram";
    if hundreds {
        amount *= 100;
        at += 1;
        if half(at) {
            amount += 50;
            at += 1;
        } else if let Some((rest, length)) = tokens.get(at..).and_then(|rest| number(rest, lexicon)).filter(|found| found.0 <= 99)
        {
            amount += if rest < 10 { rest * 10 } else { rest };
            at += length;
        }
    }
    let unit = match word(at) {
        "nghin" | "ngan" | "k" => 1_000,
        "trieu" | "cu" => 1_000_000,
        "chuc" if !hundreds => return Some((amount * 10_000, at + 1)),
        _ if hundreds => return Some((amount * 1_000, at)),
        _ => return None,
    };
    at += 1;
    let more = if half(at) { unit / 2 } else { 0 };
    let dong = usize::from(word(at + usize::from(more > 0)) == "dong");
    Some((amount * unit + more, at + usize::from(more > 0) + dong))
}
