//! The first admin, made by whoever holds the one-time link of the first start.

use super::Api;
use super::agents::{check_email, check_name};
use super::error::{Answer, Problem};
use super::extract::{Asked, Body, Remote, from_other_pages};
use super::session::{check_length, cookie, me};
use crate::auth;
use crate::shapes::Me;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use onethread_core::ids::AgentId;
use onethread_store::agents::AgentRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Link {
    /// From the link that the first start printed.
    #[serde(default)]
    token: String,
}

#[derive(Serialize, ToSchema)]
pub struct Setup {
    /// Whether this link can still make the first admin.
    open: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstAdmin {
    token: String,
    email: String,
    name: String,
    password: String,
}

/// Is the setup link still open?
#[utoipa::path(get, path = "/api/v1/setup", tag = "session", operation_id = "look_at_setup", params(Link),
    responses((status = 200, body = Setup), Problem), security(()))]
pub async fn look(State(api): State<Api>, Asked(link): Asked<Link>) -> Answer<Json<Setup>> {
    let mut conn = api.gateway.db.read().await?;
    let open = conn.setup_link_is_open(&auth::digest(&link.token), api.gateway.clock.now()).await?;
    Ok(Json(Setup { open: open && !conn.has_admin().await? }))
}

/// Make the first admin and sign in.
#[utoipa::path(post, path = "/api/v1/setup", tag = "session", operation_id = "set_up", request_body = FirstAdmin,
    responses((status = 200, body = Me), Problem), security(()))]
pub async fn set_up(
    State(api): State<Api>,
    Remote(remote): Remote,
    headers: HeaderMap,
    Body(given): Body<FirstAdmin>,
) -> Answer<([(HeaderName, String); 1], Json<Me>)> {
    if from_other_pages(&headers) {
        return Err(Problem::cross_site());
    }
    let gateway = &api.gateway;
    api.guesses.may_try(&remote, "setup", &*gateway.clock).map_err(Problem::too_many)?;
    let (email, name) = (check_email(&given.email)?, check_name(&given.name)?);
    check_length("password", &given.password)?;
    let hash = api.passwords.hash(&given.password).await?;
    let now = gateway.clock.now();
    let row = AgentRow {
        id: AgentId::fresh(now).0,
        email,
        name,
        role: "admin".to_owned(),
        language: "vi".to_owned(),
        availability: "online".to_owned(),
        disabled: false,
        open_threads: 0,
        created_at: now,
        updated_at: now,
    };
    let mut tx = gateway.db.begin().await?;
    if !tx.spend_setup_link(&auth::digest(&given.token), now).await? || tx.has_admin().await? {
        api.guesses.note_wrong(&remote, "setup", &*gateway.clock);
        let problem =
            Problem::forbidden("this setup link is not open: it was used, is older than a day, or there is an admin already");
        return Err(problem.hint("restart the gateway without an admin to get a new link"));
    }
    tx.add_agent(&row, &hash).await?;
    let secret = auth::open_session(&mut tx, &row.id.as_str().into(), now).await?;
    tx.commit(now).await?;
    Ok((cookie(gateway, &secret), Json(me(gateway, row).await?)))
}
