//! What the desk remembers: customers and their threads, messages and their way
//! out, merges, files, jobs, the ledger and the live stream, on both engines.

#![expect(clippy::unwrap_used, reason = "what prepares a test may fail like the test")]

#[path = "../kit/mod.rs"]
mod kit;
mod shop;

mod customers;
mod durable;
mod every_function;
mod files;
mod handoffs;
mod held;
mod inboxes;
mod jobs;
mod learning;
mod leases;
mod ledger;
mod live;
mod log;
mod merge_histories;
mod merges;
mod messages;
mod outbox;
mod racing;
mod receipts;
mod sights;
mod threads;
mod together;
mod waiting;
