//! Until when a person may be written to. Facts are data with their source;
//! the rule is one function.

use crate::channel::Voice;
use crate::clock::Millis;
use serde::{Deserialize, Serialize};

/// One span after the person's last interaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Open for so long after the last interaction.
    pub span: Millis,
    pub for_whom: ForWhom,
    /// Each message takes one from the account's quota.
    pub uses_quota: bool,
    /// What it costs or asks, for the agent: "uses the account's quota".
    pub note: String,
    /// Where the fact comes from, and when it was read.
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForWhom {
    Anyone,
    /// Words that a person wrote.
    PeopleOnly,
}

/// Whether an identity can be written to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reach {
    /// `until` is `None` where the platform has no window.
    Open {
        until: Option<Millis>,
        note: String,
    },
    Closed {
        since: Millis,
    },
    /// We never saw an interaction: not open, not closed; the platform will say.
    Unknown,
}

/// What `voice` may do now, `last_interaction` ago.
#[must_use]
pub fn reach(windows: &[Window], last_interaction: Option<Millis>, voice: Voice, now: Millis) -> Reach {
    if windows.is_empty() {
        return Reach::Open { until: None, note: String::new() };
    }
    let Some(last) = last_interaction else {
        return Reach::Unknown;
    };
    match open_window(windows, last, voice, now) {
        Some(window) => Reach::Open { until: Some(last + window.span), note: window.note.clone() },
        None => {
            let longest = windows.iter().filter(|window| may(window, voice)).map(|window| window.span).max().unwrap_or(0);
            Reach::Closed { since: last + longest }
        }
    }
}

/// Whether a message to this person takes one from the account's quota.
#[must_use]
pub fn uses_quota(windows: &[Window], last_interaction: Option<Millis>, voice: Voice, now: Millis) -> bool {
    last_interaction.and_then(|last| open_window(windows, last, voice, now)).is_some_and(|window| window.uses_quota)
}

fn may(window: &Window, voice: Voice) -> bool {
    window.for_whom == ForWhom::Anyone || voice == Voice::Person
}

/// The tightest that is open.
fn open_window(windows: &[Window], last: Millis, voice: Voice, now: Millis) -> Option<&Window> {
    let open = windows.iter().filter(|window| may(window, voice) && now <= last + window.span);
    open.min_by_key(|window| window.span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY, HOUR};

    fn windows() -> Vec<Window> {
        let window =
            |span, for_whom| Window { span, for_whom, uses_quota: span > DAY, note: String::new(), source: String::new() };
        vec![window(24 * HOUR, ForWhom::Anyone), window(7 * DAY, ForWhom::PeopleOnly)]
    }

    #[test]
    fn after_a_day_only_a_person_may_write() {
        let now = 2 * DAY;
        assert_eq!(reach(&windows(), Some(0), Voice::Bot, now), Reach::Closed { since: DAY });
        assert!(
            matches!(reach(&windows(), Some(0), Voice::Person, now), Reach::Open { until: Some(until), .. } if until == 7 * DAY)
        );
    }

    #[test]
    fn the_quota_is_spent_only_where_no_free_window_is_open() {
        let spends = |now| uses_quota(&windows(), Some(0), Voice::Person, now);
        assert_eq!((spends(DAY), spends(DAY + 1), spends(8 * DAY)), (false, true, false));
        assert!(!uses_quota(&windows(), None, Voice::Person, 0));
    }

    #[test]
    fn an_interaction_never_seen_is_a_state_of_its_own() {
        assert_eq!(reach(&windows(), None, Voice::Person, 0), Reach::Unknown);
        assert!(matches!(reach(&[], None, Voice::Bot, 0), Reach::Open { until: None, .. }));
    }
}
