//! The ledger's reader: what was stored is understood in order, many calls in
//! one transaction, each exactly once in effect.

use super::understand::{After, understand};
use crate::gateway::Gateway;
use onethread_core::clock::SECOND;
use onethread_store::ledger::Entry;
use onethread_store::{StoreError, Tx};
use std::sync::Arc;
use std::time::Duration;

/// One reader at a time, however many processes share the database: order is worth more than parallel parsing.
const LEASE: &str = "reader";
/// Renewed with each batch, and only then: the row itself keeps two readers apart.
const LEASE_FOR: i64 = 2 * SECOND;
/// Calls understood in one transaction.
const TOGETHER_MOST: i64 = 100;
/// How soon a sleeping reader looks by itself: for calls that another process stored.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Understand what the ledger holds until the gateway stops.
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
            () = tokio::time::sleep(rest) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// One batch. `false` when there is nothing to do, or another process does it.
async fn read_some(gateway: &Arc<Gateway>) -> Result<bool, StoreError> {
    let entries = gateway.db.read().await?.open_calls(TOGETHER_MOST).await?;
    if entries.is_empty() {
        return Ok(false);
    }
    match read_together(gateway, &entries).await {
        Ok(read) => Ok(read),
        // One of them cannot be taken in: find it by taking them one by one.
        Err(error) if entries.len() > 1 => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a batch of calls failed; reading them one by one");
            for entry in &entries {
                read_alone(gateway, entry).await?;
            }
            Ok(true)
        }
        Err(_) => read_alone(gateway, &entries[0]).await,
    }
}

async fn read_together(gateway: &Arc<Gateway>, entries: &[Entry]) -> Result<bool, StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    if !tx.hold_lease(LEASE, &gateway.process, now + LEASE_FOR, now).await? {
        return Ok(false);
    }
    let mut after = After::default();
    for entry in entries {
        take_in(gateway, &mut tx, entry, &mut after).await?;
    }
    tx.commit(now).await?;
    after.follow(gateway);
    Ok(true)
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

async fn take_in(gateway: &Arc<Gateway>, tx: &mut Tx, entry: &Entry, after: &mut After) -> Result<(), StoreError> {
    // Another reader may have been here between the look and the lease.
    if !tx.claim_call(entry.position, gateway.clock.now()).await? {
        return Ok(());
    }
    if let Err(reason) = understand(gateway, tx, entry, after).await? {
        tracing::warn!(position = entry.position, inbox = %entry.inbox_id, reason, "a call could not be understood");
        let reason = format!("{reason}; onethread {}", env!("CARGO_PKG_VERSION"));
        tx.bury_call(entry.position, &reason, gateway.clock.now()).await?;
    }
    Ok(())
}
