//! How far we have heard: enough to resume the gateway session after a restart,
//! or to fetch what was missed when the platform has forgotten the session.

use onethread_core::channel::{Place, PlaceMark};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Direct channels held in memory. Of one that is not, the database knows the person.
const HELD: usize = 20_000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bookmark {
    pub session: Option<GatewaySession>,
    /// The bot's own user id.
    pub me: Option<String>,
    /// Channels whose messages after the given one are to be fetched next: a handful of all that miss some.
    pub gaps: Vec<(String, String)>,
    /// How far the list of all channels was read for that.
    pub unread: Option<Unread>,
}

/// A list of channels that was not read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// `None`: from its beginning.
    pub after: Option<PlaceMark>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySession {
    pub id: String,
    pub seq: u64,
    pub resume_url: Option<String>,
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

    /// A new session began: every known channel may miss something. What is still to be fetched for the
    /// session before stays.
    pub fn begin(&mut self, session: GatewaySession, me: Option<String>) {
        self.unread = Some(Unread::default());
        self.session = Some(session);
        self.me = me;
    }

    /// The next channels of the list, which ends with an empty page.
    pub fn turn_page(&mut self, places: &[Place]) {
        self.unread = places.last().map(|last| Unread { after: Some(last.mark()) });
        self.gaps = places.iter().map(|place| (place.id.clone(), place.heard.to_string())).collect();
    }
}

/// Direct channels that were heard of lately.
#[derive(Debug, Default)]
pub struct Heard {
    held: HashMap<String, Place>,
    /// Those of which the database does not know what was heard last.
    unsaved: HashSet<String>,
}

impl Heard {
    /// This person's message in this channel is about to be stored. True for a channel that may be new:
    /// an older message of a known one is soon found again, a channel is not.
    pub fn note(&mut self, channel: &str, user: &str, message: &str) -> bool {
        let place = Place { id: channel.to_owned(), user: user.into(), heard: number(message) };
        let known = self.held.get(channel);
        if known.is_some_and(|known| known.heard >= place.heard) {
            return false;
        }
        let new = known.is_none();
        self.unsaved.insert(channel.to_owned());
        self.hold(place);
        new
    }

    pub fn hold(&mut self, place: Place) {
        if self.held.len() >= HELD {
            self.held.retain(|channel, _| self.unsaved.contains(channel));
        }
        self.held.insert(place.id.clone(), place);
    }

    pub fn person(&self, channel: &str) -> Option<String> {
        self.held.get(channel).map(|place| place.user.0.clone())
    }

    pub fn unsaved(&self) -> Vec<Place> {
        self.unsaved.iter().filter_map(|channel| self.held.get(channel)).cloned().collect()
    }

    pub fn saved(&mut self) {
        self.unsaved.clear();
    }
}

fn number(snowflake: &str) -> i64 {
    snowflake.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str) -> GatewaySession {
        GatewaySession { id: id.into(), seq: 1, resume_url: None }
    }

    #[test]
    fn a_new_session_reads_the_list_of_channels_to_its_end() {
        let mut mark = Bookmark::default();
        mark.begin(session("a"), None);
        assert_eq!(mark.unread, Some(Unread { after: None }));
        let place = Place { id: "c1".into(), user: "u1".into(), heard: 30 };
        mark.turn_page(std::slice::from_ref(&place));
        assert_eq!(
            (mark.gaps.as_slice(), &mark.unread),
            ([("c1".into(), "30".into())].as_slice(), &Some(Unread { after: Some(place.mark()) }))
        );
        mark.turn_page(&[]);
        assert_eq!((mark.gaps.len(), &mark.unread), (0, &None));
    }

    #[test]
    fn what_is_not_saved_is_held_however_much_comes() {
        let mut heard = Heard::default();
        assert!(heard.note("c1", "u1", "10") && !heard.note("c1", "u1", "30") && !heard.note("c1", "u1", "20"));
        assert_eq!(heard.unsaved(), [Place { id: "c1".into(), user: "u1".into(), heard: 30 }]);
        for n in 0..HELD * 2 {
            heard.hold(Place { id: format!("p{n}"), user: "u".into(), heard: 1 });
        }
        assert!(heard.held.len() <= HELD, "{}", heard.held.len());
        assert_eq!((heard.person("c1"), heard.person("p0")), (Some("u1".into()), None));
        heard.saved();
        assert_eq!(heard.unsaved(), []);
    }

    #[test]
    fn it_survives_storage_and_nonsense() {
        let mut mark = Bookmark::default();
        mark.begin(session("a"), Some("7".into()));
        mark.turn_page(&[Place { id: "c1".into(), user: "u1".into(), heard: 30 }]);
        mark.heard(Some(9));
        assert_eq!(Bookmark::read(Some(mark.write())), mark);
        assert_eq!(Bookmark::read(Some(serde_json::json!("?"))), Bookmark::default());
    }
}
