//! Is the token good, is the webhook set? Asked when an inbox is made, when an
//! admin wants to know, and every few minutes.

use super::{InboxError, Live};
use crate::gateway::Gateway;
use onethread_core::channel::{ConnectError, Health};
use onethread_core::ids::InboxId;
use onethread_store::StoreError;
use onethread_store::inboxes::{HealthRow, InboxRow};
use onethread_store::live::Told;
use std::sync::Arc;
use std::time::Duration;

const PROBE_EVERY: Duration = Duration::from_secs(300);
const PROBE_WITHIN: Duration = Duration::from_secs(15);

/// Tell the platform where we are, then look whether all is well.
pub(super) async fn connect_and_probe(gateway: &Arc<Gateway>, id: &InboxId) -> Result<(), InboxError> {
    let Some(live) = gateway.inboxes.get(id) else { return Ok(()) };
    let health = match tokio::time::timeout(PROBE_WITHIN, live.connector.connect()).await {
        Ok(Ok(())) => ask(&live).await,
        Ok(Err(ConnectError::Lost(why) | ConnectError::Refused(why))) => Health::bad(why),
        Err(_) => Health::bad("the platform did not answer in time"),
    };
    Ok(record(gateway, id, health).await?)
}

/// Probe now; answers the row as it then is.
pub async fn probe(gateway: &Arc<Gateway>, id: &InboxId) -> Result<InboxRow, InboxError> {
    if let Some(live) = gateway.inboxes.get(id) {
        record(gateway, id, ask(&live).await).await?;
    }
    Ok(gateway.db.read().await?.inbox(id).await?)
}

/// The inbox is not live at all: its row says why, until somebody gives the settings again.
pub(super) async fn record_unopened(gateway: &Gateway, row: &InboxRow, error: &InboxError) -> Result<(), StoreError> {
    record(gateway, &row.id.as_str().into(), Health::bad(error.to_string())).await
}

/// Probe every live inbox now and then, until the gateway stops.
pub async fn watch_health(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        for live in gateway.inboxes.all() {
            if let Err(error) = record(&gateway, &live.id, ask(&live).await).await {
                tracing::error!(inbox = %live.id, %error, "an inbox's health could not be noted");
            }
        }
    }
}

async fn ask(live: &Live) -> Health {
    let answer = tokio::time::timeout(PROBE_WITHIN, live.connector.probe()).await;
    answer.unwrap_or_else(|_| Health::bad("the platform did not answer in time"))
}

async fn record(gateway: &Gateway, id: &InboxId, health: Health) -> Result<(), StoreError> {
    let now = gateway.clock.now();
    let row = gateway.db.read().await?.inbox(id).await?;
    // A paused inbox keeps the reason for its pause until somebody mends it.
    if row.state == "paused" && health.healthy {
        return Ok(());
    }
    let was = &row.health.0;
    let unchanged = was.healthy == Some(health.healthy) && was.reason == health.reason;
    let since = if unchanged { was.since } else { now };
    let account_name = health.account_name.or_else(|| was.account_name.clone());
    let next = HealthRow { healthy: Some(health.healthy), reason: health.reason, since, checked_at: Some(now), account_name };
    let mut tx = gateway.db.begin().await?;
    tx.record_health(id, &next).await?;
    if !unchanged {
        tx.tell(Told::Inbox { inbox: id.0.clone() });
    }
    tx.commit(now).await
}
