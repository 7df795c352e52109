//! The shipped pack against messages that it never learnt, clean and spoilt, with floors that
//! may only rise.

use crate::eval::{EvalError, Labelled, parse_tsv};
use crate::intent::{Intent, Language};
use crate::matcher::Matcher;
use crate::noise::Noise;
use crate::reading::Context;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

const MESSAGES: [(Language, &str); 2] =
    [(Language::Vi, include_str!("../held_out/vi.tsv")), (Language::En, include_str!("../held_out/en.tsv"))];

/// Questions for the shipped FAQ.
const ANSWERS: &str = include_str!("../held_out/answers.tsv");

/// The label of messages that are nobody's.
const NOT_MINE: &str = "not_mine";

/// Thanks and farewells are answered alike; a message may be both.
const THANKS_BYE: &str = "thanks_bye";

/// What each row must reach, in shares. Raise them when the measured figure rises.
const FLOORS: [(&str, f64); 8] = [
    ("vi", 0.91),
    ("vi stripped", 0.91),
    ("vi misspelt", 0.897),
    ("vi stripped and misspelt", 0.88),
    ("vi telex", 0.90),
    ("en", 0.89),
    ("not mine", 0.84),
    ("answers", 0.80),
];

/// How often each message is spoilt where chance decides: one throw alone moves the figure by a point.
const THROWS: usize = 6;

#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub name: String,
    pub messages: usize,
    pub share: f64,
    pub floor: f64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Table {
    pub rows: Vec<Row>,
    /// Right intent, given intent, how often, on the clean messages.
    pub confusions: Vec<(String, String, usize)>,
    /// Of messages the bot would act on (top intent at least one half), the share that is right.
    pub precision: f64,
    /// The share of all messages of ours that the bot would act on rightly.
    pub acted_rightly: f64,
    /// A clean message, p50 and p99.
    pub microseconds: [f64; 2],
}

impl Table {
    /// The mean of several runs; times and confusions are of the first.
    #[must_use]
    pub fn mean(runs: Vec<Self>) -> Self {
        let part = 1.0 / runs.len().max(1) as f64;
        let mut runs = runs.into_iter();
        let mut mean = runs.next().unwrap_or_default();
        for run in runs {
            mean.rows.iter_mut().zip(&run.rows).for_each(|(sum, row)| sum.share += row.share);
            mean.precision += run.precision;
            mean.acted_rightly += run.acted_rightly;
        }
        mean.rows.iter_mut().for_each(|row| row.share *= part);
        mean.precision *= part;
        mean.acted_rightly *= part;
        mean
    }

    /// How much less is read rightly in one row than in another, in shares.
    #[must_use]
    pub fn lost(&self, from: &str, to: &str) -> f64 {
        let share = |name: &str| self.rows.iter().find(|row| row.name == name).map_or(0.0, |row| row.share);
        share(from) - share(to)
    }

    #[must_use]
    pub fn holds(&self) -> bool {
        self.rows.iter().all(|row| row.share >= row.floor)
    }
}

/// Every held-out message of both languages.
#[must_use]
pub fn messages() -> Vec<Labelled> {
    MESSAGES.into_iter().flat_map(|(_, text)| parse_tsv(text).unwrap_or_default()).collect()
}

/// Reads every held-out message.
pub fn measure(matcher: &Matcher) -> Result<Table, EvalError> {
    let mut table = Table::default();
    let mut confusions: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut strangers = Vec::new();
    let mut micros = Vec::new();
    let (mut ours, mut acted, mut rightly) = (0, 0, 0);
    for (language, text) in MESSAGES {
        let (nobodys, mine): (Vec<_>, Vec<_>) = parse_tsv(text)?.into_iter().partition(|message| message.label == NOT_MINE);
        strangers.extend(nobodys);
        table.rows.push(row(language.as_str(), &mine, |message| right(matcher, &message.text, &message.label)));
        if language == Language::Vi {
            for noise in Noise::ALL {
                let spoilt = |message: &Labelled| right(matcher, &noise.spoil(&message.text), &message.label);
                table.rows.push(row(&format!("vi {}", name(noise)), &thrown(noise, &mine), spoilt));
            }
        }
        for message in &mine {
            let began = Instant::now();
            let reading = matcher.read(&message.text, &Context::default());
            micros.push(began.elapsed().as_secs_f64() * 1e6);
            let Some(top) = reading.top() else { continue };
            let hit = fits(top.value, &message.label);
            ours += 1;
            acted += usize::from(top.probability >= 0.5);
            rightly += usize::from(top.probability >= 0.5 && hit);
            if !hit {
                *confusions.entry((message.label.clone(), top.value.to_string())).or_default() += 1;
            }
        }
    }
    let refused =
        |message: &Labelled| matcher.read(&message.text, &Context::default()).top().is_none_or(|top| top.probability < 0.5);
    table.rows.push(row("not mine", &strangers, refused));
    let answered = |message: &Labelled| {
        let answers = matcher.read(&message.text, &Context::default()).answers;
        answers.first().is_some_and(|best| best.value == message.label)
    };
    table.rows.push(row("answers", &parse_tsv(ANSWERS)?, answered));
    micros.sort_by(f64::total_cmp);
    table.microseconds = [0.5, 0.99].map(|share| micros[(micros.len().saturating_sub(1) as f64 * share) as usize]);
    table.precision = rightly as f64 / acted.max(1) as f64;
    table.acted_rightly = rightly as f64 / ours.max(1) as f64;
    table.confusions = confusions.into_iter().map(|((truth, given), count)| (truth, given, count)).collect();
    table.confusions.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    Ok(table)
}

/// Where chance decides what becomes of a message, it is spoilt several times: spaces behind it change
/// nothing but what is thrown.
fn thrown(noise: Noise, messages: &[Labelled]) -> Vec<Labelled> {
    let throws = if matches!(noise, Noise::StrippedAndMisspelt | Noise::Misspelt) { THROWS } else { 1 };
    let behind = |throw: usize| {
        messages.iter().map(move |message| Labelled { text: format!("{}{}", message.text, " ".repeat(throw)), ..message.clone() })
    };
    (0..throws).flat_map(behind).collect()
}

fn name(noise: Noise) -> &'static str {
    match noise {
        Noise::Stripped => "stripped",
        Noise::StrippedAndMisspelt => "stripped and misspelt",
        Noise::Misspelt => "misspelt",
        Noise::Telex => "telex",
    }
}

fn row(name: &str, messages: &[Labelled], right: impl Fn(&Labelled) -> bool) -> Row {
    let hits = messages.iter().filter(|message| right(message)).count();
    let floor = FLOORS.iter().find(|(row, _)| *row == name).map_or(0.0, |(_, floor)| *floor);
    Row { name: name.to_owned(), messages: messages.len(), share: hits as f64 / messages.len().max(1) as f64, floor }
}

fn right(matcher: &Matcher, text: &str, label: &str) -> bool {
    matcher.read(text, &Context::default()).top().is_some_and(|top| fits(top.value, label))
}

fn fits(given: Intent, label: &str) -> bool {
    given.as_str() == label || label == THANKS_BYE && matches!(given, Intent::Thanks | Intent::Goodbye)
}
