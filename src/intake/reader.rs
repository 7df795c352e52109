//! The ledger's reader: what was stored is understood in order, many calls in
//! one transaction, each exactly once in effect.

use super::fates::Fates;
use super::understand::{After, Event, Meant, Understood, take_in, understand};
use crate::answering;
use crate::gateway::Gateway;
use crate::outbox;
use futures::FutureExt;
use onethread_core::Millis;
use onethread_core::clock::SECOND;
use onethread_core::ids::InboxId;
use onethread_store::ledger::Entry;
use onethread_store::sights::Sight;
use onethread_store::{StoreError, Tx, Writer};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// One reader at a time, however many processes share the database: order is worth more than parallel parsing.
const LEASE: &str = "reader";
/// Renewed with each batch, and only then: the row itself keeps two readers apart.
const LEASE_FOR: i64 = 2 * SECOND;
/// Calls understood in one transaction.
pub const TOGETHER_MOST: usize = 256;
/// How soon a sleeping reader looks by itself: for calls that another process stored.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A stored call, and what it says.
pub struct Call<'a> {
    pub position: i64,
    pub inbox: &'a InboxId,
    pub received_at: Millis,
    pub understood: &'a Understood,
}

/// Understand what the ledger holds until the gateway stops. For databases that are shared.
pub async fn read_ledger(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    while !stop.is_cancelled() {
        let rest = match read_some(&gateway).await {
            Ok(true) => continue,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the ledger could not be read; trying again");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = gateway.bells.calls.notified() => {}
            () = gateway.db.reopened() => {}
            () = tokio::time::sleep(rest) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// The calls that are next; empty when there are none.
pub async fn open_calls(gateway: &Gateway) -> Result<Vec<Entry>, StoreError> {
    gateway.db.read().await?.open_calls(TOGETHER_MOST).await
}

/// One batch. `false` when there is nothing to do, or another process does it.
async fn read_some(gateway: &Arc<Gateway>) -> Result<bool, StoreError> {
    let entries = open_calls(gateway).await?;
    if entries.is_empty() {
        return Ok(false);
    }
    match guarded(read_together(gateway, &entries)).await {
        // One of them cannot be taken in: find it by taking them one by one.
        Err(error) if entries.len() > 1 => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a batch of calls failed; reading them one by one");
            read_one_by_one(gateway, &entries).await?;
            Ok(true)
        }
        Err(_) => read_alone(gateway, &entries[0]).await,
        read => read,
    }
}

/// Each in a transaction of its own.
pub async fn read_one_by_one(gateway: &Arc<Gateway>, entries: &[Entry]) -> Result<(), StoreError> {
    for entry in entries {
        read_alone(gateway, entry).await?;
    }
    Ok(())
}

/// A bug of ours must end neither the worker nor what else it carries.
pub async fn guarded<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let bug = StoreError::Conflict("the gateway failed on it; this is a bug worth reporting");
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(bug))
}

/// All of them. `false` where another process has some, or reads at all.
async fn read_together(gateway: &Arc<Gateway>, entries: &[Entry]) -> Result<bool, StoreError> {
    let understood = understand_all(gateway, entries).await?;
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    // An embedded database has no other process.
    if !gateway.db.is_sqlite() && !tx.hold_lease(LEASE, &gateway.process, now + LEASE_FOR, now).await? {
        return Ok(false);
    }
    let Some(calls) = claim(&mut tx, entries, &understood, now).await? else {
        // Of others' calls nothing stays claimed: the transaction ends here.
        return Ok(false);
    };
    let mut after = take_in_all(gateway, &mut tx, &calls, now).await?;
    let started = outbox::claim_queued(gateway, &mut tx, now).await?;
    after.parcels |= tx.queued_unclaimed();
    tx.commit(now).await?;
    outbox::start(gateway, started);
    after.follow(gateway);
    Ok(true)
}

/// What each of them says.
pub async fn understand_all(gateway: &Arc<Gateway>, entries: &[Entry]) -> Result<Vec<Understood>, StoreError> {
    let mut understood = Vec::with_capacity(entries.len());
    for entry in entries {
        understood.push(understand(gateway, &entry.inbox_id, &entry.call).await?);
    }
    Ok(understood)
}

