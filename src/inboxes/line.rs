//! The line to a platform that does not call us: kept up with growing pauses,
//! by one process at a time.

use super::{Live, pause};
use crate::gateway::Gateway;
use crate::intake::Listening;
use onethread_core::channel::ConnectError;
use onethread_core::clock::{Millis, SECOND};
use onethread_store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Where several processes share a database, whoever holds the inbox's line renews it this often;
/// another takes over when it was not.
const RENEW_EVERY: Duration = Duration::from_secs(5);
const HELD_FOR: Millis = 15 * SECOND;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Listen until the inbox is closed or the platform refuses for good.
pub(super) async fn keep_up(gateway: Arc<Gateway>, live: Arc<Live>) {
    let stop = live.stop.clone();
    tokio::select! {
        () = listen(&gateway, &live) => {}
        () = stop.cancelled() => {}
    }
}

async fn listen(gateway: &Arc<Gateway>, live: &Arc<Live>) {
    let mut rest = Duration::from_secs(1);
    loop {
        let started = Instant::now();
        match in_turn(gateway, live).await {
            Ok(()) => {}
            Err(ConnectError::Lost(why)) => {
                tracing::warn!(inbox = %live.id, why, "the line to the platform broke; connecting again")
            }
            Err(ConnectError::Refused(why)) => {
                tracing::error!(inbox = %live.id, why, "the platform refuses the connection");
                if let Err(error) = pause(gateway, &live.id, Some(&why)).await {
                    tracing::error!(inbox = %live.id, %error, "the inbox could not be paused");
                }
                return;
            }
        }
        let held = started.elapsed() > LONGEST_PAUSE;
        rest = if held { Duration::from_secs(1) } else { (rest * 2).min(LONGEST_PAUSE) };
        tokio::time::sleep(rest).await;
    }
}

/// Listen while the line is ours. An embedded database has no other process to share it with.
async fn in_turn(gateway: &Arc<Gateway>, live: &Live) -> Result<(), ConnectError> {
    if gateway.db.is_sqlite() {
        return listen_once(gateway, live).await;
    }
    while !hold(gateway, live).await.map_err(lost)? {
        tokio::time::sleep(RENEW_EVERY).await;
    }
    tokio::select! {
        broken = listen_once(gateway, live) => broken,
        why = hold_on(gateway, live) => Err(ConnectError::Lost(why)),
    }
}

fn lost(error: StoreError) -> ConnectError {
    ConnectError::Lost(error.to_string())
}

async fn hold(gateway: &Gateway, live: &Live) -> Result<bool, StoreError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let held = tx.hold_lease(&format!("line:{}", live.id), &gateway.process, now + HELD_FOR, now).await?;
    tx.commit(now).await?;
    Ok(held)
}

/// Renew until that fails; answers why.
async fn hold_on(gateway: &Gateway, live: &Live) -> String {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        match hold(gateway, live).await {
            Ok(true) => {}
            Ok(false) => return "another process listens to this inbox now".into(),
            Err(error) => return error.to_string(),
        }
    }
}

async fn listen_once(gateway: &Arc<Gateway>, live: &Live) -> Result<(), ConnectError> {
    let bookmark = gateway.db.read().await.map_err(lost)?.bookmark(&live.id).await.map_err(lost)?;
    let intake = Listening { gateway: gateway.clone(), inbox: live.id.clone() };
    live.connector.listen(bookmark, &intake).await
}
