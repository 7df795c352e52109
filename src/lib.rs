//! The gateway: what happens, in what order.
//!
//! The life of a message: [`intake`] (ledger, then thread) → [`answering`] (the
//! [`bot`] decides) → [`outbox`] (lease, window, delivery). What people do is
//! [`desk`]; what they see of it at once is [`live`]. [`gateway`] opens it all.

pub mod answering;
pub mod api;
pub mod auth;
pub mod bot;
pub mod brain;
pub mod cli;
pub mod config;
pub mod demo;
pub mod desk;
pub mod foresight;
pub mod gateway;
pub mod inboxes;
pub mod intake;
pub mod jobs;
pub mod lasting;
pub mod learning;
pub mod lending;
pub mod live;
pub mod logs;
pub mod media;
pub mod orders;
pub mod outbox;
pub mod rounds;
pub mod seal;
pub mod shapes;
pub mod shop;
pub mod tasks;
pub mod threads;
