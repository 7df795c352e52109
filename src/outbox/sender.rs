//! The sender: many recipients at once, one parcel at a time for each. What
//! came of deliveries is settled, and what is due claimed, many in one
//! transaction: the busier it is, the less each costs.

use super::fate::{self, Tried};
use super::settle::{Outcome, Settlement, end_message, settle};
use crate::gateway::Gateway;
use crate::inboxes::{self, Live};
use onethread_core::Millis;
use onethread_core::channel::{DeliveryError, Doubles, OutboundFile, Parcel, ParcelContent, Receipt, RefusedBecause, Voice};
use onethread_core::clock::SECOND;
use onethread_core::message::Attachment;
use onethread_core::parts::Part;
use onethread_core::window::{Reach, reach};
use onethread_store::StoreError;
use onethread_store::outbox::{ClaimedParcel, End};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Deliveries under way at once, all inboxes together.
const TOGETHER_MOST: usize = 256;
/// A platform that has not answered by then leaves the parcel uncertain.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// After this a claimed parcel is nobody's; whoever is still delivering it renews the claim.
const CLAIM_FOR: Millis = 20 * SECOND;
const RENEW_EVERY: Duration = Duration::from_secs(6);
/// Together well below what is left of a claim.
const SETTLE_PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(4)];
/// What comes so close together shares one transaction, and one durable write.
const GATHER: Duration = Duration::from_millis(2);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const ORPHANS_EVERY: Duration = Duration::from_secs(10);

/// What deliveries share with the loop that started them.
struct Desk {
    gateway: Arc<Gateway>,
    room: Arc<Semaphore>,
    /// How deliveries tell what came of them.
    done: mpsc::Sender<Settlement>,
}

