//! Days as customers say them: `hôm qua`, `thứ 6 tuần sau`, `12/3`, `mùng 3`, `3 ngày trước`.

use super::lexicon::Lexicon;
use super::{Claims, stands_alone};
use crate::reading::{DateSpec, EntityValue};
use crate::token::Token;
use regex::Regex;
use std::sync::LazyLock;

static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?P<d>\d{1,2})(?:/(?P<m>\d{1,2})(?:/(?P<y>\d{4}|\d{2}))?|(?:-(?P<m2>\d{1,2})-|\.(?P<m3>\d{1,2})\.)(?P<y2>\d{4}))",
    )
    .expect("the pattern is constant")
});

/// `12/3`, `12-03-2026`.
pub(super) fn find_written(text: &str, claims: &mut Claims) {
    for found in WRITTEN.captures_iter(text) {
        let Some(all) = found.get(0) else { continue };
        let number = |names: &[&str]| names.iter().find_map(|name| found.name(name)?.as_str().parse::<i32>().ok());
        let (Some(day), Some(month)) = (number(&["d"]), number(&["m", "m2", "m3"])) else { continue };
        let year = number(&["y", "y2"]).map(|year| if year < 100 { 2000 + year } else { year });
        let followed = text[all.end()..].starts_with('/');
        let always = (day, month, year) == (24, 7, None);
        if is_day(day) && !always && (1..=12).contains(&month) && !followed && stands_alone(text, &all.range()) {
            claims.claim(all.range(), EntityValue::Date(DateSpec::Day { day: day as u8, month: month as u8, year }));
        }
    }
}

fn is_day(day: i32) -> bool {
    (1..=31).contains(&day)
}

/// Days in words.
pub(super) fn find_spoken(tokens: &[Token], lexicon: &Lexicon, claims: &mut Claims) {
    let mut at = 0;
    while at < tokens.len() {
        match spoken(&tokens[at..], lexicon) {
            Some((date, length)) => {
                claims.claim(tokens[at].span.start..tokens[at + length - 1].span.end, EntityValue::Date(date));
                at += length;
            }
            None => at += 1,
        }
    }
}

fn spoken(tokens: &[Token], lexicon: &Lexicon) -> Option<(DateSpec, usize)> {
    counted(tokens, lexicon)
        .or_else(|| named_day(tokens))
        .or_else(|| weekday(tokens, lexicon))
        .or_else(|| lexicon.weeks.at(tokens).map(|(weeks, length)| (DateSpec::WeeksFromNow(weeks), length)))
        .or_else(|| lexicon.months.at(tokens).map(|(months, length)| (DateSpec::MonthsFromNow(months), length)))
        .or_else(|| relative(tokens, lexicon))
}

fn relative(tokens: &[Token], lexicon: &Lexicon) -> Option<(DateSpec, usize)> {
    let (days, length) = lexicon.days.at(tokens)?;
    // `mai` and `mốt` alone are also names and other words: only with their marks or nothing near.
    let bare_mot = length == 1 && tokens[0].folded == "mot" && tokens[0].marked == "mot";
    (!bare_mot).then_some((DateSpec::DaysFromToday(days), length))
}

fn weekday(tokens: &[Token], lexicon: &Lexicon) -> Option<(DateSpec, usize)> {
    let prefix = usize::from(matches!(tokens[0].folded.as_str(), "next" | "last" | "this"));
    let (weekday, length) = lexicon.weekdays.at(tokens.get(prefix..)?)?;
    let asked = match tokens[0].folded.as_str() {
        "next" => 1,
        "last" => -1,
        _ => 0,
    };
    let after = tokens.get(length + prefix..).and_then(|rest| lexicon.weeks.at(rest));
    let (weeks, more) = after.unwrap_or_else(|| match tokens.get(length + prefix).map(|token| token.folded.as_str()) {
        Some("truoc" | "roi") => (-1, 1),
        Some("toi" | "sau") if prefix == 0 && tokens[length].marked != "tôi" => (1, 1),
        _ => (asked, 0),
    });
    Some((DateSpec::Weekday { weekday, weeks: weeks as i8 }, length + prefix + more))
}

