//! Dead letters: calls of platforms that nobody could read. They wait here for a fix and a replay.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Admin, Asked, Paging, Path};
use crate::auth::Signed;
use crate::shapes::{DeadLetter, List};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Replayed {
    /// `queued`: it is read again at once, and comes back here if it still cannot be.
    outcome: &'static str,
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