/// Send what is queued until the gateway stops; deliveries under way are finished and settled.
pub async fn send_parcels(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    let (done, mut settlements) = mpsc::channel(TOGETHER_MOST * 2);
    let desk = Desk { gateway: gateway.clone(), room: Arc::new(Semaphore::new(TOGETHER_MOST)), done };
    // An embedded database has no other process: whatever is under way is ours from before.
    let mut orphans_before = if gateway.db.is_sqlite() { Some(Millis::MAX) } else { None };
    let mut orphans_at = tokio::time::Instant::now();
    loop {
        if stop.is_cancelled() && desk.is_idle() && settlements.is_empty() {
            return;
        }
        if orphans_at <= tokio::time::Instant::now() {
            let before = orphans_before.take().unwrap_or_else(|| gateway.clock.now());
            report(adopt_orphans(&gateway, before).await, "orphaned parcels could not be adopted");
            orphans_at = tokio::time::Instant::now() + ORPHANS_EVERY;
        }
        let mut settled = Vec::new();
        while settled.len() < TOGETHER_MOST
            && let Ok(settlement) = settlements.try_recv()
        {
            settled.push(settlement);
        }
        let any_settled = !settled.is_empty();
        desk.settle_surely(settled).await;
        let claimed = if stop.is_cancelled() { Ok(0) } else { desk.send_some().await };
        if any_settled || matches!(claimed, Ok(1..)) {
            tokio::time::sleep(GATHER).await;
            continue;
        }
        report(claimed.map(drop), "the outbox could not be read");
        tokio::select! {
            () = gateway.bells.parcels.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(rest(&gateway).await) => {}
            () = stop.cancelled(), if !stop.is_cancelled() => {}
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

impl Desk {
    fn is_idle(&self) -> bool {
        self.room.available_permits() == TOGETHER_MOST
    }

    /// Claim as many as there is room for, and start their deliveries. Answers how many.
    async fn send_some(&self) -> Result<usize, StoreError> {
        let free = self.room.available_permits();
        let now = self.gateway.clock.now();
        // A look without the writer first: most of the time nothing is due.
        if free == 0 || self.gateway.db.read().await?.next_due().await?.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let mut tx = self.gateway.db.begin().await?;
        let claim = onethread_core::ids::fresh("clm", now);
        let claimed = tx.claim_parcels(&claim, now + CLAIM_FOR, now, i64::try_from(free).unwrap_or(1)).await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        tx.commit(now).await?;
        let count = claimed.len();
        for parcel in claimed {
            self.start(parcel).await;
        }
        Ok(count)
    }

    async fn start(&self, parcel: ClaimedParcel) {
        let Ok(permit) = self.room.clone().acquire_owned().await else { return };
        let (gateway, done) = (self.gateway.clone(), self.done.clone());
        self.gateway.tasks.spawn("deliver", async move {
            let outcome = tokio::select! {
                outcome = deliver(&gateway, &parcel) => outcome,
                never = keep_claim(&gateway, &parcel.id) => match never {},
            };
            // Told before the room is free: a stop waits for both.
            let _ = done.send(Settlement { parcel, outcome }).await;
            drop(permit);
            gateway.bells.parcels.notify_one();
        });
    }

    /// What the platform said is known nowhere else: a database that is away for a moment must not lose it.
    async fn settle_surely(&self, mut settlements: Vec<Settlement>) {
        let mut pauses = SETTLE_PAUSES.into_iter();
        while !settlements.is_empty() {
            let error = match settle(&self.gateway, &settlements).await {
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
                    for one in settlements.drain(..) {
                        report(settle(&self.gateway, std::slice::from_ref(&one)).await, "a delivery could not be settled");
                    }
                }
                _ => return report(Err(error), "a delivery could not be settled"),
            }
        }
    }
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

async fn deliver(gateway: &Arc<Gateway>, claimed: &ClaimedParcel) -> Outcome {
    let by_bot = voice_of(claimed) == Voice::Bot;
    if by_bot && claimed.lease_number != claimed.thread_lease {
        return Outcome::Overtaken;
    }
    let now = gateway.clock.now();
    let doubtful = claimed.error.as_ref().is_some_and(|error| error.code == fate::UNCERTAIN);
    // Its inbox was paused meanwhile, or the gateway down: nobody wants to hear it now.
    if by_bot && let Some(next) = fate::too_late(claimed.queued_at, now, doubtful) {
        return Outcome::Tried(Box::new(next));
    }
    let found = inboxes::find(gateway, &claimed.inbox_id.as_str().into()).await;
    let live = found.as_ref().ok().and_then(Option::as_ref);
    let deduplicates = live.is_some_and(|live| live.capabilities.deduplicates());
    let answer = match &found {
        Ok(Some(live)) => attempt(gateway, live, claimed, now).await,
        Err(error) => Err(DeliveryError::Unreachable(error.to_string())),
        Ok(None) => return Outcome::Tried(Box::new(fate::of_disabled(doubtful))),
    };
    let tried = Tried {
        attempts: claimed.attempts,
        queued_at: claimed.queued_at,
        by_bot,
        deduplicates,
        doubtful,
        now,
        jitter: i64::from(rand::random::<u16>() % 500),
    };
    Outcome::Tried(Box::new(fate::next(answer, tried)))
}

/// Whatever is not known to be a person's is the bot's: a person's may use what platforms keep for people.
fn voice_of(claimed: &ClaimedParcel) -> Voice {
    if claimed.voice == "person" { Voice::Person } else { Voice::Bot }
}

async fn attempt(gateway: &Gateway, live: &Live, claimed: &ClaimedParcel, now: Millis) -> Result<Receipt, DeliveryError> {
    let voice = voice_of(claimed);
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

/// Parcels whose sender is gone may have been sent: again where the platform drops doubles, else an agent decides.
async fn adopt_orphans(gateway: &Arc<Gateway>, before: Millis) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    for (id, message, inbox, claimed_until) in tx.orphaned_parcels(before).await? {
        let live = gateway.inboxes.get(&inbox.as_str().into());
        let doubles = live.map_or(Doubles::Shown, |live| live.capabilities.doubles);
        let error = match fate::of_orphan(doubles, claimed_until, now) {
            Ok(doubt) => {
                tx.requeue_parcel(&id, now, doubt.as_ref()).await?;
                continue;
            }
            Err(error) => error,
        };
        if tx.end_parcel(&id, End::Uncertain, None, Some(&error), now).await? {
            end_message(&mut tx, &message.into(), End::Uncertain, Some(&error), now).await?;
        }
    }
    tx.commit(now).await
}
