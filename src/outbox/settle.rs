//! What came of deliveries goes into the database: the good ones all in a few
//! statements, the others one by one.

use super::fate::{self, Next};
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

/// All of them or, on an error, none.
pub async fn settle(gateway: &Arc<Gateway>, settlements: &[Settlement]) -> Result<(), StoreError> {
    if settlements.is_empty() {
        return Ok(());
    }
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let gone: Vec<Gone<'_>> = settlements.iter().filter_map(|settlement| gone(gateway, settlement)).collect();
    tx.parcels_gone(&gone, now).await?;
    // Where the thread was merged meanwhile, consoles still see the message where it stands now.
    for one in &gone {
        tx.tell(Told::Message { thread: one.parcel.thread_id.clone(), message: one.parcel.message_id.clone() });
    }
    for (inbox, quota) in quotas(settlements) {
        tx.note_quota(&inbox, quota.remaining, quota.total, now).await?;
    }
    let mut pauses = Vec::new();
    for settlement in settlements {
        match &settlement.outcome {
            Outcome::Overtaken => end(&mut tx, settlement, End::Withheld, None, now).await?,
            Outcome::Tried(next) => {
                if let Some(reason) = not_gone(&mut tx, settlement, next, now).await? {
                    pauses.push((settlement.parcel.inbox_id.as_str().into(), reason));
                }
            }
        }
    }
    tx.commit(now).await?;
    pause(gateway, pauses).await
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
    // What is seen only once it is settled is seen as a whole.
    let live = gateway.inboxes.get(&parcel.inbox_id.as_str().into());
    let whole = live.is_some_and(|live| live.capabilities.doubles == Doubles::Impossible);
    let handed_at = (!whole).then_some(parcel.claimed_at);
    let status = if receipt.delivered { Status::Delivered } else { Status::Sent };
    Some(Gone { parcel, platform_id: receipt.message.as_str(), status, handed_at })
}

/// Answers the reason for which the inbox must pause, if that is what it means.
async fn not_gone(tx: &mut Tx, settlement: &Settlement, next: &Next, now: Millis) -> Result<Option<String>, StoreError> {
    let parcel = &settlement.parcel;
    match next {
        Next::Sent(_) => {}
        Next::Failed(error) => end(tx, settlement, End::Failed, Some(error), now).await?,
        Next::Blocked(error) => {
            let identity: IdentityId = parcel.identity_id.as_str().into();
            tx.set_blocked(&identity, Some(now)).await?;
            end(tx, settlement, End::Failed, Some(error), now).await?;
        }
        Next::Again { at, error } => {
            let doubtful = error.code == fate::UNCERTAIN;
            tx.requeue_parcel(&parcel.id, *at, Some(error), doubtful).await?;
        }
        Next::Uncertain(error) => end(tx, settlement, End::Uncertain, Some(error), now).await?,
        Next::Pause { reason, uncertain } => {
            match uncertain {
                Some(error) => end(tx, settlement, End::Uncertain, Some(error), now).await?,
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
    end_message(tx, &message, how, error, now).await
}

/// The rest of the message ends with it; what was never handed over has failed for certain.
pub async fn end_message(
    tx: &mut Tx,
    message: &MessageId,
    how: End,
    error: Option<&MessageError>,
    now: Millis,
) -> Result<(), StoreError> {
    let rest = if how == End::Uncertain { End::Failed } else { how };
    tx.end_rest_of(message, rest, now).await?;
    let status = match how {
        End::Sent => Status::Sent,
        End::Failed => Status::Failed,
        End::Uncertain => Status::Uncertain,
        End::Withheld => Status::Withheld,
    };
    tx.set_status(message, status, error).await?;
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

/// A token that is refused once is refused for all of the inbox's parcels: it pauses once.
async fn pause(gateway: &Arc<Gateway>, mut pauses: Vec<(InboxId, String)>) -> Result<(), StoreError> {
    pauses.dedup_by(|later, first| later.0 == first.0);
    for (inbox, reason) in pauses {
        inboxes::pause(gateway, &inbox, Some(&reason)).await?;
    }
    Ok(())
}
