//! The sender: many recipients at once, one parcel at a time for each. What is
//! due is claimed, many in one transaction: the busier it is, the less each costs.

use super::claim::{CLAIM_FOR, LOOK_EVERY, rest, send_some};
use super::fate::{self, Next, Tried};
use super::lanes::{Lanes, Slot};
use super::settle::{GATHER, Outcome, Settlement, TOGETHER_MOST, end_message};
use crate::gateway::Gateway;
use crate::inboxes::{self, Live};
use onethread_core::Millis;
use onethread_core::channel::{DeliveryError, Doubles, OutboundFile, Parcel, ParcelContent, Receipt, RefusedBecause, Voice};
use onethread_core::message::Attachment;
use onethread_core::parts::Part;
use onethread_core::window::{Reach, reach};
use onethread_store::StoreError;
use onethread_store::outbox::{ClaimedParcel, End};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A platform that has not answered by then leaves the parcel uncertain.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(6);
const ORPHANS_EVERY: Duration = Duration::from_secs(10);
/// Well below what is left of a claim when its delivery is over.
const SETTLED_WITHIN: Millis = 5_000;

/// The outbox's door: a lane for each inbox, and the way back for what comes of them.
pub struct Outbox {
    pub lanes: Arc<Lanes>,
    done: mpsc::Sender<Settlement>,
    nothing_waits: AtomicBool,
    /// Deliveries that are over and not settled yet; when some were settled last.
    unsettled: AtomicUsize,
    settled_at: AtomicI64,
}

/// What the sender works off.
pub type Settlements = mpsc::Receiver<Settlement>;

impl Outbox {
    #[must_use]
    pub fn new() -> (Self, Settlements) {
        let (done, settlements) = mpsc::channel(TOGETHER_MOST * 2);
        let outbox = Self {
            lanes: Arc::default(),
            done,
            nothing_waits: AtomicBool::new(false),
            unsettled: AtomicUsize::new(0),
            settled_at: AtomicI64::new(0),
        };
        (outbox, settlements)
    }

    /// Whether deliveries are over whose claims may run out before they are settled: the database is away, and they
    /// must not be taken for somebody else's.
    fn is_settling_slowly(&self, now: Millis) -> bool {
        self.unsettled.load(Ordering::Acquire) > 0 && now - self.settled_at.load(Ordering::Acquire) > SETTLED_WITHIN
    }

    /// So many were settled, or given up.
    pub(super) fn note_settled(&self, count: usize, now: Millis) {
        self.settled_at.store(now, Ordering::Release);
        self.unsettled.fetch_sub(count, Ordering::AcqRel);
    }

    /// Whether the sender rests, having found nothing queued at all; whoever queues something wakes it.
    pub fn nothing_waits(&self) -> bool {
        self.nothing_waits.load(Ordering::Acquire)
    }
}

/// Send what is queued until the gateway stops.
pub async fn send_parcels(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    let mut orphans_at = Instant::now();
    while !stop.is_cancelled() {
        if orphans_at <= Instant::now() && !gateway.outbox.is_settling_slowly(gateway.clock.now()) {
            let adopted = adopt_orphans(&gateway, gateway.clock.now()).await;
            report(adopted, "orphaned parcels could not be adopted");
            orphans_at = Instant::now() + ORPHANS_EVERY;
        }
        let claimed = send_some(&gateway).await;
        if matches!(claimed, Ok(1..)) {
            tokio::time::sleep(GATHER).await;
            continue;
        }
        report(claimed.map(drop), "the outbox could not be read");
        let due = rest(&gateway).await;
        // Of what other processes queue we would not hear.
        gateway.outbox.nothing_waits.store(due.is_none() && gateway.db.is_sqlite(), Ordering::Release);
        tokio::select! {
            () = gateway.bells.parcels.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(due.unwrap_or(LOOK_EVERY)) => {}
            () = stop.cancelled() => {}
        }
        gateway.outbox.nothing_waits.store(false, Ordering::Release);
    }
}

pub(super) fn report(done: Result<(), StoreError>, what: &str) {
    if let Err(error) = done {
        tracing::error!(error = &error as &dyn std::error::Error, "{what}");
    }
}

