//! How far we have heard: enough to resume the gateway session after a restart,
//! or to fetch what was missed when the platform has forgotten the session.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Direct channels remembered for the backfill, the most recent ones. All of them are
/// written each time, so there must not be too many.
const REMEMBERED: usize = 500;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bookmark {
    pub session: Option<GatewaySession>,
    /// The bot's own user id.
    pub me: Option<String>,
    pub channels: BTreeMap<String, Known>,
    /// Channels whose messages after the given one are still to be fetched.
    pub gaps: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySession {
    pub id: String,
    pub seq: u64,
    pub resume_url: Option<String>,
}

/// A direct channel: with whom, and the last message that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub user: String,
    pub last: String,
}

impl Bookmark {
    /// An unreadable bookmark is a first start.
    pub fn read(stored: Option<Value>) -> Self {
        stored.and_then(|stored| serde_json::from_value(stored).ok()).unwrap_or_default()
    }

    pub fn write(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub fn heard(&mut self, seq: Option<u64>) {
        if let (Some(session), Some(seq)) = (&mut self.session, seq) {
            session.seq = session.seq.max(seq);
        }
    }

    /// This person's message in this channel is about to be stored. True for a new channel:
    /// an older message of a known one is soon found again, a channel is not.
    pub fn note(&mut self, channel: &str, user: &str, message: &str) -> bool {
        let known = Known { user: user.to_owned(), last: message.to_owned() };
        if self.channels.get(channel).is_some_and(|before| number(&before.last) > number(message)) {
            return false;
        }
        if self.channels.insert(channel.to_owned(), known).is_some() {
            return false;
        }
        if self.channels.len() > REMEMBERED {
            let oldest = self.channels.iter().min_by_key(|(_, known)| number(&known.last)).map(|(channel, _)| channel.clone());
            oldest.and_then(|channel| self.channels.remove(&channel));
        }
        true
    }

    /// A new session began: every known channel may miss something.
    pub fn begin(&mut self, session: GatewaySession, me: Option<String>) {
        let missed = |(channel, known): (&String, &Known)| {
            let open = self.gaps.iter().find(|(gap, _)| gap == channel);
            (channel.clone(), open.map_or_else(|| known.last.clone(), |(_, after)| after.clone()))
        };
        self.gaps = self.channels.iter().map(missed).collect();
        // They are filled from the end: who wrote last is served first.
        self.gaps.sort_by_key(|(_, after)| number(after));
        self.session = Some(session);
        self.me = me;
    }
}

fn number(snowflake: &str) -> u64 {
    snowflake.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str) -> GatewaySession {
        GatewaySession { id: id.into(), seq: 1, resume_url: None }
    }

    #[test]
    fn a_new_session_leaves_a_gap_in_every_known_channel_and_keeps_the_older_ones() {
        let mut mark = Bookmark::default();
        mark.note("c1", "u1", "10");
        mark.begin(session("a"), None);
        assert_eq!(mark.gaps, [("c1".to_owned(), "10".to_owned())]);
        mark.note("c1", "u1", "30");
        mark.note("c2", "u2", "20");
        mark.begin(session("b"), None);
        assert_eq!(mark.gaps, [("c1".to_owned(), "10".to_owned()), ("c2".to_owned(), "20".to_owned())]);
    }

    #[test]
    fn only_the_most_recent_channels_are_remembered() {
        let mut mark = Bookmark::default();
        for message in 1..=600u64 {
            mark.note(&format!("c{message}"), "u", &message.to_string());
        }
        assert_eq!(mark.channels.len(), REMEMBERED);
        assert!(mark.channels.contains_key("c600") && !mark.channels.contains_key("c100"));
    }

    #[test]
    fn it_survives_storage_and_nonsense() {
        let mut mark = Bookmark::default();
        mark.begin(session("a"), Some("7".into()));
        mark.heard(Some(9));
        assert_eq!(Bookmark::read(Some(mark.write())), mark);
        assert_eq!(Bookmark::read(Some(serde_json::json!("?"))), Bookmark::default());
    }
}
