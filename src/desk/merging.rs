//! Two customers who are one person become one, and can be parted again.

use super::{Actor, DeskError};
use crate::gateway::Gateway;
use crate::threads;
use onethread_core::Millis;
use onethread_core::ids::{CustomerId, MergeId, ThreadId};
use onethread_core::thread::{Lease, Speaker};
use onethread_store::Tx;
use onethread_store::live::Told;
use onethread_store::merges::line_of;
use onethread_store::threads::ThreadRow;
use serde_json::json;

/// Tries after the first, when the database broke a tie against us.
const TRIES: usize = 3;

/// Fold `from` into `into`. One thread shows both, in the order things were said.
pub async fn merge(gateway: &Gateway, into: &CustomerId, from: &CustomerId, actor: &Actor) -> Result<(), DeskError> {
    if into == from {
        return Err(DeskError::SameCustomer);
    }
    // The ledger's reader may hold the same threads in another order; the database then picks a loser.
    for _ in 0..TRIES {
        match try_merge(gateway, into, from, actor).await {
            Err(DeskError::Store(error)) if error.is_passing() => tokio::task::yield_now().await,
            done => return done,
        }
    }
    try_merge(gateway, into, from, actor).await
}

async fn try_merge(gateway: &Gateway, into: &CustomerId, from: &CustomerId, actor: &Actor) -> Result<(), DeskError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let (kept, folded) = (tx.customer(into).await?, tx.customer(from).await?);
    if kept.merged_into.is_some() || folded.merged_into.is_some() {
        return Err(DeskError::AlreadyMerged);
    }
    let (target, source) = hold_both(&mut tx, into, from).await?;
    let by = json!({ "id": actor.id(), "name": actor.name() });
    let merge = MergeId::fresh(now);
    tx.merge_customers(&merge, into, from, &by, now).await?;
    let (target_id, source_id): (ThreadId, ThreadId) = (target.id.as_str().into(), source.id.as_str().into());
    let (lease, reason) = most_human(&target, &source)?;
    tx.set_lease(&target_id, &lease, reason.as_deref()).await?;
    let line = json!({ "type": "merged", "customer": { "id": from, "name": folded.name }, "agent": by });
    threads::note_event_as(&mut tx, line_of(&merge), &target_id, None, line, now).await?;
    tx.tell(Told::ThreadGone { thread: source_id.0 });
    tx.tell(Told::Resequenced { thread: target_id.0.clone() });
    tx.commit(now).await?;
    Ok(())
}

/// Both threads, locked, always in the same order, so that two merges cannot wait for each other.
async fn hold_both(tx: &mut Tx, into: &CustomerId, from: &CustomerId) -> Result<(ThreadRow, ThreadRow), DeskError> {
    let (target, source) = (tx.thread_of(into).await?, tx.thread_of(from).await?);
    let (first, second) = if target.id < source.id { (&target.id, &source.id) } else { (&source.id, &target.id) };
    tx.hold_thread(&first.as_str().into()).await?;
    tx.hold_thread(&second.as_str().into()).await?;
    Ok((tx.thread_of(into).await?, tx.thread_of(from).await?))
}

/// Whoever of the two has a person's care keeps it. The number outgrows both, so that nothing the
/// bot had under way is spoken into the new conversation.
fn most_human(target: &ThreadRow, source: &ThreadRow) -> Result<(Lease, Option<String>), DeskError> {
    let (mine, theirs) = (target.lease()?, source.lease()?);
    let rank = |lease: &Lease| match lease.speaker {
        Speaker::Bot => 0,
        Speaker::Queue => 1,
        Speaker::Agent { .. } => 2,
    };
    let (speaker, reason) = if rank(&theirs) > rank(&mine) {
        (theirs.speaker, source.handoff_reason.clone())
    } else {
        (mine.speaker, target.handoff_reason.clone())
    };
    let waiting_since = [mine.waiting_since, theirs.waiting_since].into_iter().flatten().min();
    Ok((Lease { speaker, number: mine.number.max(theirs.number) + 1, waiting_since }, reason))
}

/// Undo a merge: both threads are as they were, with what was said since on its own side.
/// Answers the customer who stays and the one who is restored.
pub async fn unmerge(
    gateway: &Gateway,
    customer: &CustomerId,
    merge: Option<&MergeId>,
    _actor: &Actor,
) -> Result<(CustomerId, CustomerId), DeskError> {
    for _ in 0..TRIES {
        match try_unmerge(gateway, customer, merge).await {
            Err(DeskError::Store(error)) if error.is_passing() => tokio::task::yield_now().await,
            done => return done,
        }
    }
    try_unmerge(gateway, customer, merge).await
}

async fn try_unmerge(
    gateway: &Gateway,
    customer: &CustomerId,
    merge: Option<&MergeId>,
) -> Result<(CustomerId, CustomerId), DeskError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let standing = tx.merges_of(customer).await?;
    let merge = match merge {
        Some(id) => standing.into_iter().find(|row| row.id == id.as_str()),
        None => standing.into_iter().next(),
    };
    let merge = merge.ok_or(DeskError::NothingToUndo)?;
    if let Some(later) = tx.customer(customer).await?.merged_into {
        return Err(DeskError::LaterMergeFirst(later));
    }
    let from: CustomerId = merge.from_customer.as_str().into();
    let (target, source) = hold_both(&mut tx, customer, &from).await?;
    tx.part_customers(&merge, now).await?;
    for thread in [&target, &source] {
        free_if_uncared(&mut tx, thread, target.lease_number + 1, now).await?;
    }
    let (target_id, source_id): (ThreadId, ThreadId) = (target.id.into(), source.id.into());
    for thread in [target_id, source_id] {
        tx.tell(Told::Resequenced { thread: thread.0.clone() });
        tx.tell(Told::Thread { thread: thread.0 });
    }
    tx.commit(now).await?;
    Ok((customer.clone(), from))
}

/// A thread whose open episode went with the other side is the bot's again.
async fn free_if_uncared(tx: &mut Tx, thread: &ThreadRow, number: i64, _now: Millis) -> Result<(), DeskError> {
    let id: ThreadId = thread.id.as_str().into();
    let lease = thread.lease()?;
    let cared = tx.has_open_handoff(&id).await?;
    let speaker = if cared { lease.speaker } else { Speaker::Bot };
    let waiting_since = lease.waiting_since.filter(|_| cared);
    let reason = thread.handoff_reason.clone().filter(|_| cared);
    tx.set_lease(&id, &Lease { speaker, number, waiting_since }, reason.as_deref()).await?;
    Ok(())
}
