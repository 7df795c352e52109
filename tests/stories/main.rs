//! Stories: a whole gateway, real sockets, the platforms simulated as real
//! servers, told in the words of the desk. Each runs on both engines.

#![expect(clippy::disallowed_methods, reason = "tests are outside the house's rules for tasks and clients")]

#[path = "../kit/mod.rs"]
mod kit;

mod crowding;
mod early;
mod faces;
mod faq;
mod fates;
mod foresight;
mod forging;
mod handoff;
mod inboxes;
mod intake;
mod learning;
mod merging;
mod order_source;
mod orders;
mod outbox;
mod parts;
mod poison;
mod receipts;
mod restart;
mod webchat;
