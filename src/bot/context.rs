//! What the bot remembers of a conversation between two messages. Forgotten
//! when a person gives the thread back.

use onethread_core::order::Order;
use onethread_core::phone;
use onethread_intents::{Asked, Context, Intent, Language};
use serde::{Deserialize, Serialize};

/// How many orders of one conversation stay proven.
const PROOFS_KEPT: usize = 5;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BotContext {
    pub language: Option<Language>,
    /// The customer was told that an automatic assistant is writing.
    pub greeted: bool,
    pub asked: Option<Asked>,
    /// What the order code is wanted for.
    pub purpose: Option<Purpose>,
    pub code: Option<String>,
    /// Four digits or a whole phone, as far as the customer gave one; never vouched for.
    pub tail: Option<String>,
    /// The choices of the last reply, in the order they were shown.
    pub offered: Vec<Offer>,
    /// Messages in a row that were not understood.
    pub misses: u8,
    /// Orders whose tail was right.
    pub proven: Vec<Proof>,
    /// The order that was told last.
    pub told: Option<String>,
    /// To what the last reply was a mere courtesy.
    pub closed: Option<Intent>,
    /// The last reply was about a photo or file.
    pub noted_file: bool,
    /// The customer's turns since people gave the thread back, while these are few.
    pub returned: Option<u8>,
    /// Replies so far; picks between ways to say the same.
    pub replies: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Status,
    Cancel,
    Modify,
    Return,
    Refund,
}

/// One choice: what it was called and what it sends back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub label: String,
    pub payload: String,
}

/// The tail that opened an order. Compared again each time, as the order's phone may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub code: String,
    pub tail: String,
}

/// For so many turns after people gave the thread back, the first miss calls them again: nobody likes to
/// be sent to and fro.
const BOUNCES_WITHIN: u8 = 3;

impl BotContext {
    /// What is remembered when people give the thread back: nothing but that they had it.
    #[must_use]
    pub fn after_people() -> Self {
        Self { returned: Some(0), ..Self::default() }
    }

    /// The count after another turn.
    pub(super) fn returned_before(&self) -> Option<u8> {
        self.returned.map(|turns| turns + 1).filter(|turns| *turns < BOUNCES_WITHIN)
    }

    /// From what was stored. Memory of an older shape is no reason to stay silent: it starts anew.
    #[must_use]
    pub fn load(stored: &str) -> Self {
        serde_json::from_str(stored).unwrap_or_default()
    }

    /// What the matcher should know before it reads the next message.
    #[must_use]
    pub fn for_reading(&self) -> Context {
        Context { asked: self.asked, language: self.language }
    }

    pub(super) fn prove(&mut self, code: &str, tail: &str) {
        self.proven.retain(|proof| proof.code != code);
        self.proven.push(Proof { code: code.to_owned(), tail: tail.to_owned() });
        if self.proven.len() > PROOFS_KEPT {
            self.proven.remove(0);
        }
    }

    pub(super) fn has_proven(&self, order: &Order) -> bool {
        self.proven.iter().any(|proof| proof.code == order.code && opens(&proof.tail, order))
    }

    /// The order question is closed: nothing of it is waited for.
    pub(super) fn drop_slots(&mut self) {
        self.purpose = None;
        self.code = None;
        self.tail = None;
    }
}

/// Whether this tail (or whole phone) is that of the order.
pub(super) fn opens(tail: &str, order: &Order) -> bool {
    let Some(known) = order.phone.as_deref().and_then(phone::fold) else { return false };
    if tail.len() == 4 { phone::tail(&known) == Some(tail) } else { phone::fold(tail).is_some_and(|typed| typed == known) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn memory_of_another_shape_starts_anew() {
        for stored in [json!(null), json!({}), json!([1]), json!({"asked": "shoe_size"}), json!({"misses": "two"})] {
            assert_eq!(BotContext::load(&stored.to_string()), BotContext::default(), "{stored}");
        }
        let newer = json!({"misses": 1, "of_a_later_version": true});
        assert_eq!(BotContext::load(&newer.to_string()).misses, 1);
    }

    #[test]
    fn what_is_stored_is_what_is_loaded() {
        let mut context = BotContext { greeted: true, asked: Some(Asked::PhoneTail), ..BotContext::default() };
        context.prove("DH1024", "5678");
        let stored = serde_json::to_string(&context).expect("a context is JSON");
        assert_eq!(BotContext::load(&stored), context);
    }
}
