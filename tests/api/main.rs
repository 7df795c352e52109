//! The API as programs and browsers meet it: who may do what, what a refusal
//! looks like, that no page of a list skips or repeats, that the live stream has no gap.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "../kit/mod.rs"]
#[expect(dead_code, reason = "the stories use the rest of the kit")]
mod kit;

mod caller;

mod command;
mod console;
mod describing;
mod files;
mod learning;
mod live;
mod orders;
mod paging;
mod refusals;
mod roles;
mod session;
mod settings;
mod setup;
mod staff;
