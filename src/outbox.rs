//! From the outbox to the platforms: claim, compare the lease, check the
//! window, deliver, settle. Decides nothing but what a fate means.

mod fate;
mod places;
mod queue;
mod sender;
mod settle;

pub use places::Place;
pub use queue::{Way, WordsOf, queue};
pub use sender::{Outbox, Settlements, claim_queued, send_parcels, start};
pub use settle::went_after_all;
