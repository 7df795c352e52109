//! Values in messages against written cases: how many are found, how many of the found are right.

use onethread_intents::{Context, DateSpec, EntityValue, Matcher, Pack};
use std::collections::BTreeMap;

/// As the cases spell it.
fn spelt(value: &EntityValue) -> String {
    match value {
        EntityValue::OrderCode(code) => format!("code:{code}"),
        EntityValue::Phone(phone) => format!("phone:{phone}"),
        EntityValue::Digits4(digits) => format!("tail:{digits}"),
        EntityValue::Email(email) => format!("email:{email}"),
        EntityValue::Money { amount, currency } if currency == "USD" => format!("usd:{amount}"),
        EntityValue::Money { amount, .. } => format!("money:{amount}"),
        EntityValue::Date(date) => format!("date:{}", spelt_date(*date)),
        EntityValue::Quantity(count) => format!("qty:{count}"),
        EntityValue::Size(size) => format!("size:{size}"),
        EntityValue::Place(place) => format!("place:{}", place.replace(' ', "_")),
    }
}

/// `d-1` a day, `w6+1` a weekday as Vietnamese count it, `W1` weeks, `M1` months, `n20` a day of the
/// month, `l3` a lunar day, `m12` a month.
fn spelt_date(date: DateSpec) -> String {
    match date {
        DateSpec::DaysFromToday(days) => format!("d{days}"),
        DateSpec::Weekday { weekday, weeks: 0 } => format!("w{}", weekday + 1),
        DateSpec::Weekday { weekday, weeks } => format!("w{}{weeks:+}", weekday + 1),
        DateSpec::WeeksFromNow(weeks) => format!("W{weeks}"),
        DateSpec::MonthsFromNow(months) => format!("M{months}"),
        DateSpec::Day { day, month, year: Some(year) } => format!("{day}/{month}/{year}"),
        DateSpec::Day { day, month, year: None } => format!("{day}/{month}"),
        DateSpec::DayOfMonth(day) => format!("n{day}"),
        DateSpec::LunarDay { day, month: Some(month) } => format!("l{day}/{month}"),
        DateSpec::LunarDay { day, month: None } => format!("l{day}"),
        DateSpec::Month(month) => format!("m{month}"),
    }
}

/// Found rightly, found, there.
#[derive(Default)]
struct Tally {
    right: usize,
    found: usize,
    there: usize,
}

impl Tally {
    fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.there).max(1) as f64
    }
}

#[test]
fn values_are_found_in_three_hundred_written_cases() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    let matcher = Matcher::train(&pack, &[]).expect("the shipped pack names many intents");
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let cases: Vec<_> = include_str!("entities.tsv").lines().filter_map(|line| line.split_once('\t')).collect();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    for (text, expected) in cases {
        let mut expected = wanted(expected);
        for entity in matcher.read(text, &Context::default()).entities {
            let found = spelt(&entity.value);
            let tally = tallies.entry(kind(&found)).or_default();
            tally.found += 1;
            match expected.iter().position(|wanted| *wanted == found) {
                Some(at) => {
                    expected.remove(at);
                    tally.right += 1;
                    tally.there += 1;
                }
                None => eprintln!("{text}: found {found}"),
            }
        }
        for missed in expected {
            eprintln!("{text}: missed {missed}");
            tallies.entry(kind(&missed)).or_default().there += 1;
        }
    }
    for (kind, tally) in &tallies {
        let floor = if matches!(kind.as_str(), "code" | "phone" | "tail" | "email") { 0.97 } else { 0.93 };
        eprintln!("{kind}: F1 {:.3} of {}", tally.f1(), tally.there);
        assert!(tally.f1() >= floor, "{kind}: F1 {:.3} of {}", tally.f1(), tally.there);
    }
}

/// `kind:value` parts; a value may have spaces.
fn wanted(expected: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in expected.split_whitespace() {
        match parts.last_mut().filter(|_| !word.contains(':')) {
            Some(last) => {
                last.push('_');
                last.push_str(word);
            }
            None => parts.push(word.to_owned()),
        }
    }
    parts
}

fn kind(spelt: &str) -> String {
    spelt.split(':').next().unwrap_or_default().replace("usd", "money")
}
