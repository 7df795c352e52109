//! Nothing goes out of a disabled inbox. What is queued there ends, with the reason, and can be sent
//! again once the inbox is back.

use super::fate::{self, Next};
use super::settle::end_message;
use crate::gateway::Gateway;
use onethread_store::outbox::{End, Stranded};
use onethread_store::{StoreError, Tx};

/// Settled in one transaction; others must not wait long.
const AT_ONCE: i64 = 200;

/// Settle whatever waits in disabled inboxes. Also looked for now and then: what was under way when its inbox
/// was disabled may come back into the queue, and another process may queue more before it knows.
pub async fn settle_stranded(gateway: &Gateway) -> Result<(), StoreError> {
    loop {
        let now = gateway.clock.now();
        if gateway.db.read().await?.inboxes(true).await?.iter().all(|inbox| inbox.state != "disabled") {
            return Ok(());
        }
        let mut tx = gateway.db.begin().await?;
        let stranded = tx.stranded_parcels(AT_ONCE).await?;
        if stranded.is_empty() {
            return Ok(());
        }
        for parcel in &stranded {
            settle(gateway, &mut tx, parcel, now).await?;
        }
        tx.commit(now).await?;
    }
}

/// The message ends with its first parcel that waits.
async fn settle(gateway: &Gateway, tx: &mut Tx, parcel: &Stranded, now: i64) -> Result<(), StoreError> {
    let doubtful = parcel.error.as_ref().is_some_and(|error| error.code == fate::UNCERTAIN);
    let (end, error) = match fate::of_disabled(doubtful || parcel.in_doubt) {
        Next::Uncertain(error) => (End::Uncertain, error),
        Next::Failed(error) => (End::Failed, error),
        _ => return Ok(()),
    };
    if tx.end_parcel(&parcel.id, end, None, Some(&error), now).await? {
        end_message(gateway, tx, &parcel.message_id.as_str().into(), end, Some(&error), now).await?;
    }
    Ok(())
}
