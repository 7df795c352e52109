//! From a platform's call to a thread. A call is checked, appended to the
//! ledger and only then acknowledged; reading it happens afterwards, in order,
//! and once. Network work never happens here.

mod at_hand;
mod customer;
mod ledger;
mod ours;
mod reader;
mod receive;
mod understand;

pub use ledger::{Calls, Ledger, keep_ledger};
pub use reader::read_ledger;
pub use receive::receive;
pub use understand::Event;
