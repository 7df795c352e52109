//! Which parcels go now: as many of each inbox as it has slots for.

use super::lanes::Slot;
use super::sender::start;
use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::clock::SECOND;
use onethread_core::ids::InboxId;
use onethread_store::outbox::ClaimedParcel;
use onethread_store::{StoreError, Tx};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After this a claimed parcel is nobody's; whoever is still delivering it renews the claim.
pub const CLAIM_FOR: Millis = 20 * SECOND;
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Until the next parcel is due and may go, but never long: another process may queue some. `None`: nothing waits.
pub async fn rest(gateway: &Gateway) -> Option<Duration> {
    let next = until_next(gateway).await.unwrap_or(Some(LOOK_EVERY))?;
    Some(next.clamp(Duration::from_millis(20), LOOK_EVERY))
}

async fn until_next(gateway: &Gateway) -> Result<Option<Duration>, StoreError> {
    let mut conn = gateway.db.read().await?;
    let now = gateway.clock.now();
    Ok(match conn.next_due().await? {
        None => None,
        Some(due) if due > now => Some(Duration::from_millis((due - now).unsigned_abs())),
        Some(_) => {
            let inboxes = conn.inboxes_due(now).await?;
            let wait = |inbox| gateway.outbox.lanes.wait(inbox, rate_of(gateway, inbox), Instant::now());
            Some(inboxes.iter().map(wait).min().unwrap_or(LOOK_EVERY))
        }
    })
}

fn rate_of(gateway: &Gateway, inbox: &InboxId) -> Option<u32> {
    gateway.inboxes.get(inbox)?.sends_per_second
}

/// Claim as many as each inbox has slots for, and start their deliveries. Answers how many.
pub async fn send_some(gateway: &Arc<Gateway>) -> Result<usize, StoreError> {
    let now = gateway.clock.now();
    let lanes = &gateway.outbox.lanes;
    // A look without the writer first: most of the time nothing is due.
    let mut due = gateway.db.read().await?.inboxes_due(now).await?;
    due.retain(|inbox| lanes.free(inbox, rate_of(gateway, inbox), Instant::now()) > 0);
    if due.is_empty() {
        return Ok(0);
    }
    let mut tx = gateway.db.begin().await?;
    let claim = onethread_core::ids::fresh("clm", now);
    let mut claimed = Vec::new();
    for inbox in &due {
        let free = i64::try_from(lanes.free(inbox, rate_of(gateway, inbox), Instant::now())).unwrap_or(1);
        let parcels = tx.claim_parcels(inbox, &claim, now + CLAIM_FOR, now, free).await?;
        for parcel in parcels {
            // We are stopping: nothing of this is claimed.
            let Some(slot) = lanes.take(inbox) else { return Ok(0) };
            claimed.push((parcel, slot));
        }
    }
    if claimed.is_empty() {
        return Ok(0);
    }
    tx.commit(now).await?;
    let count = claimed.len();
    start(gateway, claimed);
    Ok(count)
}

/// Claim at once what this transaction queued, as far as it may go now: to be started when it is committed.
pub async fn claim_queued(gateway: &Gateway, tx: &mut Tx, now: Millis) -> Result<Vec<(ClaimedParcel, Slot)>, StoreError> {
    let claim = onethread_core::ids::fresh("clm", now);
    let slot = |inbox: &InboxId| {
        // What is not live here is not sent from here.
        let live = gateway.inboxes.get(inbox)?;
        gateway.outbox.lanes.take_free(inbox, live.sends_per_second, Instant::now())
    };
    tx.claim_queued(&claim, now + CLAIM_FOR, now, slot).await
}
