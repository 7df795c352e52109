//! The bot: what to say to one message, and what to ask of the house.
//!
//! Pure: (what is remembered, what was said, the orders and answers at hand) →
//! (what to remember, replies, effects). It sends nothing, reads no clock, and
//! never says more of an order than its asker has shown a right to know
//! ([`orders`]). Whoever calls it decides without orders first; where
//! those were asked for it loads what [`wants`] names and decides again, and once
//! more after an [`Effect::FetchOrder`].

mod context;
mod dates;
mod decide;
mod faq;
mod handover;
mod hear;
mod offer;
mod orders;
mod phrases;
mod small_talk;
#[cfg(test)]
mod tests;
mod turn;
mod words;

pub use context::{BotContext, Offer, Proof, Purpose};
pub use decide::decide;
pub use handover::notice;
pub use hear::{may_want, wants};
pub use turn::{AnswersView, Decision, Effect, Heard, IdentityView, OrdersView, OrdersWanted, ShopView, Turn};
