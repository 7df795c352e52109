//! What came of deliveries goes into the database: the good ones all in a few
//! statements, the others one by one.

use super::fate::{self, Next};
use super::sender::{Settlements, report};
use crate::gateway::Gateway;
use crate::inboxes;
use onethread_core::Millis;
use onethread_core::channel::{Doubles, Quota, Receipt};
use onethread_core::ids::{IdentityId, InboxId, MessageId};
use onethread_core::message::Status;
use onethread_store::live::Told;
use onethread_store::messages::MessageError;
use onethread_store::outbox::{ClaimedParcel, End, Gone};
use onethread_store::{StoreError, Tx};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Settled in one transaction.
pub const TOGETHER_MOST: usize = 256;
/// What comes so close together shares one transaction, and one durable write.
pub const GATHER: Duration = Duration::from_millis(2);
/// Together well below what is left of a claim.
const SETTLE_PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(4)];
/// How often a stop looks whether deliveries are still under way.
pub const STOPPED_YET: Duration = Duration::from_millis(20);

/// One delivery that is over.
pub struct Settlement {
    pub parcel: ClaimedParcel,
    pub outcome: Outcome,
}

/// What came of one parcel.
pub enum Outcome {
    /// A person stepped in after the bot had queued it.
    Overtaken,
    Tried(Box<Next>),
}

impl Settlement {
    fn receipt(&self) -> Option<&Receipt> {
        match &self.outcome {
            Outcome::Tried(next) => match &**next {
                Next::Sent(receipt) => Some(receipt),
                _ => None,
            },
            Outcome::Overtaken => None,
        }
    }

    fn message(&self) -> MessageId {
        self.parcel.message_id.as_str().into()
    }
}

/// Settle deliveries until the gateway stops; those under way are waited for. For databases that are shared.
pub async fn settle_deliveries(gateway: Arc<Gateway>, mut settlements: Settlements) {
    while let Some(first) = next(&gateway, &mut settlements).await {
        let mut together = vec![first];
        gather(&mut settlements, &mut together, TOGETHER_MOST);
        settle_surely(&gateway, &together).await;
        settled(&gateway, &together);
        tokio::time::sleep(GATHER).await;
    }
}

/// The next delivery that is over. `None`: the gateway stops, and nothing is under way any more.
async fn next(gateway: &Gateway, settlements: &mut Settlements) -> Option<Settlement> {
    let stop = gateway.tasks.token();
    loop {
        if stop.is_cancelled() && gateway.outbox.lanes.close_if_idle() && settlements.is_empty() {
            return None;
        }
        tokio::select! {
            settlement = settlements.recv() => return settlement,
            () = stop.cancelled(), if !stop.is_cancelled() => {}
            () = tokio::time::sleep(STOPPED_YET), if stop.is_cancelled() => {}
        }
    }
}

/// Wake whoever sends: these recipients are free for their next parcel, where there is one.
pub fn settled(gateway: &Gateway, settlements: &[Settlement]) {
    gateway.outbox.note_settled(settlements.len(), gateway.clock.now());
    let again = settlements.iter().any(|settlement| settlement.receipt().is_none());
    if again || !settlements.is_empty() && !gateway.outbox.nothing_waits() {
        gateway.bells.parcels.notify_one();
    }
}

/// What else is over by now, until there are so many.
pub fn gather(settlements: &mut Settlements, together: &mut Vec<Settlement>, most: usize) {
    while together.len() < most
        && let Ok(settlement) = settlements.try_recv()
    {
        together.push(settlement);
    }
}

/// What the platform said is known nowhere else: a database that is away for a moment must not lose it.
pub async fn settle_surely(gateway: &Arc<Gateway>, settlements: &[Settlement]) {
    let mut pauses = SETTLE_PAUSES.into_iter();
    loop {
        let error = match settle(gateway, settlements).await {
            Ok(()) => return,
            Err(error) => error,
        };
        match pauses.next() {
            Some(pause) if error.is_passing() => {
                tracing::warn!(error = &error as &dyn std::error::Error, "settling deliveries again");
                tokio::time::sleep(pause).await;
            }
            // One of them cannot be settled: the others must not suffer for it.
            _ if settlements.len() > 1 => {
                for one in settlements {
                    report(settle(gateway, std::slice::from_ref(one)).await, "a delivery could not be settled");
                }
                return;
            }
            _ => return report(Err(error), "a delivery could not be settled"),
        }
    }
}

