//! Events that began to wait in the very moment in which another transaction
//! made known what they wait for. Only where several write at once.

use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::clock::HOUR;
use onethread_store::StoreError;
use std::sync::Arc;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What has not been released by then waits for something that never comes.
const LOOK_BACK: Millis = HOUR;

/// Have them read once more, until the gateway stops.
pub async fn release_missed(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match look(&gateway).await {
            // It may lose against another release of the same; the next look finds what is left.
            Err(error) if !error.is_passing() => {
                tracing::error!(error = &error as &dyn std::error::Error, "what waits for a message could not be looked at");
            }
            _ => {}
        }
    }
}

async fn look(gateway: &Gateway) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    match tx.release_missed(now - LOOK_BACK).await? {
        0 => Ok(()),
        _ => tx.commit(now).await,
    }
}
