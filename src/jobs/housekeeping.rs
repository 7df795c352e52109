//! What is done now and then so that nothing grows for ever, and so that this
//! process notices what others changed.

use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::clock::DAY;
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(10);
/// Rounds between two clean-ups: ten minutes.
const CLEAN_EVERY: u64 = 60;
const PRUNED_AT_ONCE: i64 = 500;
/// Each is all that a commit told, which may be some hundred events.
const TOLD_PRUNED_AT_ONCE: i64 = 50;
/// Missed messages older than anybody can ask for.
const MISSES_KEPT: i64 = (crate::learning::MOST_DAYS as i64 + 1) * DAY;
/// How long a console may be away and still catch up event by event.
const LIVE_KEPT: i64 = 7 * DAY;

/// Runs until it is dropped.
pub async fn keep_house(gateway: Arc<Gateway>) {
    for round in 0_u64.. {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = gateway.brain.refresh(&gateway.db).await {
            tracing::warn!(%error, "what the shop changed could not be taken up; the bot goes on as before");
        }
        // An embedded database has no other process.
        if !gateway.db.is_sqlite()
            && let Err(error) = crate::inboxes::take_up_changes(&gateway).await
        {
            tracing::warn!(%error, "what changed in the inboxes could not be taken up");
        }
        if let Err(error) = crate::outbox::settle_stranded(&gateway).await {
            tracing::warn!(%error, "what waits in disabled inboxes could not be settled");
        }
        if round % CLEAN_EVERY == 0
            && let Err(error) = clean(&gateway).await
        {
            tracing::warn!(%error, "old records could not be pruned");
        }
    }
}

async fn clean(gateway: &Gateway) -> onethread_store::Result<()> {
    let now = gateway.clock.now();
    let before = now.saturating_sub(i64::try_from(gateway.config.ledger_retention.as_millis()).unwrap_or(i64::MAX));
    let long_ago = [(Old::Told, now - LIVE_KEPT), (Old::Misses, now - MISSES_KEPT)];
    for (what, before) in
        [Old::Calls, Old::Events, Old::Parcels, Old::Waiting].map(|what| (what, before)).into_iter().chain(long_ago)
    {
        while prune(gateway, what, before).await? == what.at_once().unsigned_abs() {}
    }
    let mut tx = gateway.db.begin().await?;
    tx.prune_sessions(now).await?;
    tx.prune_wrong_tails(now - crate::answering::CODE_TAILS_WITHIN).await?;
    tx.commit(now).await
}

#[derive(Clone, Copy)]
enum Old {
    Calls,
    Events,
    Parcels,
    Waiting,
    Misses,
    Told,
}

impl Old {
    fn at_once(self) -> i64 {
        if matches!(self, Self::Told) { TOLD_PRUNED_AT_ONCE } else { PRUNED_AT_ONCE }
    }
}

/// In small transactions, so that other writers hardly notice. Answers how many went.
async fn prune(gateway: &Gateway, what: Old, before: Millis) -> onethread_store::Result<u64> {
    let mut tx = gateway.db.begin().await?;
    let most = what.at_once();
    let pruned = match what {
        Old::Calls => tx.prune_calls(before, most).await?,
        Old::Events => tx.prune_seen_events(before, most).await?,
        Old::Waiting => tx.prune_waiting(before, most).await?,
        Old::Parcels => tx.prune_parcels(before, most).await?,
        Old::Told => tx.prune_live_events(before, most).await?,
        Old::Misses => tx.prune_misses(before, most).await?,
    };
    tx.commit(gateway.clock.now()).await?;
    Ok(pruned)
}
