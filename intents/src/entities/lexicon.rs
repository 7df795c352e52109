//! The words that stand for values, from the pack's own tables.

use crate::pack::PackError;
use crate::senses::Senses;
use crate::text;
use crate::token::Token;
use serde::Deserialize;

/// One table: words to a value of `T`.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    words: Senses,
    values: Vec<T>,
}

impl<T: Clone> Table<T> {
    /// The value of the words that begin here, and how many words it takes.
    pub(crate) fn at(&self, tokens: &[Token]) -> Option<(T, usize)> {
        let (sense, length) = self.words.at(tokens)?;
        Some((self.values[sense as usize].clone(), length))
    }
}

/// Everything the rules look words up in.
#[derive(Debug, Clone)]
pub(crate) struct Lexicon {
    pub days: Table<i32>,
    pub weekdays: Table<u8>,
    pub weeks: Table<i32>,
    pub months: Table<i32>,
    pub numbers: Table<i64>,
    pub counted: Table<String>,
    pub places: Table<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    days: String,
    weekdays: String,
    weeks: String,
    months: String,
    numbers: String,
    counted: String,
    places: String,
}

impl Lexicon {
    pub(crate) fn shipped() -> Result<Self, PackError> {
        let written: Written =
            toml::from_str(include_str!("../../packs/values.toml")).map_err(|source| PackError::Toml(Box::new(source)))?;
        Ok(Self {
            days: table(&written.days)?,
            weekdays: table(&written.weekdays)?,
            weeks: table(&written.weeks)?,
            months: table(&written.months)?,
            numbers: table(&written.numbers)?,
            counted: table(&written.counted)?,
            places: table(&written.places)?,
        })
    }
}

impl Lexicon {
    /// Its single words without marks.
    pub(crate) fn plain_words(&self) -> impl Iterator<Item = &str> {
        let Self { days, weekdays, weeks, months, numbers, counted, places } = self;
        let tables = [&days.words, &weekdays.words, &weeks.words, &months.words, &numbers.words, &counted.words, &places.words];
        tables.into_iter().flat_map(Senses::plain_words)
    }
}

fn table<T: std::str::FromStr>(lines: &str) -> Result<Table<T>, PackError> {
    let mut table = Table { words: Senses::default(), values: Vec::new() };
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let wrong = || PackError::Sense(line.to_owned());
        let (value, words) = line.split_once('=').ok_or_else(wrong)?;
        table.values.push(value.trim().parse().map_err(|_| wrong())?);
        let forms: Vec<_> = words.split_whitespace().map(|form| text::spell(&form.replace('_', " "))).collect();
        table.words.add(&forms);
    }
    Ok(table)
}
