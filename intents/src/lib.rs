//! What the customer wants: text in; intents, entities and answers with
//! calibrated confidence out. Pure: no I/O, no clock, the same in and out each time.
//!
//! ```
//! use onethread_intents::{Context, Intent, Matcher, Pack};
//!
//! let matcher = Matcher::train(&Pack::shipped()?, &[])?;
//! let reading = matcher.read("đơn DH1024 của em tới đâu rồi ạ", &Context::default());
//! assert_eq!(reading.top().map(|top| top.value), Some(Intent::OrderStatus));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answers;
mod classifier;
pub mod command;
mod composed;
mod dice;
mod ensemble;
mod entities;
pub mod eval;
mod exact;
mod features;
mod gate;
pub mod group;
mod haste;
pub mod held_out;
mod intent;
mod language;
mod lens;
mod lessons;
mod letters;
mod matcher;
mod mend;
mod near;
mod net;
pub mod noise;
mod pack;
mod paths;
mod phrasing;
mod reading;
mod senses;
mod slip;
mod syllable;
mod telex;
mod text;
mod token;

mod views;
mod vocabulary;

pub use intent::{Intent, Language, UnknownName};
pub use matcher::{Matcher, TrainError};
pub use pack::{Pack, PackError};
pub use reading::{AnswerEntry, Asked, Context, DateSpec, Entity, EntityValue, Reading, Scored};