/// These calls are being taken in by this transaction. `None`: some were already.
pub async fn claim<'a>(
    tx: &mut Tx,
    entries: &'a [Entry],
    understood: &'a [Understood],
    now: Millis,
) -> Result<Option<Vec<Call<'a>>>, StoreError> {
    let positions: Vec<i64> = entries.iter().map(|entry| entry.position).collect();
    if tx.claim_calls(&positions, now).await? < positions.len() {
        return Ok(None);
    }
    let call = |(entry, understood): (&'a Entry, &'a Understood)| Call {
        position: entry.position,
        inbox: &entry.inbox_id,
        received_at: entry.received_at,
        understood,
    };
    Ok(Some(entries.iter().zip(understood).map(call).collect()))
}

/// Every event of these calls, in order; what could not be understood becomes a dead letter.
pub async fn take_in_all(gateway: &Arc<Gateway>, tx: &mut Tx, calls: &[Call<'_>], now: Millis) -> Result<After, StoreError> {
    let mut after = After::default();
    take_in_events(gateway, tx, calls, &mut after).await?;
    for call in calls {
        if let Some(reason) = &call.understood.buried {
            tracing::warn!(position = call.position, inbox = %call.inbox, reason, "a call could not be understood");
            let reason = format!("{reason}; onethread {}", env!("CARGO_PKG_VERSION"));
            tx.bury_call(call.position, &reason, now).await?;
        }
    }
    Ok(after)
}

/// When each inbox was heard from last: the one that was called, and those that events are meant for.
fn heard<'a>(calls: &'a [Call<'_>]) -> BTreeMap<&'a InboxId, Millis> {
    let mut heard = BTreeMap::new();
    for call in calls {
        heard.insert(call.inbox, call.received_at);
        heard.extend(call.understood.events.iter().map(|meant| (&meant.live.id, call.received_at)));
    }
    heard
}

/// Every event that was not seen before, in order.
async fn take_in_events(gateway: &Arc<Gateway>, tx: &mut Tx, calls: &[Call<'_>], after: &mut After) -> Result<(), StoreError> {
    let mut heard: Vec<(&InboxId, Millis)> = heard(calls).into_iter().collect();
    heard.retain(|(inbox, at)| gateway.inboxes.get(inbox).is_none_or(|live| live.is_heard_anew(*at)));
    tx.heard_from_inboxes(&heard).await?;
    after.heard = heard.into_iter().map(|(inbox, at)| (inbox.clone(), at)).collect();
    let events: Vec<(&Call<'_>, &Meant)> =
        calls.iter().flat_map(|call| call.understood.events.iter().map(move |meant| (call, meant))).collect();
    let events = not_seen_before(tx, events, gateway.clock.now()).await?;
    let mut fates = Fates::default();
    for (place, (call, meant)) in events.iter().enumerate() {
        let (received_at, position) = (call.received_at, call.position);
        // At the start, before anything else is locked, and again after an event that needed statements of its own.
        if place == 0 || !(tx.holds_any() || Fates::take_up(meant)) {
            let writers: Vec<Writer<'_>> = events[place..].iter().filter_map(|(_, meant)| meant.writer()).collect();
            tx.hold(&writers, received_at).await?;
            if place == 0 {
                answering::foresee_orders(tx, events.iter().filter_map(|(_, meant)| meant.read_ahead())).await?;
            }
        }
        if fates.concern(meant) {
            fates.see_to(gateway, tx, after).await?;
        }
        if Fates::take_up(meant) {
            fates.put_aside(call, meant);
            continue;
        }
        let (live, inbound) = (&meant.live, &meant.inbound);
        let ahead = meant.ahead.as_ref();
        take_in(&mut Event { gateway, tx: &mut *tx, live, inbound, ahead, position, received_at, after: &mut *after }).await?;
    }
    fates.see_to(gateway, tx, after).await
}

/// Those of the events that are no redeliveries.
async fn not_seen_before<'a>(
    tx: &mut Tx,
    mut events: Vec<(&'a Call<'a>, &'a Meant)>,
    now: Millis,
) -> Result<Vec<(&'a Call<'a>, &'a Meant)>, StoreError> {
    let sights: Vec<Option<Sight<'_>>> =
        events.iter().map(|(call, meant)| meant.sight(call.understood.events.len() == 1)).collect();
    let known_by: Vec<Sight<'_>> = sights.iter().flatten().copied().collect();
    let mut fresh = tx.first_sights(&known_by, now).await?.into_iter();
    let mut always = sights.iter().map(Option::is_none);
    events.retain(|_| always.next() == Some(true) || fresh.next() == Some(true));
    Ok(events)
}

/// A call that cannot be taken in even alone becomes a dead letter, with the reason.
async fn read_alone(gateway: &Arc<Gateway>, entry: &Entry) -> Result<bool, StoreError> {
    match guarded(read_together(gateway, std::slice::from_ref(entry))).await {
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
