//! Group commit: calls that arrive together share one durable write.

use super::at_hand::AtHand;
use crate::gateway::Gateway;
use onethread_core::channel::{Bookmark, IntakeError, RawCall};
use onethread_core::ids::InboxId;
use onethread_store::ledger::Entry;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Callers that may wait at once, and the bytes that they bring; beyond either a platform is told to come again.
const WAITING_MOST: usize = 4096;
const BYTES_WAITING_MOST: usize = 64 * 1024 * 1024;
/// Appends that share one transaction.
const TOGETHER_MOST: usize = 512;

/// The door to the ledger.
pub struct Ledger {
    door: mpsc::Sender<Append>,
    /// One permit a byte.
    room: Arc<Semaphore>,
    /// For the reader.
    pub at_hand: AtHand,
}

/// What the ledger's keeper works off.
pub type Calls = mpsc::Receiver<Append>;

pub struct Append {
    inbox: InboxId,
    calls: Vec<RawCall>,
    bookmark: Option<Bookmark>,
    done: oneshot::Sender<Result<(), IntakeError>>,
    /// Given back once the bytes are stored or dropped.
    _room: OwnedSemaphorePermit,
}

impl Ledger {
    #[must_use]
    pub fn new() -> (Self, Calls) {
        let (door, calls) = mpsc::channel(WAITING_MOST);
        let room = Arc::new(Semaphore::new(BYTES_WAITING_MOST));
        (Self { door, room, at_hand: AtHand::default() }, calls)
    }

    /// Durable once this returns `Ok`; nothing is stored otherwise.
    pub async fn append(&self, inbox: &InboxId, calls: Vec<RawCall>, bookmark: Option<Bookmark>) -> Result<(), IntakeError> {
        let too_many = || IntakeError("too many calls are waiting".into());
        let bytes: usize = calls.iter().map(|call| call.body.len()).sum();
        let bytes = u32::try_from(bytes.min(BYTES_WAITING_MOST)).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(bytes).map_err(|_| too_many())?;
        let (done, word) = oneshot::channel();
        let append = Append { inbox: inbox.clone(), calls, bookmark, done, _room: room };
        let stopping = || IntakeError("the gateway is stopping".into());
        self.door.try_send(append).map_err(|error| match error {
            TrySendError::Full(_) => too_many(),
            TrySendError::Closed(_) => stopping(),
        })?;
        word.await.map_err(|_| stopping())?
    }
}

/// Append what waits, all of it in one transaction, until the gateway stops.
pub async fn keep_ledger(gateway: Arc<Gateway>, mut calls: Calls) {
    let stop = gateway.tasks.token();
    loop {
        let mut together = Vec::new();
        let count = tokio::select! {
            count = calls.recv_many(&mut together, TOGETHER_MOST) => count,
            () = stop.cancelled() => 0,
        };
        if count == 0 {
            return;
        }
        let outcome = append_all(&gateway, &mut together).await.map_err(|error| IntakeError(error.to_string()));
        if let Err(error) = &outcome {
            tracing::error!(%error, "the ledger could not be written");
        }
        metrics::counter!("onethread_calls_kept_total").increment(together.len() as u64);
        for append in together {
            let _ = append.done.send(outcome.clone());
        }
        gateway.bells.calls.notify_one();
    }
}

async fn append_all(gateway: &Gateway, together: &mut [Append]) -> onethread_store::Result<()> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let mut calls: Vec<(InboxId, RawCall)> = Vec::with_capacity(together.len());
    for append in together.iter_mut() {
        calls.extend(std::mem::take(&mut append.calls).into_iter().map(|call| (append.inbox.clone(), call)));
    }
    let first = if calls.is_empty() { 0 } else { tx.append_calls(&calls, now).await? };
    for append in together.iter() {
        if let Some(mark) = &append.bookmark {
            tx.set_bookmark(&append.inbox, mark).await?;
        }
    }
    tx.commit(now).await?;
    // Elsewhere another process may be the one that reads.
    if gateway.db.is_sqlite() {
        let entry = |(position, (inbox_id, call))| Entry { position, inbox_id, received_at: now, call, attempts: 0, error: None };
        gateway.ledger.at_hand.keep((first..).zip(calls).map(entry));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(bytes: usize) -> Vec<RawCall> {
        let body = vec![b'x'; bytes].into();
        vec![RawCall { method: "POST".into(), path: String::new(), query: String::new(), headers: vec![], body }]
    }

    /// Nobody keeps this ledger: what comes waits.
    #[tokio::test]
    async fn what_waits_is_bounded_in_bytes() {
        let (ledger, mut calls) = Ledger::new();
        let inbox = InboxId::from("inb_1");
        let half = BYTES_WAITING_MOST / 2;
        // Whoever stops waiting for the word leaves what they brought.
        let knock = async |bytes| {
            let append = ledger.append(&inbox, call(bytes), None);
            tokio::time::timeout(std::time::Duration::from_millis(1), append).await.map_err(|_| "waits")
        };
        assert_eq!(knock(half).await, Err("waits"));
        assert_eq!(knock(half).await, Err("waits"));
        assert_eq!(knock(1).await, Ok(Err(IntakeError("too many calls are waiting".into()))));
        while calls.try_recv().is_ok() {}
        assert_eq!(knock(half).await, Err("waits"), "there is room again");
    }
}
