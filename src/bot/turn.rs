//! What the bot is given and what it gives back. Plain values.

use super::context::BotContext;
use onethread_core::Millis;
use onethread_core::message::Content;
use onethread_core::order::Order;
use onethread_core::phone;
use onethread_core::thread::HandoffReason;
use onethread_intents::{Intent, Language, Reading};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What the customer did.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub text: &'a str,
    /// Of a pressed button.
    pub payload: Option<&'a str>,
    /// A shared contact; `true` where the platform vouches that it is the sender's own.
    pub shared_phone: Option<(&'a str, bool)>,
    /// Photos and files. Stickers do not count: nobody expects an answer to them.
    pub attachments: usize,
    pub reading: &'a Reading,
    pub identity: IdentityView<'a>,
}

impl Heard<'_> {
    /// The phone that the platform vouches for, now or earlier.
    #[must_use]
    pub fn verified_phone(&self) -> Option<String> {
        let shared = self.shared_phone.filter(|(_, own)| *own).map(|(phone, _)| phone);
        shared.or(self.identity.verified_phone).and_then(phone::fold)
    }
}

/// What is known of who is writing, and of the channel they write on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdentityView<'a> {
    /// Vouched for by a platform; a typed number never is.
    pub verified_phone: Option<&'a str>,
    /// Too many wrong tails within a short time.
    pub lookups_locked: bool,
    /// How many buttons go with one text; 0 where there are none.
    pub channel_buttons: usize,
    pub channel_asks_phone: bool,
}

/// One message, and the world it is answered in.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    pub heard: Heard<'a>,
    pub orders: &'a OrdersView,
    pub answers: &'a dyn AnswersView,
    pub shop: &'a ShopView,
    pub now: Millis,
}

/// Which orders to load before deciding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrdersWanted {
    pub codes: Vec<String>,
    /// All orders of this verified phone.
    pub phone: Option<String>,
}

/// The orders that [`super::wants`] names, as far as they are known here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrdersView {
    pub by_code: BTreeMap<String, Order>,
    pub by_phone: Vec<Order>,
    /// An external source may know codes that we do not.
    pub sourced_elsewhere: bool,
    /// Codes for which the external source was already asked.
    pub looked_up: BTreeSet<String>,
    /// Of those, the ones to which it had no answer: not even that there is no such order.
    pub unanswered: BTreeSet<String>,
    /// Known orders that the source told so long ago that it must be asked again.
    pub stale: BTreeSet<String>,
    /// Codes whose tail was guessed wrong too often lately, by whomever.
    pub locked: BTreeSet<String>,
    /// Whether a decision looked into it: see [`OrdersView::asked`].
    pub was_asked: Cell<bool>,
}

impl OrdersView {
    /// What is known of orders. A decision that asked a view which was not loaded does not count:
    /// most need none, so that most of the time none is loaded.
    pub(super) fn asked(&self) -> &Self {
        self.was_asked.set(true);
        self
    }
}

/// The shop's answers.
pub trait AnswersView {
    /// What a button or a list calls it, in a few words. `None` for an answer that is gone, is
    /// switched off or has no such language.
    fn title(&self, id: &str, language: Language) -> Option<String>;
    fn text(&self, id: &str, language: Language) -> Option<String>;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShopView {
    pub name: String,
    /// People are there to answer.
    pub open_now: bool,
    /// `8:00–21:30 hằng ngày`; empty where the shop has not said.
    pub opening_hours_vi: String,
    pub opening_hours_en: String,
    pub opens_next: Option<Millis>,
    /// A code as this shop writes them, to show what is asked for; may be empty.
    pub code_example: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub context: BotContext,
    pub replies: Vec<Content>,
    pub effects: Vec<Effect>,
    /// What the message was taken for, for the record.
    pub understood: Option<(Intent, f32)>,
    /// The bot had nothing to say to it: something to learn from.
    pub missed: bool,
    /// The answer that it told.
    pub told: Option<String>,
}

/// What the house does besides sending the replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// After the replies, which end with the notice.
    HandOff(HandoffReason),
    /// Count it against the identity, five lock its lookups for 15 minutes; and against the code, or
    /// many identities could share the guessing. An unknown code counts like a wrong tail, or the
    /// locks would tell them apart.
    WrongTail { code: String },
    /// For the record. Must not clear the count of wrong ones: whoever owns one order could then
    /// guess at others for ever.
    RightTail { code: String },
    /// Ask the external source, add the code to `looked_up` and decide again with the same context.
    FetchOrder { code: String },
    /// Nothing is said, on purpose: both sides have closed, or the bot has already said so.
    KeepSilent,
}
