//! Who may speak in a thread. State in, state out.
//!
//! The lease is the right to speak; its number grows each time the right
//! changes hands. Everything the bot says is queued with the number it had; at
//! the moment of sending the numbers are compared, and a reply that a person
//! overtook is withheld.

use crate::clock::Millis;
use crate::ids::AgentId;
use serde::{Deserialize, Serialize};

/// Who holds the lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holder", rename_all = "snake_case")]
pub enum Speaker {
    Bot,
    /// People hold it, nobody in particular yet.
    Queue,
    Agent {
        id: AgentId,
    },
}

/// The name of the state in API and SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStatus {
    Bot,
    Waiting,
    Assigned,
}

impl ThreadStatus {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Waiting => "waiting",
            Self::Assigned => "assigned",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub speaker: Speaker,
    pub number: i64,
    /// Since when the customer waits for a person; `None` while nobody is waited for.
    pub waiting_since: Option<Millis>,
}

impl Lease {
    /// Of a new thread: the bot speaks.
    #[must_use]
    pub fn new() -> Self {
        Self { speaker: Speaker::Bot, number: 1, waiting_since: None }
    }

    #[must_use]
    pub fn status(&self) -> ThreadStatus {
        match self.speaker {
            Speaker::Bot => ThreadStatus::Bot,
            Speaker::Queue => ThreadStatus::Waiting,
            Speaker::Agent { .. } => ThreadStatus::Assigned,
        }
    }

    #[must_use]
    pub fn assignee(&self) -> Option<&AgentId> {
        match &self.speaker {
            Speaker::Agent { id } => Some(id),
            _ => None,
        }
    }
}

impl Default for Lease {
    fn default() -> Self {
        Self::new()
    }
}

/// Why people were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The customer asked for a person.
    Asked,
    Complaint,
    /// The bot did not understand twice.
    NotUnderstood,
    /// Failed delivery, lost, damaged.
    OrderInTrouble,
    /// Something only people do: cancel, change an address, return.
    NeedsPerson,
    /// An agent stepped in unasked.
    AgentStepped,
    /// A person answered in the platform's own inbox.
    AnsweredElsewhere,
}

impl HandoffReason {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Complaint => "complaint",
            Self::NotUnderstood => "not_understood",
            Self::OrderInTrouble => "order_in_trouble",
            Self::NeedsPerson => "needs_person",
            Self::AgentStepped => "agent_stepped",
            Self::AnsweredElsewhere => "answered_elsewhere",
        }
    }
}

/// What may happen to the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// The bot steps back.
    HandOff(HandoffReason),
    /// An agent takes it, from the bot, the queue or a colleague.
    Take(AgentId),
    /// Someone gives it to an agent.
    Assign(AgentId),
    /// Back to the queue, for whoever is next.
    Release,
    /// Done: the bot speaks again, with a fresh context.
    Resolve,
    /// Not done, but the bot may speak again.
    ReturnToBot,
    /// A person answered in the platform's own inbox.
    AnsweredElsewhere,
    /// The customer wrote.
    CustomerSpoke,
    /// A person's answer went out.
    PersonSpoke,
}

/// What follows from a move, for the thread's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    OpenHandoff(HandoffReason),
    AssignHandoff(AgentId),
    CloseHandoff,
    /// The bot's memory of this conversation starts anew after this point.
    ForgetContext,
}

/// The move does not fit the state; nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotMove {
    #[error("the bot already holds this thread")]
    BotHoldsIt,
    #[error("this agent already holds the thread")]
    AlreadyTheirs,
}

/// The only way a lease changes.
pub fn advance(lease: &Lease, by: &Move, now: Millis) -> Result<(Lease, Vec<Effect>), CannotMove> {
    let held_by_bot = lease.speaker == Speaker::Bot;
    let give = |speaker: Speaker, waiting_since| Lease { speaker, number: lease.number + 1, waiting_since };
    let opened = |reason| if held_by_bot { vec![Effect::OpenHandoff(reason)] } else { Vec::new() };
    match by {
        Move::HandOff(reason) if held_by_bot => Ok((give(Speaker::Queue, Some(now)), opened(*reason))),
        Move::HandOff(_) => Ok((lease.clone(), Vec::new())),
        Move::Take(agent) | Move::Assign(agent) => {
            if lease.assignee() == Some(agent) {
                return Err(CannotMove::AlreadyTheirs);
            }
            let mut effects = opened(HandoffReason::AgentStepped);
            effects.push(Effect::AssignHandoff(agent.clone()));
            Ok((give(Speaker::Agent { id: agent.clone() }, lease.waiting_since), effects))
        }
        Move::Release if held_by_bot => Err(CannotMove::BotHoldsIt),
        Move::Release => Ok((give(Speaker::Queue, Some(lease.waiting_since.unwrap_or(now))), Vec::new())),
        Move::Resolve | Move::ReturnToBot if held_by_bot => Err(CannotMove::BotHoldsIt),
        Move::Resolve | Move::ReturnToBot => Ok((give(Speaker::Bot, None), vec![Effect::CloseHandoff, Effect::ForgetContext])),
        Move::AnsweredElsewhere if held_by_bot => Ok((give(Speaker::Queue, None), opened(HandoffReason::AnsweredElsewhere))),
        Move::AnsweredElsewhere | Move::PersonSpoke => Ok((Lease { waiting_since: None, ..lease.clone() }, Vec::new())),
        Move::CustomerSpoke if held_by_bot => Ok((lease.clone(), Vec::new())),
        Move::CustomerSpoke => {
            Ok((Lease { waiting_since: Some(lease.waiting_since.unwrap_or(now)), ..lease.clone() }, Vec::new()))
        }
    }
}

