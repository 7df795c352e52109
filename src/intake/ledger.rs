//! Group commit: calls that arrive together share one durable write.

use super::understand::{Understood, understand};
use crate::gateway::Gateway;
use futures::FutureExt;
use onethread_core::Millis;
use onethread_core::channel::{Bookmark, IntakeError, RawCall};
use onethread_core::ids::InboxId;
use onethread_store::Tx;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Callers that may wait at once, and the bytes that they bring; beyond either a platform is told to come again.
const WAITING_MOST: usize = 4096;
const BYTES_WAITING_MOST: usize = 64 * 1024 * 1024;
/// Appends that share one transaction.
const TOGETHER_MOST: usize = 512;
/// What is longer is understood when its turn comes: nobody's next message overtakes it meanwhile.
const SHORT: usize = 16 * 1024;

/// The door to the ledger.
pub struct Ledger {
    door: mpsc::Sender<Append>,
    /// One permit a byte.
    room: Arc<Semaphore>,
}

/// What the ledger's keeper works off.
pub type Calls = mpsc::Receiver<Append>;

/// What somebody waits to see stored: all of it, or nothing.
pub struct Append {
    pub inbox: InboxId,
    pub calls: Vec<Came>,
    bookmark: Option<Bookmark>,
    done: oneshot::Sender<Result<(), IntakeError>>,
    /// Given back once the bytes are stored or dropped.
    _room: OwnedSemaphorePermit,
}

/// A call, and what it says, where that is known already.
pub struct Came {
    pub call: RawCall,
    pub understood: Option<Understood>,
}

/// Durable once this returns `Ok`; nothing is stored otherwise.
pub async fn keep(
    gateway: &Arc<Gateway>,
    inbox: &InboxId,
    calls: Vec<RawCall>,
    bookmark: Option<Bookmark>,
) -> Result<(), IntakeError> {
    let mut came = Vec::with_capacity(calls.len());
    for call in calls {
        // An embedded database has one worker for all, so whoever brings a call reads it. Elsewhere it may be another
        // process that takes it in.
        let at_once = gateway.db.is_sqlite() && call.body.len() <= SHORT && !gateway.ledger.is_crowded();
        // Whatever goes wrong here goes wrong again at its turn, when the call is safe.
        let understood = match at_once {
            true => AssertUnwindSafe(understand(gateway, inbox, &call)).catch_unwind().await.ok().and_then(Result::ok),
            false => None,
        };
        came.push(Came { call, understood });
    }
    gateway.ledger.append(inbox, came, bookmark).await
}

impl Append {
    fn tell(self, outcome: &Result<(), IntakeError>) {
        let _ = self.done.send(outcome.clone());
    }
}

/// Tell everybody who waits what became of it.
pub fn tell_all(appends: Vec<Append>, outcome: &Result<(), IntakeError>) {
    if outcome.is_ok() {
        metrics::counter!("onethread_calls_kept_total").increment(appends.len() as u64);
    }
    for append in appends {
        append.tell(outcome);
    }
}

impl Ledger {
    #[must_use]
    pub fn new() -> (Self, Calls) {
        let (door, calls) = mpsc::channel(WAITING_MOST);
        let room = Arc::new(Semaphore::new(BYTES_WAITING_MOST));
        (Self { door, room }, calls)
    }

    /// So many wait that the next may well be turned away.
    fn is_crowded(&self) -> bool {
        self.door.capacity() < WAITING_MOST / 2
    }

    async fn append(&self, inbox: &InboxId, calls: Vec<Came>, bookmark: Option<Bookmark>) -> Result<(), IntakeError> {
        let too_many = || IntakeError("too many calls are waiting".into());
        let bytes: usize = calls.iter().map(|came| came.call.body.len()).sum();
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

/// Append what waits, all of it in one transaction, until the gateway stops. For databases that are shared.
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
        store_all(&gateway, together).await;
        gateway.bells.calls.notify_one();
    }
}

/// All of it in one transaction, to be understood later; tells whoever waits.
pub async fn store_all(gateway: &Gateway, appends: Vec<Append>) {
    let stored = async {
        let now = gateway.clock.now();
        let mut tx = gateway.db.begin().await?;
        store(&mut tx, &appends, false, now).await?;
        tx.commit(now).await
    };
    let outcome = stored.await.map_err(|error: onethread_store::StoreError| IntakeError(error.to_string()));
    if let Err(error) = &outcome {
        tracing::error!(%error, "the ledger could not be written");
    }
    tell_all(appends, &outcome);
}

/// Append all that was brought; `understood`: it is taken in by the same transaction. Answers the first position: the
/// others follow without a gap.
pub async fn store(tx: &mut Tx, appends: &[Append], understood: bool, now: Millis) -> onethread_store::Result<i64> {
    let calls = |append: &'_ Append| append.calls.len();
    let mut brought = Vec::with_capacity(appends.iter().map(calls).sum());
    for append in appends {
        brought.extend(append.calls.iter().map(|came| (&append.inbox, &came.call)));
    }
    let first = if brought.is_empty() { 0 } else { tx.append_calls(&brought, understood, now).await? };
    for append in appends {
        if let Some(mark) = &append.bookmark {
            tx.set_bookmark(&append.inbox, mark).await?;
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(bytes: usize) -> Vec<Came> {
        vec![Came { call: RawCall::fetched(vec![b'x'; bytes]), understood: None }]
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
