//! From a platform's call to a thread. A call is checked, appended to the
//! ledger and only then acknowledged; reading it happens afterwards, in order,
//! and once. Network work never happens here.

mod customer;
mod fates;
mod ledger;
mod missed;
mod ours;
mod reader;
mod receive;
mod understand;

pub use ledger::{Append, Calls, Came, Ledger, keep, keep_ledger, store, store_all, tell_all};
pub use missed::release_missed;
pub use reader::{Call, TOGETHER_MOST, claim, guarded, open_calls, read_ledger, read_one_by_one, take_in_all, understand_all};
pub use receive::receive;
pub use understand::{After, Event, Understood, understand};
