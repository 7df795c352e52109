//! The ledger's reader: what was stored is understood in order, many calls in
//! one transaction, each exactly once in effect.

use super::understand::{After, Event, Meant, Understood, take_in, understand};
use crate::gateway::Gateway;
use crate::outbox;
use futures::FutureExt;
use onethread_core::Millis;
use onethread_core::clock::SECOND;
use onethread_core::ids::InboxId;
use onethread_store::ledger::Entry;
use onethread_store::{StoreError, Tx, Writer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// One reader at a time, however many processes share the database: order is worth more than parallel parsing.
const LEASE: &str = "reader";
/// Renewed with each batch, and only then: the row itself keeps two readers apart.
const LEASE_FOR: i64 = 2 * SECOND;
/// Calls understood in one transaction.
const TOGETHER_MOST: usize = 256;
/// How soon a sleeping reader looks by itself: for calls that another process stored.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Understand what the ledger holds until the gateway stops.
pub async fn read_ledger(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    let mut place = Place::default();
    while !stop.is_cancelled() {
        let rest = match read_some(&gateway, &mut place).await {
            Ok(true) => continue,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                place.looked = None;
                tracing::error!(error = &error as &dyn std::error::Error, "the ledger could not be read; trying again");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = gateway.bells.calls.notified() => {}
            () = gateway.db.reopened() => place.looked = None,
            () = tokio::time::sleep(rest) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// How far the reader is. What this process stored it mostly has at hand; the database knows what was there before,
/// what was put back in line, and what other processes stored.
#[derive(Default)]
struct Place {
    /// When the database was last read to its end.
    looked: Option<Instant>,
    /// The newest call that came from there; what is at hand until there came as well.
    last: i64,
}

/// The calls that are next; empty when there are none.
async fn next(gateway: &Gateway, place: &mut Place) -> Result<Vec<Entry>, StoreError> {
    let reopened = gateway.db.reopened().now_or_never().is_some();
    let is_up_to_date = place.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) && !reopened;
    if is_up_to_date
        && gateway.db.is_sqlite()
        && let Some(entries) = gateway.ledger.at_hand.take(place.last, TOGETHER_MOST)
    {
        return Ok(entries);
    }
    let looked = Instant::now();
    let entries = gateway.db.read().await?.open_calls(TOGETHER_MOST).await?;
    place.looked = (entries.len() < TOGETHER_MOST).then_some(looked);
    place.last = entries.iter().map(|entry| entry.position).fold(place.last, i64::max);
    Ok(entries)
}

/// One batch. `false` when there is nothing to do, or another process does it.
async fn read_some(gateway: &Arc<Gateway>, place: &mut Place) -> Result<bool, StoreError> {
    let entries = next(gateway, place).await?;
    if entries.is_empty() {
        return Ok(false);
    }
    let read = match read_together(gateway, &entries).await {
        Ok(read) => read,
        // One of them cannot be taken in: find it by taking them one by one.
        Err(error) if entries.len() > 1 => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a batch of calls failed; reading them one by one");
            for entry in &entries {
                read_alone(gateway, entry).await?;
            }
            true
        }
        Err(_) => read_alone(gateway, &entries[0]).await?,
    };
    if !read {
        place.looked = None;
    }
    Ok(read)
}

/// All of them. `false` where another process has some, or reads at all.
async fn read_together(gateway: &Arc<Gateway>, entries: &[Entry]) -> Result<bool, StoreError> {
    let mut calls = Vec::with_capacity(entries.len());
    for entry in entries {
        calls.push((entry, understand(gateway, entry).await?));
    }
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    // An embedded database has no other process.
    if !gateway.db.is_sqlite() && !tx.hold_lease(LEASE, &gateway.process, now + LEASE_FOR, now).await? {
        return Ok(false);
    }
    // Another reader may have been here between the look and the lease.
    let positions: Vec<i64> = entries.iter().map(|entry| entry.position).collect();
    if tx.claim_calls(&positions, now).await? < positions.len() {
        // Of others' calls nothing stays claimed: the transaction ends here.
        return Ok(false);
    }
    let mut after = After::default();
    take_in_all(gateway, &mut tx, &calls, &mut after).await?;
    for (entry, understood) in &calls {
        if let Some(reason) = &understood.buried {
            tracing::warn!(position = entry.position, inbox = %entry.inbox_id, reason, "a call could not be understood");
            let reason = format!("{reason}; onethread {}", env!("CARGO_PKG_VERSION"));
            tx.bury_call(entry.position, &reason, now).await?;
        }
    }
    let started = outbox::claim_queued(gateway, &mut tx, now).await?;
    tx.commit(now).await?;
    outbox::start(gateway, started);
    after.follow(gateway);
    Ok(true)
}

/// When each inbox was heard from last: the one that was called, and those that events are meant for.
fn heard<'a>(calls: &'a [(&Entry, Understood)]) -> BTreeMap<&'a InboxId, Millis> {
    let mut heard = BTreeMap::new();
    for (entry, call) in calls {
        heard.insert(&entry.inbox_id, entry.received_at);
        heard.extend(call.events.iter().map(|meant| (&meant.live.id, entry.received_at)));
    }
    heard
}

/// Every event that was not seen before, in order.
async fn take_in_all(
    gateway: &Arc<Gateway>,
    tx: &mut Tx,
    calls: &[(&Entry, Understood)],
    after: &mut After,
) -> Result<(), StoreError> {
    let heard: Vec<(&InboxId, Millis)> = heard(calls).into_iter().collect();
    tx.heard_from_inboxes(&heard).await?;
    let events: Vec<(&Entry, &Meant)> =
        calls.iter().flat_map(|(entry, call)| call.events.iter().map(|meant| (*entry, meant))).collect();
    let keys: Vec<(InboxId, String)> =
        events.iter().map(|(_, meant)| (meant.live.id.clone(), meant.inbound.key.clone())).collect();
    let mut fresh = tx.first_sights(&keys, gateway.clock.now()).await?;
    let events: Vec<(&Entry, &Meant)> =
        events.into_iter().zip(&keys).filter(|(_, key)| fresh.remove(key)).map(|(event, _)| event).collect();
    for (place, (entry, meant)) in events.iter().enumerate() {
        let (received_at, position) = (entry.received_at, entry.position);
        // At the start, and again after an event that needed statements of its own.
        if !tx.holds_any() {
            let writers: Vec<Writer<'_>> = events[place..].iter().filter_map(|(_, meant)| meant.writer()).collect();
            tx.hold(&writers, received_at).await?;
        }
        let (live, inbound) = (&meant.live, &meant.inbound);
        let ahead = meant.ahead.as_ref();
        take_in(&mut Event { gateway, tx: &mut *tx, live, inbound, ahead, position, received_at, after: &mut *after }).await?;
    }
    Ok(())
}

/// A call that cannot be taken in even alone becomes a dead letter, with the reason.
async fn read_alone(gateway: &Arc<Gateway>, entry: &Entry) -> Result<bool, StoreError> {
    match read_together(gateway, std::slice::from_ref(entry)).await {
        // The call is not to blame: it keeps its place in line.
        Err(error) if error.is_passing() => Err(error),
        Err(error) => {
            tracing::error!(position = entry.position, error = &error as &dyn std::error::Error, "a call became a dead letter");
            let now = gateway.clock.now();
            let mut tx = gateway.db.begin().await?;
            let reason = format!("{error}; onethread {}", env!("CARGO_PKG_VERSION"));
            tx.bury_call(entry.position, &reason, now).await?;
            tx.commit(now).await?;
            Ok(true)
        }
        read => read,
    }
}
