//! The shop's own settings: its name, when people answer, how its order codes
//! look, where orders come from. One row; read often, written by admins.

use crate::seal::{Seal, SealError};
use anyhow::Result;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use onethread_core::Millis;
use onethread_core::clock::MINUTE;
use onethread_store::{Conn, Db};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The name of the row.
pub const SETTING: &str = "shop";
/// What the order source's secret is sealed for.
const SOURCE_ROW: &str = "settings/order_source";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shop {
    pub shop_name: String,
    /// When people answer. Empty: the shop has not said, and counts as open.
    pub opening_hours: Vec<Hours>,
    /// An IANA name.
    pub timezone: String,
    pub bot_enabled: bool,
    /// Regular expressions for order codes.
    pub order_code_patterns: Vec<String>,
    /// A code as this shop writes them, to show what is asked for.
    pub order_code_example: String,
    pub order_source: Option<Source>,
}

/// On these days (1: Monday … 7: Sunday), from and to, `HH:MM`. `to` before `from` is after midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    pub days: Vec<u8>,
    pub from: String,
    pub to: String,
}

/// An HTTP order source, as an admin typed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Has `{code}` in it.
    pub url_template: String,
    pub header_name: Option<String>,
    /// The header's value, sealed.
    pub sealed: Option<String>,
    /// Our field names to JSON pointers into the source's answer.
    pub pointers: BTreeMap<String, String>,
    /// What it told is told again for so long; then it is asked anew.
    #[serde(default = "fresh_minutes")]
    pub fresh_minutes: u32,
}

/// Five: a parcel's journey has no faster news.
#[must_use]
pub fn fresh_minutes() -> u32 {
    5
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            shop_name: "onethread".to_owned(),
            opening_hours: vec![Hours { days: (1..=7).collect(), from: "08:00".to_owned(), to: "21:30".to_owned() }],
            timezone: "Asia/Ho_Chi_Minh".to_owned(),
            bot_enabled: true,
            order_code_patterns: Vec::new(),
            order_code_example: String::new(),
            order_source: None,
        }
    }
}

