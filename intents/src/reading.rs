//! What goes into a reading and what comes out of it: plain values, no rules.

use crate::intent::{Intent, Language};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What is known before the message is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// What the bot asked last, if it waits for an answer.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// The language of the thread so far; decides where the message does not.
    #[serde(default)]
    pub language: Option<Language>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    OrderCode,
    PhoneTail,
    /// One of several buttons.
    Choice,
    /// Yes or no.
    Confirm,
}

impl Asked {
    pub const ALL: [Self; 4] = [Self::OrderCode, Self::PhoneTail, Self::Choice, Self::Confirm];
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub language: Language,
    /// Every intent, the likeliest first. The probabilities and `not_mine` sum to 1.
    pub intents: Vec<Scored<Intent>>,
    /// How likely it is that none of the intents fits.
    pub not_mine: f32,
    /// In the order of the text; spans do not overlap.
    pub entities: Vec<Entity>,
    /// Ids of the answers that fit best, the likeliest first; few, perhaps none.
    pub answers: Vec<Scored<String>>,
}

impl Reading {
    #[must_use]
    pub fn top(&self) -> Option<&Scored<Intent>> {
        self.intents.first()
    }

    /// The first order code in the text.
    #[must_use]
    pub fn order_code(&self) -> Option<&str> {
        self.entities.iter().find_map(|entity| match &entity.value {
            EntityValue::OrderCode(code) => Some(code.as_str()),
            _ => None,
        })
    }

    /// The first phone number in the text.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        self.entities.iter().find_map(|entity| match &entity.value {
            EntityValue::Phone(phone) => Some(phone.as_str()),
            _ => None,
        })
    }

    /// The first four digits that stand alone.
    #[must_use]
    pub fn digits4(&self) -> Option<&str> {
        self.entities.iter().find_map(|entity| match &entity.value {
            EntityValue::Digits4(digits) => Some(digits.as_str()),
            _ => None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored<T> {
    pub value: T,
    pub probability: f32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Bytes of the original text.
    pub span: Range<usize>,
    #[serde(flatten)]
    pub value: EntityValue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum EntityValue {
    /// Upper case, letters and digits only: `DH1024`.
    OrderCode(String),
    /// Ten digits from `0`.
    Phone(String),
    /// Exactly four digits alone: perhaps the tail of a phone.
    Digits4(String),
    /// Lower case.
    Email(String),
    /// `amount` in minor units of `currency` (a đồng has none).
    Money {
        amount: i64,
        currency: String,
    },
    Date(DateSpec),
    Quantity(i64),
    /// Upper case: `XL`, `39`.
    Size(String),
    /// A province or city by its full name.
    Place(String),
}

/// A day as it was said; whoever has a clock and a calendar resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateSpec {
    /// `hôm qua` is -1.
    DaysFromToday(i32),
    /// Monday is 1, Sunday 7. `weeks` 0 is this week or the next such day, 1 next week, -1 last week.
    Weekday { weekday: u8, weeks: i8 },
    /// `tuần sau` is 1.
    WeeksFromNow(i32),
    /// `tháng trước` is -1.
    MonthsFromNow(i32),
    /// `12/3`, `ngày 12 tháng 3 năm 2026`.
    Day { day: u8, month: u8, year: Option<i32> },
    /// `ngày 20`: of this month or the next.
    DayOfMonth(u8),
    /// `mùng 3`, `rằm` (15): of the lunar month where `lunar` is meant.
    LunarDay { day: u8, month: Option<u8> },
    /// `tháng 12`.
    Month(u8),
}

/// One FAQ answer as the matcher sees it: only what people ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerEntry {
    pub id: String,
    pub questions: Vec<(Language, String)>,
}
