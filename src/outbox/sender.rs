//! The sender: many recipients at once, one parcel at a time for each.

use super::fate::{self, Next, Tried};
use crate::gateway::Gateway;
use crate::inboxes::{self, Live};
use onethread_core::Millis;
use onethread_core::channel::{DeliveryError, OutboundFile, Parcel, ParcelContent, Receipt, RefusedBecause, Voice};
use onethread_core::clock::SECOND;
use onethread_core::ids::{IdentityId, MessageId};
use onethread_core::message::{Attachment, Status};
use onethread_core::parts::Part;
use onethread_core::window::{Reach, reach};
use onethread_store::StoreError;
use onethread_store::live::Told;
use onethread_store::messages::MessageError;
use onethread_store::outbox::{ClaimedParcel, End};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Deliveries under way at once.
const TOGETHER_MOST: usize = 64;
/// A platform that has not answered by then leaves the parcel uncertain.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// After this a claimed parcel is nobody's; whoever is still delivering it renews the claim.
const CLAIM_FOR: Millis = 20 * SECOND;
const RENEW_EVERY: Duration = Duration::from_secs(6);
/// Together well below what is left of a claim.
const SETTLE_PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(4)];
/// Parcels that come so close together share one claim, and one durable write.
const GATHER: Duration = Duration::from_millis(4);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const ORPHANS_EVERY: Duration = Duration::from_secs(10);