impl Shop {
    /// The row's value as settings. What is missing has its default; what cannot be read is
    /// logged and taken as never written, so that a damaged row does not stop the house.
    #[must_use]
    pub fn load(row: Option<Value>) -> Self {
        row.map(serde_json::from_value)
            .transpose()
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the shop's settings cannot be read back; the defaults are in use");
                None
            })
            .unwrap_or_default()
    }

    pub async fn of(db: &Db) -> onethread_store::Result<Self> {
        Ok(Self::load(db.read().await?.setting(SETTING).await?))
    }

    pub async fn write(&self, conn: &mut Conn) -> Result<()> {
        conn.set_setting(SETTING, &serde_json::to_value(self)?).await?;
        Ok(())
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    fn local(&self, now: Millis) -> Option<Zoned> {
        Some(Timestamp::from_millisecond(now).ok()?.to_zoned(self.zone()))
    }

    /// Are people there to answer?
    #[must_use]
    pub fn open_at(&self, now: Millis) -> bool {
        let Some(local) = self.local(now).filter(|_| !self.opening_hours.is_empty()) else { return true };
        let days = [local.date().yesterday().ok(), Some(local.date())];
        let mut spans = days.into_iter().flatten().flat_map(|day| self.spans(day));
        spans.any(|(from, to)| from <= now && now < to)
    }

    /// When people are next there; `None` while they are, or where the shop has not said.
    #[must_use]
    pub fn opens_next(&self, now: Millis) -> Option<Millis> {
        if self.open_at(now) {
            return None;
        }
        let today = self.local(now)?.date();
        let days = (0..=7).filter_map(|ahead: i64| today.checked_add(ahead.days()).ok());
        days.flat_map(|day| self.spans(day)).map(|(from, _)| from).filter(|from| *from > now).min()
    }

    /// From when to when people answer on this day.
    fn spans(&self, day: Date) -> Vec<(Millis, Millis)> {
        let weekday = day.weekday().to_monday_one_offset().unsigned_abs();
        let at = |day: Date, time: Time| Some(day.to_datetime(time).to_zoned(self.zone()).ok()?.timestamp().as_millisecond());
        let span = |hours: &Hours| {
            let (from, to) = (clock_time(&hours.from)?, clock_time(&hours.to)?);
            let end = if to <= from { day.tomorrow().ok()? } else { day };
            Some((at(day, from)?, at(end, to)?))
        };
        self.opening_hours.iter().filter(|hours| hours.days.contains(&weekday)).filter_map(span).collect()
    }

    /// `8:00–21:30 hằng ngày`; empty where the shop has not said.
    #[must_use]
    pub fn hours_in_words(&self, vietnamese: bool) -> String {
        let line = |hours: &Hours| {
            let time = |text: &str| text.strip_prefix('0').unwrap_or(text).to_owned();
            format!("{}–{} {}", time(&hours.from), time(&hours.to), days_in_words(&hours.days, vietnamese))
        };
        self.opening_hours.iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

/// `08:00`; `24:00` is not one.
#[must_use]
pub fn clock_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse().ok()).flatten();
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

const DAYS_VI: [&str; 7] = ["thứ 2", "thứ 3", "thứ 4", "thứ 5", "thứ 6", "thứ 7", "chủ nhật"];
const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn days_in_words(days: &[u8], vietnamese: bool) -> String {
    let mut days: Vec<usize> = days.iter().filter(|day| (1..=7).contains(*day)).map(|day| usize::from(*day) - 1).collect();
    days.sort_unstable();
    days.dedup();
    let names = if vietnamese { DAYS_VI } else { DAYS_EN };
    if days.len() == 7 {
        return (if vietnamese { "hằng ngày" } else { "every day" }).to_owned();
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let run = |(from, to): &(usize, usize)| {
        if from == to { names[*from].to_owned() } else { format!("{}–{}", names[*from], names[*to]) }
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

impl Source {
    /// What was fetched before this must be asked for again.
    #[must_use]
    pub fn stale_before(&self, now: Millis) -> Millis {
        now - i64::from(self.fresh_minutes) * MINUTE
    }

    #[must_use]
    pub fn seal(seal: &Seal, secret: &str) -> String {
        seal.seal(SOURCE_ROW, secret)
    }

    pub fn secret(&self, seal: &Seal) -> Result<Option<String>, SealError> {
        self.sealed.as_deref().map(|sealed| seal.unseal(SOURCE_ROW, sealed)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday 2026-11-18 in Vietnam, at this time.
    fn at(time: &str) -> Millis {
        format!("2026-11-18T{time}:00+07:00").parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn shop(hours: &[(&[u8], &str, &str)]) -> Shop {
        let hours = hours.iter().map(|(days, from, to)| Hours { days: days.to_vec(), from: (*from).into(), to: (*to).into() });
        Shop { opening_hours: hours.collect(), ..Shop::default() }
    }

    #[test]
    fn people_are_there_within_the_hours_of_the_shop_s_own_zone() {
        let shop = shop(&[(&[1, 2, 3, 4, 5], "08:00", "17:30")]);
        assert!(!shop.open_at(at("07:59")) && shop.open_at(at("08:00")) && !shop.open_at(at("17:30")));
        assert_eq!(shop.opens_next(at("06:00")), Some(at("08:00")));
        assert_eq!(shop.opens_next(at("18:00")), Some(at("08:00") + 86_400_000));
        assert_eq!(shop.opens_next(at("09:00")), None);
    }

    #[test]
    fn a_night_shift_runs_over_midnight() {
        let shop = shop(&[(&[2], "20:00", "02:00")]);
        assert!(shop.open_at(at("01:59")) && !shop.open_at(at("02:00")));
    }

    #[test]
    fn hours_are_said_in_few_words() {
        let mixed = shop(&[(&[1, 2, 3, 4, 5], "08:00", "21:30"), (&[7, 6], "09:00", "12:00")]);
        assert_eq!(mixed.hours_in_words(true), "8:00–21:30 thứ 2–thứ 6, 9:00–12:00 thứ 7–chủ nhật");
        assert_eq!(Shop::default().hours_in_words(false), "8:00–21:30 every day");
        assert_eq!(shop(&[]).hours_in_words(true), "");
        assert!(shop(&[]).open_at(0));
    }

    #[test]
    fn a_damaged_row_reads_as_the_defaults() {
        assert_eq!(Shop::load(Some(serde_json::json!({ "bot_enabled": "perhaps" }))), Shop::default());
        assert!(!Shop::load(Some(serde_json::json!({ "bot_enabled": false }))).bot_enabled);
    }
}