/// `3 ngày trước`, `2 tuần nữa`, `cách đây 5 hôm`, `in 3 days`, `3 days ago`.
fn counted(tokens: &[Token], lexicon: &Lexicon) -> Option<(DateSpec, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.folded.as_str());
    let (sign, from) = match (word(0), word(1)) {
        ("cach", "day") => (-1, 2),
        ("sau", _) | ("in", _) => (1, 1),
        _ => (0, 0),
    };
    let (count, length) = number(tokens.get(from..)?, lexicon)?;
    let unit = from + length;
    let direction = match word(unit + 1) {
        "truoc" | "ago" => -1,
        "nua" | "sau" | "toi" => 1,
        _ => 0,
    };
    let (sign, taken) = if direction == 0 { (sign, unit + 1) } else { (direction, unit + 2) };
    let count = i32::try_from(count).ok().filter(|count| *count <= 400)? * sign;
    if sign == 0 {
        return None;
    }
    match word(unit) {
        "ngay" | "hom" | "bua" | "days" | "day" => Some((DateSpec::DaysFromToday(count), taken)),
        "tuan" | "weeks" | "week" => Some((DateSpec::WeeksFromNow(count), taken)),
        "thang" | "months" | "month" => Some((DateSpec::MonthsFromNow(count), taken)),
        _ => None,
    }
}

/// `ngày 12 tháng 3 năm 2026`, `ngày 20`, `mùng 3 tết`, `rằm tháng 7`, `tháng 12`.
fn named_day(tokens: &[Token]) -> Option<(DateSpec, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.folded.as_str());
    let digits = |at: usize| word(at).parse::<u8>().ok();
    let month_at = |at: usize| match (word(at), digits(at + 1)) {
        ("thang", Some(month)) if (1..=12).contains(&month) => Some((month, 2)),
        ("thang", None) if word(at + 1) == "gieng" => Some((1, 2)),
        ("thang", None) if word(at + 1) == "chap" => Some((12, 2)),
        _ => None,
    };
    match word(0) {
        "mung" | "mong" => {
            let day = digits(1).filter(|day| (1..=10).contains(day))?;
            let month = month_at(2);
            Some((DateSpec::LunarDay { day, month: month.map(|found| found.0) }, 2 + month.map_or(0, |found| found.1)))
        }
        "ram" if tokens[0].marked != "ram" || word(1) == "thang" => {
            let month = month_at(1);
            Some((DateSpec::LunarDay { day: 15, month: month.map(|found| found.0) }, 1 + month.map_or(0, |found| found.1)))
        }
        "ngay" => {
            let day = digits(1).filter(|day| is_day(i32::from(*day)))?;
            let Some((month, _)) = month_at(2) else {
                let counts = matches!(word(2), "ngay" | "hom" | "nua" | "truoc") || word(2).parse::<u16>().is_ok();
                return (!counts).then_some((DateSpec::DayOfMonth(day), 2));
            };
            let year = if word(4) == "nam" { word(5).parse().ok().filter(|year| (1900..2200).contains(year)) } else { None };
            Some((DateSpec::Day { day, month, year }, if year.is_some() { 6 } else { 4 }))
        }
        "thang" => month_at(0).map(|(month, length)| (DateSpec::Month(month), length)),
        _ => None,
    }
}

/// A count in digits or words.
pub(super) fn number(tokens: &[Token], lexicon: &Lexicon) -> Option<(i64, usize)> {
    let first = tokens.first()?;
    if first.folded.bytes().all(|byte| byte.is_ascii_digit()) && first.folded.len() <= 4 {
        return Some((first.folded.parse().ok()?, 1));
    }
    lexicon.numbers.at(tokens)
}
