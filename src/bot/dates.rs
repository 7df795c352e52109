//! Days as the customer counts them: by the calendar of Vietnam.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use onethread_core::Millis;

/// Vietnam keeps UTC+7 the year round.
const HOURS_EAST: i8 = 7;

/// A day and the time on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(Date);

impl Day {
    /// `None` for an instant beyond the calendar.
    pub(super) fn at(instant: Millis) -> Option<Self> {
        Some(Self(local(instant)?.date()))
    }

    pub(super) fn days_after(self, other: Self) -> i32 {
        other.0.until(self.0).map_or(0, |span| span.get_days())
    }

    /// 1 is Monday, 7 Sunday.
    pub(super) fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    pub(super) fn day(self) -> i8 {
        self.0.day()
    }

    pub(super) fn month(self) -> i8 {
        self.0.month()
    }

    pub(super) fn year(self) -> i16 {
        self.0.year()
    }
}

/// `08:00`
pub(super) fn clock_time(instant: Millis) -> Option<String> {
    let local = local(instant)?;
    Some(format!("{:02}:{:02}", local.hour(), local.minute()))
}

fn local(instant: Millis) -> Option<jiff::Zoned> {
    Some(Timestamp::from_millisecond(instant).ok()?.to_zoned(TimeZone::fixed(offset(HOURS_EAST))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_core::clock::{HOUR, MINUTE};

    #[test]
    fn a_day_begins_at_midnight_in_vietnam() {
        // 2026-11-21 16:59 and 17:00 UTC.
        let last_minute = 1_795_280_340_000;
        let before = Day::at(last_minute).expect("the calendar reaches 2026");
        let after = Day::at(last_minute + MINUTE).expect("the calendar reaches 2026");
        assert_eq!((before.day(), after.day(), after.days_after(before)), (21, 22, 1));
        assert_eq!((after.month(), after.year(), after.weekday()), (11, 2026, 7));
        assert_eq!(clock_time(last_minute + MINUTE + 8 * HOUR).as_deref(), Some("08:00"));
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_no_day() {
        assert_eq!(Day::at(i64::MAX), None);
        assert_eq!(Day::at(i64::MIN), None);
    }
}
