//! Work that follows a message and may take its time: fetching files and
//! profiles, asking the order source, house-keeping. Queued in the message's
//! own transaction, so that none is forgotten.

mod avatar;
mod fetch;
mod housekeeping;

use crate::answering::Pending;
use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::clock::{MINUTE, SECOND};
use onethread_core::ids::{FileId, IdentityId};
use onethread_store::jobs::JobRow;
use onethread_store::{Result, Tx};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const TOGETHER_MOST: usize = 8;
/// A job whose worker is gone comes up again after this.
const CLAIM_FOR: Millis = 75 * SECOND;
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Fetch a customer's file before the platform's link expires.
pub fn queue_fetch(tx: &mut Tx, file: &FileId, now: Millis) {
    tx.queue_job("fetch_file", file.as_str(), json!({}), now, now);
}

/// Ask the platform who this is.
pub fn queue_profile(tx: &mut Tx, identity: &IdentityId, now: Millis) {
    tx.queue_job("profile", identity.as_str(), json!({}), now, now);
}

/// Ask the order source, then let the bot answer.
pub fn queue_order_fetch(tx: &mut Tx, pending: &Pending, now: Millis) {
    let payload = serde_json::to_value(pending).unwrap_or_default();
    tx.queue_job("fetch_order", &format!("{}:{}", pending.message, pending.code), payload, now, now);
}

/// What came of one try.
enum Tried {
    Done,
    /// Try again later, at most so often.
    Again {
        why: String,
        most: i64,
    },
}

/// Work until the gateway stops.
pub async fn work(gateway: Arc<Gateway>) {
    let stop = gateway.tasks.token();
    let room = Arc::new(Semaphore::new(TOGETHER_MOST));
    gateway.tasks.spawn_until_stop("housekeeping", housekeeping::keep_house(gateway.clone()));
    gateway.tasks.spawn_until_stop("health", crate::inboxes::watch_health(gateway.clone()));
    while !stop.is_cancelled() {
        match work_some(&gateway, &room).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "jobs could not be read"),
        }
        tokio::select! {
            () = gateway.bells.jobs.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn work_some(gateway: &Arc<Gateway>, room: &Arc<Semaphore>) -> Result<bool> {
    let free = room.available_permits();
    let now = gateway.clock.now();
    // A look without the writer first: most of the time nothing is due.
    let due = gateway.db.read().await?.next_job_at().await?.is_some_and(|at| at <= now);
    if free == 0 || !due {
        return Ok(false);
    }
    let mut tx = gateway.db.begin().await?;
    let jobs = tx.claim_jobs(now + CLAIM_FOR, now, i64::try_from(free).unwrap_or(1)).await?;
    tx.commit(now).await?;
    let any = !jobs.is_empty();
    for job in jobs {
        let Ok(permit) = room.clone().acquire_owned().await else { return Ok(false) };
        let gateway = gateway.clone();
        let tasks = gateway.tasks.clone();
        tasks.spawn_until_stop("job", async move {
            if let Err(error) = carry_out(&gateway, &job).await {
                tracing::error!(job = job.kind, key = job.key, error = &error as &dyn std::error::Error, "a job failed");
            }
            drop(permit);
        });
    }
    Ok(any)
}

async fn carry_out(gateway: &Arc<Gateway>, job: &JobRow) -> Result<()> {
    let tried = match job.kind.as_str() {
        "fetch_file" => fetch::file(gateway, &job.key.as_str().into(), job.attempts).await?,
        "profile" => fetch::profile(gateway, &job.key.as_str().into()).await?,
        "fetch_order" => fetch::order(gateway, job).await?,
        unknown => {
            tracing::error!(kind = unknown, "a job of a kind that this version does not know was dropped");
            Tried::Done
        }
    };
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    match tried {
        Tried::Again { why, most } if job.attempts < most => {
            let pause = (SECOND << job.attempts.clamp(0, 8)).min(5 * MINUTE);
            tx.postpone_job(&job.id, now + pause, &why).await?;
        }
        Tried::Again { why, .. } => {
            tracing::warn!(job = job.kind, key = job.key, why, "a job was given up");
            tx.finish_job(&job.id).await?;
        }
        Tried::Done => tx.finish_job(&job.id).await?,
    }
    tx.commit(now).await
}
