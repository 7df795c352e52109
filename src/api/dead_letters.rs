//! Dead letters: calls of platforms that nobody could read. They wait here for a fix and a replay.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path};
use crate::auth::Signed;
use crate::shapes::{DeadLetter, List};
use axum::Json;
use axum::extract::State;
use onethread_core::ids::InboxId;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Replayed {
    /// `queued`: it is read again at once, and comes back here if it still cannot be.
    outcome: &'static str,
}

/// Which to replay; all of them where nothing is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayMany {
    /// Only those of this inbox.
    inbox_id: Option<String>,
    /// Only those whose error holds these words.
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ReplayedMany {
    /// How many are read again now; what still cannot be read comes back here.
    queued: u64,
}

/// Dead letters, newest first.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "dead letters", operation_id = "list_dead_letters", params(Paging),
    responses((status = 200, body = List<DeadLetter>), Problem))]
pub async fn list(State(api): State<Api>, _signed: Signed, Asked(page): Asked<Paging>) -> Answer<Json<List<DeadLetter>>> {
    let mut conn = api.gateway.db.read().await?;
    let before = page.after().map(str::parse).transpose();
    let before = before.map_err(|_| Problem::malformed("`cursor` is not one that this list gave"))?;
    let rows = conn.dead_calls(before, page.limit()).await?;
    let channels: HashMap<String, String> = conn.inboxes(true).await?.into_iter().map(|row| (row.id, row.channel)).collect();
    Ok(Json(List::of(rows, |entry| {
        let channel = channels.get(entry.inbox_id.as_str()).cloned();
        DeadLetter::of(entry, channel)
    })))
}

/// Read it again.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/replay", tag = "dead letters", operation_id = "replay_dead_letter",
    params(("id" = String, Path)), responses((status = 200, body = Replayed), Problem))]
pub async fn replay(State(api): State<Api>, _admin: Admin, Path(id): Path<String>) -> Answer<Json<Replayed>> {
    let position = id.parse().map_err(|_| Problem::missing("dead letter"))?;
    let mut tx = api.gateway.db.begin().await?;
    tx.replay_call(position).await?;
    tx.commit(api.gateway.clock.now()).await?;
    api.gateway.bells.calls.notify_one();
    Ok(Json(Replayed { outcome: "queued" }))
}

/// Read all of them again, or all of one inbox or with one error.
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "dead letters", operation_id = "replay_dead_letters",
    request_body = ReplayMany, responses((status = 200, body = ReplayedMany), Problem))]
pub async fn replay_many(State(api): State<Api>, _admin: Admin, Body(which): Body<ReplayMany>) -> Answer<Json<ReplayedMany>> {
    let error = which.error.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let inbox = which.inbox_id.map(InboxId);
    let mut tx = api.gateway.db.begin().await?;
    let queued = tx.replay_calls(inbox.as_ref(), error).await?;
    tx.commit(api.gateway.clock.now()).await?;
    api.gateway.bells.calls.notify_one();
    Ok(Json(ReplayedMany { queued }))
}