/// Deliver what is claimed; what comes of it is to be settled.
pub fn start(gateway: &Arc<Gateway>, claimed: Vec<(ClaimedParcel, Slot)>) {
    for (parcel, slot) in claimed {
        let (shared, done) = (gateway.clone(), gateway.outbox.done.clone());
        gateway.tasks.spawn("deliver", async move {
            let outcome = tokio::select! {
                outcome = deliver(&shared, &parcel) => outcome,
                never = keep_claim(&shared, &parcel.id) => match never {},
            };
            shared.outbox.unsettled.fetch_add(1, Ordering::AcqRel);
            // Told before the slot is free: a stop waits for both.
            let _ = done.send(Settlement { parcel, outcome }).await;
            drop(slot);
        });
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
    let doubtful = claimed.error.as_ref().is_some_and(|error| error.code == fate::UNCERTAIN);
    let may_be_there = doubtful || claimed.in_doubt;
    if by_bot && claimed.lease_number != claimed.thread_lease {
        return fate::overtaken(may_be_there).map_or(Outcome::Overtaken, |next| Outcome::Tried(Box::new(next)));
    }
    let now = gateway.clock.now();
    // Its inbox was paused meanwhile, or the gateway down: nobody wants to hear it now.
    if by_bot && let Some(next) = fate::too_late(claimed.queued_at, now, may_be_there) {
        return Outcome::Tried(Box::new(next));
    }
    let found = inboxes::find(gateway, &claimed.inbox_id.as_str().into()).await;
    let live = found.as_ref().ok().and_then(Option::as_ref);
    let deduplicates = live.is_some_and(|live| live.capabilities.deduplicates());
    // It waited in line: the inbox was paused, or the gateway down.
    if let Some(live) = live.filter(|_| doubtful)
        && let Err(error) = fate::of_doubtful(live.capabilities.doubles, claimed.tried_at, now)
    {
        return Outcome::Tried(Box::new(Next::Uncertain(error)));
    }
    let answer = match &found {
        Ok(Some(live)) => attempt(gateway, live, claimed, now).await,
        Err(error) => Err(DeliveryError::Unreachable(error.to_string())),
        Ok(None) => return Outcome::Tried(Box::new(fate::of_disabled(may_be_there))),
    };
    let throttled = match &answer {
        Err(DeliveryError::Throttled(pause)) => Some((Some(claimed.identity_id.as_str()), *pause)),
        Err(DeliveryError::AllThrottled(pause)) => Some((None, *pause)),
        _ => None,
    };
    if let Some((recipient, pause)) = throttled {
        gateway.outbox.lanes.throttled(&claimed.inbox_id.as_str().into(), recipient, pause, Instant::now());
    }
    let tried = Tried {
        attempts: claimed.attempts,
        queued_at: claimed.queued_at,
        by_bot,
        deduplicates,
        doubtful,
        in_doubt: claimed.in_doubt,
        since: claimed.tried_at,
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

/// Parcels whose sender is gone, claimed until `before`, may have been sent: again where the platform drops doubles,
/// else an agent decides.
pub async fn adopt_orphans(gateway: &Arc<Gateway>, before: Millis) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    for orphan in tx.orphaned_parcels(before).await? {
        let live = gateway.inboxes.get(&orphan.inbox_id.as_str().into());
        let doubles = live.map_or(Doubles::Shown, |live| live.capabilities.doubles);
        match fate::of_doubtful(doubles, orphan.since, now) {
            Ok(doubt) => tx.requeue_parcel(&orphan.id, now, doubt.as_ref(), doubt.is_some()).await?,
            Err(error) => {
                if tx.end_parcel(&orphan.id, End::Uncertain, None, Some(&error), now).await? {
                    end_message(gateway, &mut tx, &orphan.message_id.as_str().into(), End::Uncertain, Some(&error), now).await?;
                }
            }
        }
        tx.no_longer_under_way(&orphan.inbox_id, &orphan.address).await?;
    }
    tx.commit(now).await
}
