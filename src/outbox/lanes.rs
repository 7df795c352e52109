//! How much each inbox may have under way, and how fast it may send. Every inbox
//! has a lane of its own, so that a platform that is stuck or slow never delays
//! the others.

use onethread_core::Millis;
use onethread_core::ids::InboxId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Deliveries that one inbox may have under way. A platform that takes half a second for each then still
/// does more than any of them allows.
const OF_AN_INBOX: usize = 128;
/// That many recipients told to wait at the same time: then it is the inbox that was meant.
const MANY: usize = 3;

/// The lanes of every inbox of this process.
#[derive(Default)]
pub struct Lanes(Mutex<State>);

#[derive(Default)]
struct State {
    /// Nobody is there any more to settle what comes of a delivery.
    closed: bool,
    under_way: usize,
    inboxes: HashMap<InboxId, Inbox>,
}

struct Inbox {
    under_way: usize,
    rate: Option<f64>,
    /// Messages that may go now, up to what a second brings; below 0 where more went.
    allowed: f64,
    counted_at: Instant,
    held_until: Instant,
    /// Recipients that the platform lets wait, and until when.
    waiting: HashMap<String, Instant>,
}

/// A delivery's slot, free again when it is dropped.
pub struct Slot {
    lanes: Arc<Lanes>,
    inbox: InboxId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.lanes.state();
        state.under_way -= 1;
        if let Some(inbox) = state.inboxes.get_mut(&self.inbox) {
            inbox.under_way -= 1;
        }
    }
}

impl Inbox {
    fn new(now: Instant) -> Self {
        Self { under_way: 0, rate: None, allowed: 0.0, counted_at: now, held_until: now, waiting: HashMap::new() }
    }

    fn count(&mut self, rate: Option<u32>, now: Instant) {
        let rate = rate.map(f64::from);
        if self.rate != rate {
            (self.rate, self.allowed) = (rate, rate.unwrap_or_default());
        }
        let earned = now.duration_since(self.counted_at).as_secs_f64() * rate.unwrap_or_default();
        self.allowed = (self.allowed + earned).min(rate.unwrap_or_default());
        self.counted_at = now;
    }

    fn free(&self, now: Instant) -> usize {
        if self.held_until > now {
            return 0;
        }
        let room = OF_AN_INBOX.saturating_sub(self.under_way);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a rate, which is small")]
        let allowed = self.rate.map_or(usize::MAX, |_| self.allowed.max(0.0) as usize);
        room.min(allowed)
    }
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more may go now.
    pub fn free(&self, inbox: &InboxId, rate: Option<u32>, now: Instant) -> usize {
        self.state().of(inbox, rate, now).free(now)
    }

    /// A slot, where there is one and somebody to settle what comes of it.
    pub fn take_free(self: &Arc<Self>, inbox: &InboxId, rate: Option<u32>, now: Instant) -> Option<Slot> {
        let mut state = self.state();
        let free = !state.closed && state.of(inbox, rate, now).free(now) > 0;
        free.then(|| self.seat(&mut state, inbox, now))
    }

    /// A slot for what is about to be claimed. `None`: nobody would settle what comes of it any more.
    pub fn take(self: &Arc<Self>, inbox: &InboxId) -> Option<Slot> {
        let mut state = self.state();
        (!state.closed).then(|| self.seat(&mut state, inbox, Instant::now()))
    }

    fn seat(self: &Arc<Self>, state: &mut State, inbox: &InboxId, now: Instant) -> Slot {
        state.under_way += 1;
        let entry = state.inboxes.entry(inbox.clone()).or_insert_with(|| Inbox::new(now));
        entry.under_way += 1;
        if entry.rate.is_some() {
            entry.allowed -= 1.0;
        }
        Slot { lanes: self.clone(), inbox: inbox.clone() }
    }

    /// How long until this inbox may send again: nothing where it may now, or where a delivery has to end first.
    pub fn wait(&self, inbox: &InboxId, rate: Option<u32>, now: Instant) -> Duration {
        let mut state = self.state();
        let inbox = state.of(inbox, rate, now);
        let earned = inbox.rate.map_or(0.0, |rate| ((1.0 - inbox.allowed) / rate).max(0.0));
        inbox.held_until.saturating_duration_since(now).max(Duration::from_secs_f64(earned))
    }

    /// The platform told us to wait: with this recipient, or with everybody.
    pub fn throttled(&self, inbox: &InboxId, recipient: Option<&str>, pause: Millis, now: Instant) {
        let until = now + Duration::from_millis(pause.clamp(0, 3_600_000).unsigned_abs());
        let mut state = self.state();
        let Some(inbox) = state.inboxes.get_mut(inbox) else { return };
        inbox.waiting.retain(|_, until| *until > now);
        match recipient {
            Some(recipient) => drop(inbox.waiting.insert(recipient.to_owned(), until)),
            None => inbox.held_until = inbox.held_until.max(until),
        }
        if inbox.waiting.len() >= MANY {
            inbox.held_until = inbox.waiting.values().copied().max().unwrap_or(now).max(inbox.held_until);
            inbox.waiting.clear();
        }
    }

    /// Give no more slots, if none is taken. Answers whether that is so.
    pub fn close_if_idle(&self) -> bool {
        let mut state = self.state();
        state.closed |= state.under_way == 0;
        state.closed
    }
}

impl State {
    fn of(&mut self, inbox: &InboxId, rate: Option<u32>, now: Instant) -> &mut Inbox {
        let inbox = self.inboxes.entry(inbox.clone()).or_insert_with(|| Inbox::new(now));
        inbox.count(rate, now);
        inbox
    }
}

#[cfg(test)]
#[path = "lanes/tests.rs"]
mod tests;
