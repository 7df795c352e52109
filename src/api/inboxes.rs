//! Inboxes: the connected accounts of the business. Secrets go in and never come out.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path};
use crate::auth::Signed;
use crate::inboxes::{self, Changes, InboxError};
use crate::live::inbox as shown;
use crate::shapes::{Inbox, List};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::ids::InboxId;
use onethread_core::secret::Settings;
use onethread_store::Page;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInbox {
    /// A `kind` of `GET /channels`.
    channel: String,
    name: String,
    /// By the channel's form.
    #[schema(value_type = BTreeMap<String, Object>)]
    settings: BTreeMap<String, Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeInbox {
    name: Option<String>,
    /// Only the changed ones; secrets that are left out stay.
    #[schema(value_type = Option<BTreeMap<String, Object>>)]
    settings: Option<BTreeMap<String, Value>>,
    paused: Option<bool>,
    /// `false` brings a disabled inbox back, with the people that it knew.
    disabled: Option<bool>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The disabled ones, too.
    #[serde(default)]
    disabled: bool,
}

/// Every inbox that is not disabled, oldest first; with `disabled=true` all there ever were.
#[utoipa::path(get, path = "/api/v1/inboxes", tag = "inboxes", operation_id = "list_inboxes", params(Wanted, Paging),
    responses((status = 200, body = List<Inbox>), Problem))]
pub async fn list(
    State(api): State<Api>,
    _signed: Signed,
    Asked(wanted): Asked<Wanted>,
    Asked(page): Asked<Paging>,
) -> Answer<Json<List<Inbox>>> {
    let rows = api.gateway.db.read().await?.inboxes(wanted.disabled).await?;
    let after = page.after().map(str::to_owned);
    // Tens at most: the store gives them whole.
    let rest = rows.into_iter().skip_while(|row| after.as_ref().is_some_and(|after| row.id <= *after)).collect();
    Ok(Json(List::of(Page::cut(rest, page.limit(), |row| row.id.clone()), |row| shown(&api.gateway, row))))
}

#[utoipa::path(get, path = "/api/v1/inboxes/{id}", tag = "inboxes", operation_id = "get_inbox",
    params(("id" = String, Path)), responses((status = 200, body = Inbox), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<Json<Inbox>> {
    let row = api.gateway.db.read().await?.inbox(&InboxId(id)).await?;
    Ok(Json(shown(&api.gateway, row)))
}

/// Connect an account: the settings are checked, the platform is told where we are, the inbox is probed.
#[utoipa::path(post, path = "/api/v1/inboxes", tag = "inboxes", operation_id = "create_inbox", request_body = NewInbox,
    responses((status = 201, body = Inbox), Problem))]
pub async fn create(State(api): State<Api>, _admin: Admin, Body(given): Body<NewInbox>) -> Answer<(StatusCode, Json<Inbox>)> {
    let row = inboxes::create(&api.gateway, &given.channel, &given.name, Settings(given.settings)).await?;
    Ok((StatusCode::CREATED, Json(shown(&api.gateway, row))))
}

/// Change name or settings, pause, or go on; bring a disabled inbox back.
#[utoipa::path(patch, path = "/api/v1/inboxes/{id}", tag = "inboxes", operation_id = "change_inbox", request_body = ChangeInbox,
    params(("id" = String, Path)), responses((status = 200, body = Inbox), Problem))]
pub async fn change(
    State(api): State<Api>,
    _admin: Admin,
    Path(id): Path<String>,
    Body(given): Body<ChangeInbox>,
) -> Answer<Json<Inbox>> {
    let changes =
        Changes { name: given.name, settings: given.settings.map(Settings), paused: given.paused, disabled: given.disabled };
    let row = inboxes::change(&api.gateway, &InboxId(id), changes).await?;
    Ok(Json(shown(&api.gateway, row)))
}

/// Ask the platform now whether the token is good and the webhook set.
#[utoipa::path(post, path = "/api/v1/inboxes/{id}/probe", tag = "inboxes", operation_id = "probe_inbox",
    params(("id" = String, Path)), responses((status = 200, body = Inbox), Problem))]
pub async fn probe(State(api): State<Api>, _admin: Admin, Path(id): Path<String>) -> Answer<Json<Inbox>> {
    let row = inboxes::probe(&api.gateway, &InboxId(id)).await?;
    Ok(Json(shown(&api.gateway, row)))
}

/// Disable the inbox. Its history stays.
#[utoipa::path(delete, path = "/api/v1/inboxes/{id}", tag = "inboxes", operation_id = "disable_inbox",
    params(("id" = String, Path)), responses((status = 204), Problem))]
pub async fn disable(State(api): State<Api>, _admin: Admin, Path(id): Path<String>) -> Answer<StatusCode> {
    inboxes::disable(&api.gateway, &InboxId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<InboxError> for Problem {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::NoSuchChannel(kind) => {
                Self::invalid("channel", format!("`{kind}` is not a channel; see GET /api/v1/channels"))
            }
            InboxError::Settings(wrong) => Self::invalid(&format!("settings.{}", wrong.field), wrong.why),
            InboxError::NoName => Self::invalid("name", "is empty"),
            InboxError::Connected(name) => Self::conflict(
                "connected-already",
                "Connected already",
                format!("this account is connected already, as `{name}`"),
            )
            .hint("change that inbox, or disable it first"),
            error @ InboxError::OtherAccount => Self::conflict("other-account", "Another account", error.to_string())
                .with("code", "other_account")
                .hint("connect the other account as an inbox of its own, and disable this one if it is used no more"),
            error @ InboxError::Unsealable => Self::conflict("unsealable", "Secrets cannot be read", error.to_string()),
            InboxError::Store(error) => error.into(),
        }
    }
}
