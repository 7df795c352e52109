//! Group commit: calls that arrive together share one durable write.

use crate::gateway::Gateway;
use async_trait::async_trait;
use onethread_core::channel::{Intake, IntakeError, RawCall};
use onethread_core::ids::InboxId;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Callers that may wait at once; beyond it a platform is told to come again.
const WAITING_MOST: usize = 4096;
/// Appends that share one transaction.
const TOGETHER_MOST: usize = 512;

/// The door to the ledger.
pub struct Ledger {
    door: mpsc::Sender<Append>,
}

/// What the ledger's keeper works off.
pub type Calls = mpsc::Receiver<Append>;

pub struct Append {
    inbox: InboxId,
    calls: Vec<RawCall>,
    bookmark: Option<serde_json::Value>,
    done: oneshot::Sender<Result<(), IntakeError>>,
}

impl Ledger {
    #[must_use]
    pub fn new() -> (Self, Calls) {
        let (door, calls) = mpsc::channel(WAITING_MOST);
        (Self { door }, calls)
    }

    /// Durable once this returns `Ok`; nothing is stored otherwise.
    pub async fn append(
        &self,
        inbox: &InboxId,
        calls: Vec<RawCall>,
        bookmark: Option<serde_json::Value>,
    ) -> Result<(), IntakeError> {
        let (done, word) = oneshot::channel();
        let append = Append { inbox: inbox.clone(), calls, bookmark, done };
        self.door.try_send(append).map_err(|_| IntakeError("too many calls are waiting".into()))?;
        word.await.map_err(|_| IntakeError("the gateway is stopping".into()))?
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
        let outcome = append_all(&gateway, &together).await.map_err(|error| IntakeError(error.to_string()));
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

async fn append_all(gateway: &Gateway, together: &[Append]) -> onethread_store::Result<()> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let calls: Vec<(InboxId, RawCall)> =
        together.iter().flat_map(|append| append.calls.iter().map(|call| (append.inbox.clone(), call.clone()))).collect();
    if !calls.is_empty() {
        tx.append_calls(&calls, now).await?;
    }
    for append in together {
        if let Some(mark) = &append.bookmark {
            tx.set_bookmark(&append.inbox, mark).await?;
        }
    }
    tx.commit(now).await
}

/// The intake of one inbox that listens by itself.
pub struct Listening {
    pub gateway: Arc<Gateway>,
    pub inbox: InboxId,
}

#[async_trait]
impl Intake for Listening {
    async fn accept(&self, calls: Vec<RawCall>, bookmark: Option<serde_json::Value>) -> Result<(), IntakeError> {
        self.gateway.ledger.append(&self.inbox, calls, bookmark).await
    }
}
