//! From the outbox to the platforms: claim, compare the lease, check the
//! window, deliver, settle. Decides nothing but what a fate means.

mod claim;
mod disabled;
mod fate;
mod lanes;
mod queue;
mod sender;
mod settle;

pub use claim::claim_queued;
pub use disabled::settle_stranded;
pub use lanes::Slot;
pub use queue::{Way, WordsOf, queue};
pub use sender::{Outbox, Settlements, adopt_orphans, send_parcels, start};
pub use settle::{
    GATHER, STOPPED_YET, Settled, Settlement, TOGETHER_MOST, gather, pause, settle_deliveries, settle_in, settle_surely, settled,
    went_after_all,
};