/// May a reply that was queued under `number` still be spoken?
#[must_use]
pub fn may_speak(lease: &Lease, queued_under: i64) -> bool {
    lease.number == queued_under
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moves() -> impl Strategy<Value = Move> {
        let agent = prop_oneof![Just(AgentId::from("agt_a")), Just(AgentId::from("agt_b"))];
        prop_oneof![
            Just(Move::HandOff(HandoffReason::Asked)),
            agent.clone().prop_map(Move::Take),
            agent.prop_map(Move::Assign),
            Just(Move::Release),
            Just(Move::Resolve),
            Just(Move::ReturnToBot),
            Just(Move::AnsweredElsewhere),
            Just(Move::CustomerSpoke),
            Just(Move::PersonSpoke),
        ]
    }

    proptest! {
        #[test]
        fn the_number_grows_exactly_when_the_speaker_changes(steps in proptest::collection::vec(moves(), 0..40)) {
            let mut lease = Lease::new();
            for (at, step) in steps.iter().enumerate() {
                if let Ok((next, _)) = advance(&lease, step, at as Millis) {
                    if next.speaker == lease.speaker && *step != Move::Release {
                        prop_assert_eq!(next.number, lease.number);
                    } else {
                        prop_assert_eq!(next.number, lease.number + 1);
                    }
                    lease = next;
                }
            }
        }

        #[test]
        fn episodes_open_and_close_in_turn(steps in proptest::collection::vec(moves(), 0..40)) {
            let mut lease = Lease::new();
            let mut open = false;
            for step in &steps {
                let Ok((next, effects)) = advance(&lease, step, 0) else { continue };
                for effect in effects {
                    match effect {
                        Effect::OpenHandoff(_) => { prop_assert!(!open); open = true; }
                        Effect::CloseHandoff => { prop_assert!(open); open = false; }
                        Effect::AssignHandoff(_) => prop_assert!(open),
                        Effect::ForgetContext => {}
                    }
                }
                lease = next;
                prop_assert_eq!(open, lease.speaker != Speaker::Bot);
            }
        }
    }

    proptest! {
        /// Whatever the bot queued, under whatever number it had then, is spoken in that very stint or never.
        #[test]
        fn the_bot_never_speaks_over_a_person(steps in proptest::collection::vec(moves(), 0..60)) {
            let mut lease = Lease::new();
            let (mut earlier, mut stint) = (Vec::new(), vec![lease.number]);
            for step in &steps {
                let Ok((next, _)) = advance(&lease, step, 0) else { continue };
                if next.speaker != Speaker::Bot {
                    earlier.append(&mut stint);
                }
                lease = next;
                if lease.speaker == Speaker::Bot {
                    stint.push(lease.number);
                }
                prop_assert!(earlier.iter().all(|number| !may_speak(&lease, *number)), "{:?} after {:?}", lease, steps);
                prop_assert!(stint.iter().all(|number| may_speak(&lease, *number)));
            }
        }

        #[test]
        fn the_bot_remembers_nothing_from_before_people_had_the_thread(steps in proptest::collection::vec(moves(), 0..60)) {
            let mut lease = Lease::new();
            for step in &steps {
                let Ok((next, effects)) = advance(&lease, step, 0) else { continue };
                let given_back = lease.speaker != Speaker::Bot && next.speaker == Speaker::Bot;
                prop_assert_eq!(effects.contains(&Effect::ForgetContext), given_back);
                prop_assert_eq!(effects.contains(&Effect::CloseHandoff), given_back);
                lease = next;
            }
        }

        /// Nobody waits for a person while the bot speaks, and whoever waits has waited since they began to.
        #[test]
        fn waiting_begins_once_and_ends_with_an_answer(steps in proptest::collection::vec(moves(), 0..60)) {
            let mut lease = Lease::new();
            for (at, step) in (1..).zip(&steps) {
                let Ok((next, _)) = advance(&lease, step, at) else { continue };
                prop_assert!(next.speaker != Speaker::Bot || next.waiting_since.is_none());
                match (lease.waiting_since, next.waiting_since) {
                    (Some(before), Some(after)) => prop_assert_eq!(before, after),
                    (None, Some(after)) => prop_assert_eq!(after, at),
                    (Some(_), None) => prop_assert!(
                        next.speaker == Speaker::Bot || matches!(step, Move::PersonSpoke | Move::AnsweredElsewhere)
                    ),
                    (None, None) => {}
                }
                lease = next;
            }
        }
    }

    #[test]
    fn what_the_bot_queued_before_a_person_stepped_in_may_not_be_spoken() {
        let lease = Lease::new();
        let (taken, _) = advance(&lease, &Move::Take("agt_a".into()), 0).expect("a bot's thread can be taken");
        assert!(may_speak(&lease, 1) && !may_speak(&taken, 1));
    }
}
