//! The line to a platform that does not call us: kept up with growing pauses,
//! by one process at a time.

use super::{Live, health, pause};
use crate::gateway::Gateway;
use crate::intake;
use async_trait::async_trait;
use onethread_core::channel::{Bookmark, ConnectError, Intake, IntakeError, Place, PlaceMark, RawCall};
use onethread_core::clock::{Millis, SECOND};
use onethread_core::ids::InboxId;
use onethread_store::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Where several processes share a database, whoever holds the inbox's line renews it this often;
/// another takes over when it was not.
const RENEW_EVERY: Duration = Duration::from_secs(5);
const HELD_FOR: Millis = 15 * SECOND;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// One loss is a hiccup; so many in a row are bad health.
const LOSSES: u32 = 2;

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
    // Losses since the line last stood.
    let losses = AtomicU32::new(0);
    loop {
        let started = Instant::now();
        match in_turn(gateway, live, &losses).await {
            Ok(()) => {}
            Err(ConnectError::Lost(why)) => {
                tracing::warn!(inbox = %live.id, why, "the line to the platform broke; connecting again");
                if losses.fetch_add(1, Ordering::Relaxed) + 1 >= LOSSES
                    && let Err(error) = health::record_broken(gateway, &live.id, &why).await
                {
                    tracing::warn!(inbox = %live.id, %error, "a broken line could not be noted");
                }
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
async fn in_turn(gateway: &Arc<Gateway>, live: &Live, losses: &AtomicU32) -> Result<(), ConnectError> {
    if gateway.db.is_sqlite() {
        return listen_once(gateway, live, losses).await;
    }
    while !hold(gateway, live).await.map_err(lost)? {
        tokio::time::sleep(RENEW_EVERY).await;
    }
    tokio::select! {
        broken = listen_once(gateway, live, losses) => broken,
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

async fn listen_once(gateway: &Arc<Gateway>, live: &Live, losses: &AtomicU32) -> Result<(), ConnectError> {
    let mut conn = gateway.db.read().await.map_err(lost)?;
    let bookmark = conn.bookmark(&live.id).await.map_err(lost)?;
    // Noted by an earlier process, or by one that held the line before.
    if conn.inbox(&live.id).await.map_err(lost)?.health.line_down {
        losses.fetch_max(LOSSES, Ordering::Relaxed);
    }
    drop(conn);
    // To ask for what comes after the bookmark is to acknowledge what comes before.
    gateway.db.all_kept().await.map_err(lost)?;
    live.connector.listen(bookmark, &Watched { gateway, inbox: &live.id, losses }).await
}

/// The way to the ledger, and an eye on whether the line stands.
struct Watched<'a> {
    gateway: &'a Arc<Gateway>,
    inbox: &'a InboxId,
    losses: &'a AtomicU32,
}

#[async_trait]
impl Intake for Watched<'_> {
    async fn accept(&self, calls: Vec<RawCall>, bookmark: Option<Bookmark>) -> Result<(), IntakeError> {
        intake::keep(self.gateway, self.inbox, calls, bookmark).await
    }

    async fn place(&self, id: &str) -> Result<Option<Place>, IntakeError> {
        let found = async { self.gateway.db.read().await?.place(self.inbox, id).await };
        found.await.map_err(|error: StoreError| IntakeError(error.to_string()))
    }

    async fn places(&self, from: Option<&PlaceMark>, limit: usize) -> Result<Vec<Place>, IntakeError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = async { self.gateway.db.read().await?.places(self.inbox, from, limit).await };
        found.await.map_err(|error: StoreError| IntakeError(error.to_string()))
    }

    async fn line_stands(&self) {
        if self.losses.swap(0, Ordering::Relaxed) < LOSSES {
            return;
        }
        let inbox = self.inbox;
        match health::record_standing(self.gateway, inbox).await {
            Ok(()) => tracing::info!(%inbox, "the line to the platform stands again"),
            Err(error) => tracing::warn!(%inbox, %error, "that the line stands again could not be noted"),
        }
    }
}
