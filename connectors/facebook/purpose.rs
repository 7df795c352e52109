//! As what a message is sent. After 24 hours Meta lets only a person's words
//! through, under a tag; a bot that used the tag would cost the shop its Page.
//! So the tag cannot be made without a proof, and only a person's voice gives one.

use onethread_core::channel::Voice;
use onethread_core::clock::{DAY, HOUR, Millis};
use serde_json::Value;

/// Proof that a person wrote the words. Cannot be made outside this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenByPerson(());

impl WrittenByPerson {
    pub fn proof(voice: Voice) -> Option<Self> {
        match voice {
            Voice::Person => Some(Self(())),
            Voice::Bot => None,
        }
    }
}

/// The `HUMAN_AGENT` tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HumanAgent(WrittenByPerson);

impl HumanAgent {
    pub fn tag(proof: WrittenByPerson) -> Self {
        Self(proof)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Within 24 hours, or when we cannot know: the platform judges.
    Response,
    Tagged(HumanAgent),
}

impl Purpose {
    pub fn of(voice: Voice, last_interaction: Option<Millis>, now: Millis) -> Self {
        let age = last_interaction.map(|last| now - last);
        let late = age.is_some_and(|age| age > 24 * HOUR && age <= 7 * DAY);
        match WrittenByPerson::proof(voice).filter(|_| late) {
            Some(proof) => Self::Tagged(HumanAgent::tag(proof)),
            None => Self::Response,
        }
    }

    /// The fields of the Send API that say it.
    pub fn fields(self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Response => vec![("messaging_type", "RESPONSE".into())],
            Self::Tagged(HumanAgent(_)) => vec![("messaging_type", "MESSAGE_TAG".into()), ("tag", "HUMAN_AGENT".into())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_790_000_000_000;

    #[test]
    fn only_a_person_is_tagged_and_only_between_a_day_and_a_week() {
        let purpose = |voice, age| Purpose::of(voice, Some(NOW - age), NOW);
        assert_eq!(purpose(Voice::Person, 24 * HOUR), Purpose::Response);
        assert!(matches!(purpose(Voice::Person, 24 * HOUR + 1), Purpose::Tagged(_)));
        assert!(matches!(purpose(Voice::Person, 7 * DAY), Purpose::Tagged(_)));
        assert_eq!(purpose(Voice::Person, 7 * DAY + 1), Purpose::Response);
        assert_eq!(Purpose::of(Voice::Person, None, NOW), Purpose::Response);
        for age in [0, HOUR, 25 * HOUR, 6 * DAY, 30 * DAY] {
            assert_eq!(purpose(Voice::Bot, age), Purpose::Response, "a bot is never tagged");
        }
    }
}