/// All of them or, on an error, none.
async fn settle(gateway: &Arc<Gateway>, settlements: &[Settlement]) -> Result<(), StoreError> {
    if settlements.is_empty() {
        return Ok(());
    }
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let Settled { pauses, resumed } = settle_in(gateway, &mut tx, settlements, now).await?;
    tx.commit(now).await?;
    if resumed {
        gateway.bells.parcels.notify_one();
    }
    pause(gateway, pauses).await;
    Ok(())
}

/// What follows a settling once it is committed.
#[derive(Default)]
pub struct Settled {
    /// Inboxes that must pause, and why.
    pub pauses: Vec<(InboxId, String)>,
    /// Parcels are queued again that were given up.
    pub resumed: bool,
}

/// The same within a transaction.
pub async fn settle_in(gateway: &Gateway, tx: &mut Tx, settlements: &[Settlement], now: Millis) -> Result<Settled, StoreError> {
    let mut settled = Settled::default();
    let gone: Vec<Gone<'_>> = settlements.iter().filter_map(|settlement| gone(gateway, settlement)).collect();
    for message in tx.parcels_gone(&gone, now).await? {
        settled.resumed |= went_after_all(tx, &message, now).await?;
    }
    // Where the thread was merged meanwhile, consoles still see the message where it stands now.
    for one in &gone {
        tx.tell(Told::Message { thread: one.parcel.thread_id.clone(), message: one.parcel.message_id.clone() });
    }
    for (inbox, quota) in quotas(settlements) {
        tx.note_quota(&inbox, quota.remaining, quota.total, now).await?;
    }
    for settlement in settlements {
        match &settlement.outcome {
            Outcome::Overtaken => {
                let begun = !seen_whole(gateway, &settlement.parcel) && tx.has_begun(&settlement.message()).await?;
                end(gateway, tx, settlement, End::Withheld, begun.then(fate::cut_short).as_ref(), now).await?;
            }
            Outcome::Tried(next) => {
                if let Some(reason) = not_gone(gateway, tx, settlement, next, now).await? {
                    settled.pauses.push((settlement.parcel.inbox_id.as_str().into(), reason));
                }
            }
        }
        // Last: whoever reads what waited must see the end.
        if settlement.receipt().is_none() {
            tx.no_longer_under_way(&settlement.parcel.inbox_id, &settlement.parcel.address).await?;
        }
    }
    Ok(settled)
}

/// What each inbox may still send, as the platform said last.
fn quotas(settlements: &[Settlement]) -> BTreeMap<InboxId, Quota> {
    let quota = |settlement: &Settlement| {
        let quota = settlement.receipt()?.quota?;
        Some((settlement.parcel.inbox_id.as_str().into(), quota))
    };
    settlements.iter().filter_map(quota).collect()
}

fn gone<'a>(gateway: &Gateway, settlement: &'a Settlement) -> Option<Gone<'a>> {
    let (receipt, parcel) = (settlement.receipt()?, &settlement.parcel);
    let handed_at = (!seen_whole(gateway, parcel)).then_some(parcel.claimed_at);
    let status = if receipt.delivered { Status::Delivered } else { Status::Sent };
    Some(Gone { parcel, platform_id: receipt.message.as_str(), status, handed_at })
}

/// What is seen only once it is settled is seen as a whole.
fn seen_whole(gateway: &Gateway, parcel: &ClaimedParcel) -> bool {
    let live = gateway.inboxes.get(&parcel.inbox_id.as_str().into());
    live.is_some_and(|live| live.capabilities.doubles == Doubles::Impossible)
}

/// The same of a message whose inbox may be closed by now.
async fn shown_whole(gateway: &Gateway, tx: &mut Tx, message: &MessageId) -> Result<bool, StoreError> {
    let channel = tx.message(message).await?.channel.and_then(|channel| gateway.channel(&channel));
    Ok(channel.is_some_and(|channel| channel.capabilities().doubles == Doubles::Impossible))
}

