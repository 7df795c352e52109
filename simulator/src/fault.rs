//! Bad days, on demand.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// The platform will not have this content, whatever it is.
    BadContent,
}

/// What goes wrong with an event on its way from the platform to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stumble {
    /// Brought twice: the platform missed that it had been taken.
    Twice,
    /// Held back so long, in milliseconds, that later events overtake it. A platform that keeps the
    /// order of a chat only makes the chat wait; Discord does not even that.
    Late { by: u64 },
}

/// The faults that wait for one platform.
#[derive(Debug, Default)]
pub struct Faults {
    once: Mutex<VecDeque<Fault>>,
    standing: Mutex<Option<Fault>>,
    stumbles: Mutex<VecDeque<Stumble>>,
    /// Milliseconds that every send, and the answer with new tokens, takes longer.
    slowness: AtomicU64,
    /// Sends that could have met a fault so far.
    sends: AtomicU64,
}

impl Faults {
    /// The next send meets this, once.
    pub fn next(&self, fault: Fault) {
        lock(&self.once).push_back(fault);
    }

    /// How many sends there were so far, with a fault or without.
    #[must_use]
    pub fn sends(&self) -> u64 {
        self.sends.load(Ordering::SeqCst)
    }

    /// How many faults no send has met yet.
    #[must_use]
    pub fn left(&self) -> usize {
        lock(&self.once).len()
    }

    /// Every send meets this until it is lifted with `None`.
    pub fn stand(&self, fault: Option<Fault>) {
        *lock(&self.standing) = fault;
    }

    /// The next event stumbles so, once.
    pub fn trip(&self, stumble: Stumble) {
        lock(&self.stumbles).push_back(stumble);
    }

    #[must_use]
    pub fn standing(&self) -> Option<Fault> {
        *lock(&self.standing)
    }

    /// For the simulator: what this send meets.
    pub fn take(&self) -> Option<Fault> {
        self.sends.fetch_add(1, Ordering::SeqCst);
        lock(&self.once).pop_front().or_else(|| self.standing())
    }

    /// From now on every send takes so much longer, and so does the answer with new tokens.
    pub fn slow_down(&self, by: Duration) {
        self.slowness.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// For the simulator: take one's time before a send.
    pub(crate) async fn dawdle(&self) {
        let by = self.slowness.load(Ordering::SeqCst);
        if by > 0 {
            tokio::time::sleep(Duration::from_millis(by)).await;
        }
    }

    /// For the simulator: how this event stumbles.
    pub fn stumble(&self) -> Option<Stumble> {
        lock(&self.stumbles).pop_front()
    }

    /// Faults and stumbles that have not been met yet.
    #[must_use]
    pub fn unmet(&self) -> usize {
        lock(&self.once).len() + lock(&self.stumbles).len()
    }

    /// From now on all is well.
    pub fn lift(&self) {
        lock(&self.once).clear();
        lock(&self.stumbles).clear();
        self.stand(None);
        self.slow_down(Duration::ZERO);
    }
}

/// A lock that a panicking test cannot poison for the others.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
