//! Bad days, on demand.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Mutex;

/// What goes wrong with a call that the gateway makes to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 (or the platform's own code) with a pause, in milliseconds.
    Throttled {
        retry_after: u64,
    },
    /// 5xx before anything happened.
    ServerError,
    /// The message is accepted and shown, then the connection is cut without an answer.
    AnswerLost,
    TokenRevoked,
    /// The customer has blocked the business.
    Blocked,
    /// The platform's window is closed; where a platform has none, like `Blocked`.
    WindowClosed,
}

/// The faults that wait for one platform.
#[derive(Debug, Default)]
pub struct Faults {
    once: Mutex<VecDeque<Fault>>,
    standing: Mutex<Option<Fault>>,
}

impl Faults {
    /// The next send meets this, once.
    pub fn next(&self, fault: Fault) {
        lock(&self.once).push_back(fault);
    }

    /// Every send meets this until it is lifted with `None`.
    pub fn stand(&self, fault: Option<Fault>) {
        *lock(&self.standing) = fault;
    }

    #[must_use]
    pub fn standing(&self) -> Option<Fault> {
        *lock(&self.standing)
    }

    /// For the simulator: what this send meets.
    pub fn take(&self) -> Option<Fault> {
        lock(&self.once).pop_front().or_else(|| self.standing())
    }
}

/// A lock that a panicking test cannot poison for the others.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
