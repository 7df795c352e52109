//! The words of onethread and its pure rules.
//!
//! Everything here is a value or a function of values: no I/O, no runtime, no
//! clock of its own. The other crates meet in these words; they do not know
//! one another. The order of reading: `channel` (what a platform must do for
//! us), `message`, `thread` (who may speak), `parts` (how a reply becomes what
//! a platform can carry), `window` (until when it may be sent), `order`.

pub mod channel;
pub mod clock;
pub mod contract;
pub mod ids;
pub mod message;
pub mod order;
pub mod parts;
pub mod phone;
pub mod secret;
pub mod text;
pub mod thread;
pub mod window;

pub use clock::{Clock, Millis, SystemClock};
pub use secret::{Secret, Settings};