/// Answers the reason for which the inbox must pause, if that is what it means.
async fn not_gone(
    gateway: &Gateway,
    tx: &mut Tx,
    settlement: &Settlement,
    next: &Next,
    now: Millis,
) -> Result<Option<String>, StoreError> {
    let parcel = &settlement.parcel;
    match next {
        Next::Sent(_) => {}
        Next::Failed(error) => end(gateway, tx, settlement, End::Failed, Some(error), now).await?,
        Next::Blocked(error) => {
            let identity: IdentityId = parcel.identity_id.as_str().into();
            tx.set_blocked(&identity, Some(now)).await?;
            let how = if error.code == fate::UNCERTAIN { End::Uncertain } else { End::Failed };
            end(gateway, tx, settlement, how, Some(error), now).await?;
        }
        Next::Again { at, error } => {
            let doubtful = error.code == fate::UNCERTAIN;
            tx.requeue_parcel(&parcel.id, *at, Some(error), doubtful).await?;
        }
        Next::Uncertain(error) => end(gateway, tx, settlement, End::Uncertain, Some(error), now).await?,
        Next::Pause { reason, uncertain } => {
            match uncertain {
                Some(error) => end(gateway, tx, settlement, End::Uncertain, Some(error), now).await?,
                None => tx.requeue_parcel(&parcel.id, now, None, false).await?,
            }
            return Ok(Some(reason.clone()));
        }
    }
    if matches!(next, Next::Again { .. }) {
        let thread = tx.message(&settlement.message()).await?.thread_id;
        tx.tell(Told::Message { thread, message: parcel.message_id.clone() });
    }
    Ok(None)
}

/// The parcel ends, and the message with it. Not if it has ended already: the platform may have shown
/// us the message before it answered, or instead of answering.
async fn end(
    gateway: &Gateway,
    tx: &mut Tx,
    settlement: &Settlement,
    how: End,
    error: Option<&MessageError>,
    now: Millis,
) -> Result<(), StoreError> {
    let message = settlement.message();
    if !tx.end_parcel(&settlement.parcel.id, how, None, error, now).await? {
        return Ok(());
    }
    end_message(gateway, tx, &message, how, error, now).await
}

/// The rest of the message ends with it; what was never handed over has failed for certain.
pub async fn end_message(
    gateway: &Gateway,
    tx: &mut Tx,
    message: &MessageId,
    how: End,
    error: Option<&MessageError>,
    now: Millis,
) -> Result<(), StoreError> {
    let rest = if how == End::Uncertain { End::Failed } else { how };
    tx.end_rest_of(message, rest, now).await?;
    let mut error = error.cloned();
    if let Some(error) = error.as_mut() {
        error.in_part |= !shown_whole(gateway, tx, message).await? && tx.has_begun(message).await?;
    }
    let status = match how {
        End::Sent => Status::Sent,
        End::Failed => Status::Failed,
        End::Uncertain => Status::Uncertain,
        End::Withheld => Status::Withheld,
    };
    tx.set_status(message, status, error.as_ref()).await?;
    let thread = tx.message(message).await?.thread_id;
    tx.tell(Told::Message { thread, message: message.0.clone() });
    Ok(())
}

/// A part with an unknown fate went: what was to follow it is queued, or the message has gone. Answers
/// whether there is more to send.
pub async fn went_after_all(tx: &mut Tx, message: &MessageId, now: Millis) -> Result<bool, StoreError> {
    let more = tx.resume_parcels_of(message, now).await? > 0;
    let row = tx.message(message).await?;
    if more {
        tx.set_status(message, Status::Queued, None).await?;
    } else if tx.unsent_parcels_of(message).await? == 0 && !matches!(row.status.as_str(), "delivered" | "read") {
        tx.set_status(message, Status::Sent, None).await?;
    }
    tx.tell(Told::Message { thread: row.thread_id.clone(), message: message.0.clone() });
    tx.tell(Told::Thread { thread: row.thread_id });
    Ok(more)
}

/// A token that is refused once is refused for all of the inbox's parcels: it pauses once. Where that fails it is tried
/// again with the next refusal: what is settled stays settled.
pub async fn pause(gateway: &Arc<Gateway>, mut pauses: Vec<(InboxId, String)>) {
    pauses.dedup_by(|later, first| later.0 == first.0);
    for (inbox, reason) in pauses {
        if let Err(error) = inboxes::pause(gateway, &inbox, Some(&reason)).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(%inbox, reason, error, "the platform refused the inbox's token, but it could not be paused");
        }
    }
}
