//! The platforms as real local servers that speak their wire protocols.
//!
//! Used by `onethread demo`, the tests and the benchmarks, and driven by hand
//! from the phones page. A simulator follows the platform's facts strictly (ids,
//! signatures, limits, error codes); it knows nothing of onethread but the
//! address it was told to call.

mod courier;
pub mod fault;
pub mod phone;
pub mod platform;
mod portrait;
mod shelf;
pub mod world;

pub mod discord;
pub mod facebook;
pub mod phones_page;
pub mod telegram;
pub mod zalo;

pub use fault::{Fault, Faults, Stumble};
pub use phone::{Bubble, BubbleFrom, Phone, Phones};
pub use platform::{Act, ActError, Platform};
pub use portrait::portrait;
pub use world::World;
