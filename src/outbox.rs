//! From the outbox to the platforms: claim, compare the lease, check the
//! window, deliver, settle. Decides nothing but what a fate means.

mod disabled;
mod fate;
mod queue;
mod sender;
mod settle;

pub use disabled::settle_stranded;
pub use queue::{Way, WordsOf, queue};
pub use sender::send_parcels;
pub use settle::went_after_all;
