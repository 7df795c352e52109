//! Canned replies: texts that agents call up by a shortcut. Every agent may write them.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Asked, Body, Paging, Path};
use crate::auth::Signed;
use crate::shapes::{CannedReply, List};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::Millis;
use onethread_core::ids::CannedReplyId;
use onethread_store::canned::CannedReplyRow;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteCannedReply {
    /// Letters, digits, `-` and `_`, without the slash.
    shortcut: String,
    text: String,
}

/// Canned replies by shortcut.
#[utoipa::path(get, path = "/api/v1/canned-replies", tag = "canned replies", operation_id = "list_canned_replies", params(Paging),
    responses((status = 200, body = List<CannedReply>), Problem))]
pub async fn list(State(api): State<Api>, _signed: Signed, Asked(page): Asked<Paging>) -> Answer<Json<List<CannedReply>>> {
    let rows = api.gateway.db.read().await?.canned_replies(page.after(), page.limit()).await?;
    Ok(Json(List::of(rows, CannedReply::from)))
}

#[utoipa::path(post, path = "/api/v1/canned-replies", tag = "canned replies", operation_id = "add_canned_reply",
    request_body = WriteCannedReply, responses((status = 201, body = CannedReply), Problem))]
pub async fn add(
    State(api): State<Api>,
    _signed: Signed,
    Body(given): Body<WriteCannedReply>,
) -> Answer<(StatusCode, Json<CannedReply>)> {
    let now = api.gateway.clock.now();
    let row = given.row(CannedReplyId::fresh(now).0, now)?;
    let mut tx = api.gateway.db.begin().await?;
    tx.add_canned_reply(&row).await?;
    tx.commit(now).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

#[utoipa::path(put, path = "/api/v1/canned-replies/{id}", tag = "canned replies", operation_id = "change_canned_reply",
    request_body = WriteCannedReply, params(("id" = String, Path)), responses((status = 200, body = CannedReply), Problem))]
pub async fn change(
    State(api): State<Api>,
    _signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<WriteCannedReply>,
) -> Answer<Json<CannedReply>> {
    let now = api.gateway.clock.now();
    let row = given.row(id, now)?;
    let mut tx = api.gateway.db.begin().await?;
    tx.change_canned_reply(&row).await?;
    tx.commit(now).await?;
    Ok(Json(row.into()))
}

#[utoipa::path(delete, path = "/api/v1/canned-replies/{id}", tag = "canned replies", operation_id = "remove_canned_reply",
    params(("id" = String, Path)), responses((status = 204), Problem))]
pub async fn remove(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<StatusCode> {
    let mut tx = api.gateway.db.begin().await?;
    tx.remove_canned_reply(&CannedReplyId(id)).await?;
    tx.commit(api.gateway.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl WriteCannedReply {
    fn row(self, id: String, now: Millis) -> Answer<CannedReplyRow> {
        let shortcut = self.shortcut.trim().trim_start_matches('/').to_lowercase();
        let plain = shortcut.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        if shortcut.is_empty() || shortcut.chars().count() > 40 || !plain {
            return Err(Problem::invalid("shortcut", "must be up to 40 letters, digits, `-` or `_`"));
        }
        let text = self.text.trim().to_owned();
        if text.is_empty() || text.chars().count() > 4000 {
            return Err(Problem::invalid("text", "must have between 1 and 4000 characters"));
        }
        Ok(CannedReplyRow { id, shortcut, text, updated_at: now })
    }
}