/// Send what is queued until the gateway stops; deliveries under way are finished.
pub async fn send_parcels(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    let room = Arc::new(Semaphore::new(TOGETHER_MOST));
    // An embedded database has no other process: whatever is under way is ours from before.
    let mut orphans_before = if gateway.db.is_sqlite() { Some(Millis::MAX) } else { None };
    let mut orphans_at = tokio::time::Instant::now();
    while !stop.is_cancelled() {
        if orphans_at <= tokio::time::Instant::now() {
            let before = orphans_before.take().unwrap_or_else(|| gateway.clock.now());
            report(adopt_orphans(&gateway, before).await, "orphaned parcels could not be adopted");
            orphans_at = tokio::time::Instant::now() + ORPHANS_EVERY;
        }
        let sent = send_some(&gateway, &room).await;
        if matches!(sent, Ok(true)) {
            tokio::time::sleep(GATHER).await;
            continue;
        }
        report(sent.map(drop), "the outbox could not be read");
        tokio::select! {
            () = gateway.bells.parcels.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(rest(&gateway).await) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn report(done: Result<(), StoreError>, what: &str) {
    if let Err(error) = done {
        tracing::error!(error = &error as &dyn std::error::Error, "{what}");
    }
}

/// Until the next parcel is due, but never long: another process may queue some.
async fn rest(gateway: &Gateway) -> Duration {
    let due = match gateway.db.read().await {
        Ok(mut conn) => conn.next_due().await.ok().flatten(),
        Err(_) => None,
    };
    let wait = due.map_or(Millis::MAX, |due| due - gateway.clock.now());
    Duration::from_millis(u64::try_from(wait.max(20)).unwrap_or(20)).min(LOOK_EVERY)
}

/// Claim as many as there is room for. `true`: there may be more.
async fn send_some(gateway: &Arc<Gateway>, room: &Arc<Semaphore>) -> Result<bool, StoreError> {
    let free = room.available_permits();
    if free == 0 {
        return Ok(false);
    }
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let claim = onethread_core::ids::fresh("clm", now);
    let claimed = tx.claim_parcels(&claim, now + CLAIM_FOR, now, i64::try_from(free).unwrap_or(1)).await?;
    if claimed.is_empty() {
        return Ok(false);
    }
    tx.commit(now).await?;
    for parcel in claimed {
        let Ok(permit) = room.clone().acquire_owned().await else { return Ok(false) };
        let gateway = gateway.clone();
        let tasks = gateway.tasks.clone();
        tasks.spawn("deliver", async move {
            let outcome = tokio::select! {
                outcome = deliver(&gateway, &parcel) => outcome,
                never = keep_claim(&gateway, &parcel.id) => match never {},
            };
            report(settle_surely(&gateway, &parcel, &outcome).await, "a delivery could not be settled");
            drop(permit);
            gateway.bells.parcels.notify_one();
        });
    }
    Ok(true)
}

/// While a platform takes its time, nobody else may think that we are gone.
async fn keep_claim(gateway: &Gateway, id: &str) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let now = gateway.clock.now();
        let renewed = async {
            let mut tx = gateway.db.begin().await?;
            tx.renew_claim(id, now + CLAIM_FOR).await?;
            tx.commit(now).await
        };
        report(renewed.await, "a claim could not be renewed");
    }
}

/// What came of one parcel.
enum Outcome {
    /// A person stepped in after the bot had queued it.
    Overtaken,
    Tried(Box<Next>),
}

async fn deliver(gateway: &Arc<Gateway>, claimed: &ClaimedParcel) -> Outcome {
    let by_bot = claimed.voice == "bot";
    if by_bot && claimed.lease_number != claimed.thread_lease {
        return Outcome::Overtaken;
    }
    let now = gateway.clock.now();
    let found = inboxes::find(gateway, &claimed.inbox_id.as_str().into()).await;
    let live = found.as_ref().ok().and_then(Option::as_ref);
    let deduplicates = live.is_some_and(|live| live.capabilities.deduplicates);
    let answer = match &found {
        Ok(Some(live)) => attempt(gateway, live, claimed, now).await,
        Err(error) => Err(DeliveryError::Unreachable(error.to_string())),
        Ok(None) => Err(DeliveryError::refused(RefusedBecause::NotPermitted, "the inbox is disabled")),
    };
    let tried = Tried {
        attempts: claimed.attempts,
        queued_at: claimed.queued_at,
        by_bot,
        deduplicates,
        now,
        jitter: i64::from(rand::random::<u16>() % 500),
    };
    Outcome::Tried(Box::new(fate::next(answer, tried)))
}

async fn attempt(gateway: &Gateway, live: &Live, claimed: &ClaimedParcel, now: Millis) -> Result<Receipt, DeliveryError> {
    let voice = if claimed.voice == "bot" { Voice::Bot } else { Voice::Person };
    if let Reach::Closed { .. } = reach(&live.capabilities.windows, claimed.last_interaction_at, voice, now) {
        return Err(DeliveryError::refused(RefusedBecause::WindowClosed, ""));
    }
    let parcel = Parcel {
        key: claimed.id.as_str().into(),
        to: claimed.address.as_str().into(),
        content: content(gateway, claimed)?,
        reply_to: claimed.reply_to.as_deref().map(Into::into),
        voice,
        last_interaction: claimed.last_interaction_at,
    };
    match tokio::time::timeout(ANSWER_WITHIN, live.connector.deliver(&parcel)).await {
        Ok(answer) => answer,
        Err(_) => Err(DeliveryError::Uncertain("no answer within a minute".into())),
    }
}

fn content(gateway: &Gateway, claimed: &ClaimedParcel) -> Result<ParcelContent, DeliveryError> {
    let (id, caption) = match &claimed.part.0 {
        Part::Text { text, buttons, ask_phone } => {
            let (text, buttons, ask_phone) = (text.clone(), buttons.clone(), ask_phone.clone());
            return Ok(ParcelContent::Text { text, buttons, ask_phone });
        }
        Part::File { file, caption } => (file, caption.clone()),
    };
    let named = claimed.content.attachments.iter().find_map(|attachment| match attachment {
        Attachment::File { id: file, kind, name, mime, size, .. } if file == id => Some(OutboundFile {
            id: file.clone(),
            kind: *kind,
            name: name.clone().unwrap_or_else(|| "file".into()),
            mime: mime.clone().unwrap_or_else(|| "application/octet-stream".into()),
            size: size.unwrap_or(0),
            url: gateway.media.public_link(&gateway.config, file, gateway.clock.now()),
        }),
        _ => None,
    });
    let file = named.ok_or_else(|| DeliveryError::refused(RefusedBecause::BadFile, "the file is gone"))?;
    Ok(ParcelContent::File { file, caption })
}

/// What the platform said is known nowhere else: a database that is away for a moment must not lose it.
async fn settle_surely(gateway: &Arc<Gateway>, claimed: &ClaimedParcel, outcome: &Outcome) -> Result<(), StoreError> {
    for pause in SETTLE_PAUSES {
        match settle(gateway, claimed, outcome).await {
            Err(error) if error.is_passing() => {
                tracing::warn!(error = &error as &dyn std::error::Error, "settling a delivery again")
            }
            settled => return settled,
        }
        tokio::time::sleep(pause).await;
    }
    settle(gateway, claimed, outcome).await
}

async fn settle(gateway: &Arc<Gateway>, claimed: &ClaimedParcel, outcome: &Outcome) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let (message, identity): (MessageId, IdentityId) = (claimed.message_id.as_str().into(), claimed.identity_id.as_str().into());
    let mut tx = gateway.db.begin().await?;
    let mut pause = None;
    match outcome {
        Outcome::Overtaken => {
            tx.end_parcel(&claimed.id, End::Withheld, None, None, now).await?;
            tx.end_rest_of(&message, End::Withheld, now).await?;
            tx.set_status(&message, Status::Withheld, None).await?;
        }
        Outcome::Tried(next) => match &**next {
            Next::Sent(receipt) => sent(&mut tx, claimed, receipt, now).await?,
            Next::Failed(error) => failed(&mut tx, claimed, error, now).await?,
            Next::Blocked(error) => {
                tx.set_blocked(&identity, Some(now)).await?;
                failed(&mut tx, claimed, error, now).await?;
            }
            Next::Again { at, error } => tx.requeue_parcel(&claimed.id, *at, Some(error)).await?,
            Next::Uncertain(error) => {
                tx.end_parcel(&claimed.id, End::Uncertain, None, Some(error), now).await?;
                tx.end_rest_of(&message, End::Uncertain, now).await?;
                tx.set_status(&message, Status::Uncertain, Some(error)).await?;
            }
            Next::Pause(reason) => {
                tx.requeue_parcel(&claimed.id, now, None).await?;
                pause = Some(reason.clone());
            }
        },
    }
    let thread = tx.message(&message).await?.thread_id;
    tx.tell(Told::Message { thread, message: message.0 });
    tx.commit(now).await?;
    if let Some(reason) = pause {
        inboxes::pause(gateway, &claimed.inbox_id.as_str().into(), Some(&reason)).await?;
    }
    Ok(())
}

