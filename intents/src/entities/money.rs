//! Sums of money: `500k`, `1tr2`, `1.200.000đ`, `2 triệu`, `$20`.

use super::Claims;
use crate::reading::EntityValue;
use regex::{Captures, Regex};
use std::sync::LazyLock;

static DONG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?P<whole>\d{1,3}(?:[.,]\d{3})+|\d{1,9}) (?:[.,](?P<part>\d{1,2}))?
        (?: \s?(?P<unit>k|ka|ngàn|ngan|nghìn|nghin|xị|tr|triệu|trieu|củ|m|tỷ|tỉ|ty)(?P<rest>\d{1,3}|\s?rưỡi|\s?ruoi)? (?:\s?(?:đồng|dong|đ|d|vnđ|vnd))?
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
        "tr" | "triệu" | "trieu" | "củ" | "m" => 1_000_000,
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
