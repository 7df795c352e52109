//! Channels: which kinds of inbox there are.

use super::Api;
use super::error::{Answer, Problem};
use crate::auth::Signed;
use crate::shapes::{Channel, List};
use axum::Json;
use axum::extract::State;

/// Every channel with its face, its limits and its settings form.
#[utoipa::path(get, path = "/api/v1/channels", tag = "inboxes", operation_id = "list_channels",
    responses((status = 200, body = List<Channel>), Problem))]
pub async fn list(State(api): State<Api>, _signed: Signed) -> Answer<Json<List<Channel>>> {
    Ok(Json(List::whole(api.gateway.channels.iter().map(|channel| Channel::from(&**channel)).collect())))
}
