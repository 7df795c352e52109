//! API tokens: keys for programs.

use super::Api;
use super::agents::check_name;
use super::error::{Answer, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path};
use crate::auth::{self, Role};
use crate::shapes::{List, RoleName, Token};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::ids::TokenId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    name: String,
    role: RoleName,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    id: String,
    name: String,
    role: RoleName,
    /// The secret, shown this once.
    token: String,
}

/// Every token, without its secret.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", operation_id = "list_tokens", params(Paging),
    responses((status = 200, body = List<Token>), Problem))]
pub async fn list(State(api): State<Api>, _admin: Admin, Asked(page): Asked<Paging>) -> Answer<Json<List<Token>>> {
    let rows = api.gateway.db.read().await?.tokens(page.after(), page.limit()).await?;
    Ok(Json(List::of(rows, Token::from)))
}

/// Make a token. The answer holds its secret; it is not shown again.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", operation_id = "create_token", request_body = NewToken,
    responses((status = 201, body = CreatedToken), Problem))]
pub async fn create(
    State(api): State<Api>,
    _admin: Admin,
    Body(given): Body<NewToken>,
) -> Answer<(StatusCode, Json<CreatedToken>)> {
    let name = check_name(&given.name)?;
    let role = if given.role == RoleName::Admin { Role::Admin } else { Role::Agent };
    let now = api.gateway.clock.now();
    let mut tx = api.gateway.db.begin().await?;
    let (row, token) = auth::create_token(&mut tx, &name, role, now).await?;
    tx.commit(now).await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { id: row.id, name, role: given.role, token })))
}

/// Remove a token: it stops working at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", operation_id = "remove_token",
    params(("id" = String, Path)), responses((status = 204), Problem))]
pub async fn remove(State(api): State<Api>, _admin: Admin, Path(id): Path<String>) -> Answer<StatusCode> {
    let mut tx = api.gateway.db.begin().await?;
    tx.remove_token(&TokenId(id)).await?;
    tx.commit(api.gateway.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