async fn sent(tx: &mut onethread_store::Tx, claimed: &ClaimedParcel, receipt: &Receipt, now: Millis) -> Result<(), StoreError> {
    let (message, identity): (MessageId, IdentityId) = (claimed.message_id.as_str().into(), claimed.identity_id.as_str().into());
    tx.end_parcel(&claimed.id, End::Sent, Some(receipt.message.as_str()), None, now).await?;
    tx.link_platform_id(&identity, receipt.message.as_str(), &message).await?;
    if let Some(quota) = receipt.quota {
        tx.note_quota(&claimed.inbox_id.as_str().into(), quota.remaining, quota.total, now).await?;
    }
    if tx.unsent_parcels_of(&message).await? == 0 {
        let status = if receipt.delivered { Status::Delivered } else { Status::Sent };
        tx.raise_status(&identity, receipt.message.as_str(), status).await?;
    }
    Ok(())
}

async fn failed(
    tx: &mut onethread_store::Tx,
    claimed: &ClaimedParcel,
    error: &MessageError,
    now: Millis,
) -> Result<(), StoreError> {
    let message: MessageId = claimed.message_id.as_str().into();
    tx.end_parcel(&claimed.id, End::Failed, None, Some(error), now).await?;
    tx.end_rest_of(&message, End::Failed, now).await?;
    tx.set_status(&message, Status::Failed, Some(error)).await
}

/// Parcels whose sender is gone may have been sent: again where the platform drops doubles, else an agent decides.
async fn adopt_orphans(gateway: &Arc<Gateway>, before: Millis) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    for (id, message, inbox) in tx.orphaned_parcels(before).await? {
        let live = gateway.inboxes.get(&inbox.as_str().into());
        if live.is_some_and(|live| live.capabilities.deduplicates) {
            tx.requeue_parcel(&id, now, None).await?;
            continue;
        }
        let error = MessageError {
            code: "uncertain".into(),
            detail: "the gateway was stopped while it was sending, so it may have been sent".into(),
        };
        let message: MessageId = message.into();
        tx.end_parcel(&id, End::Uncertain, None, Some(&error), now).await?;
        tx.end_rest_of(&message, End::Uncertain, now).await?;
        tx.set_status(&message, Status::Uncertain, Some(&error)).await?;
        let thread = tx.message(&message).await?.thread_id;
        tx.tell(Told::Message { thread, message: message.0 });
    }
    tx.commit(now).await
}
