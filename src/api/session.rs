//! Signing in and out, and what agents change about themselves.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Body, COOKIE, Remote, from_other_pages};
use crate::auth::{self, Proof, SESSION_LIFE, SHORTEST_PASSWORD, Signed};
use crate::gateway::Gateway;
use crate::shapes::{Availability, Language, Me};
use crate::shop::Shop;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use onethread_store::agents::{AgentChange, AgentRow};
use onethread_store::live::Told;
use serde::Deserialize;
use utoipa::ToSchema;

/// In bytes: hashing takes longer with length.
const LONGEST_PASSWORD: usize = 1024;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    language: Option<Language>,
    availability: Option<Availability>,
    password: Option<NewPassword>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    current: String,
    new: String,
}

/// Sign in; sets the session cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", operation_id = "sign_in", request_body = SignIn,
    responses((status = 200, body = Me), Problem), security(()))]
pub async fn sign_in(
    State(api): State<Api>,
    Remote(remote): Remote,
    headers: HeaderMap,
    Body(given): Body<SignIn>,
) -> Answer<([(HeaderName, String); 1], Json<Me>)> {
    if from_other_pages(&headers) {
        return Err(Problem::cross_site());
    }
    // Nobody has such: and what is tried is remembered for a while.
    if given.email.len() > 254 || given.password.len() > LONGEST_PASSWORD {
        return Err(Problem::unauthorized("the e-mail address or the password is wrong"));
    }
    let (gateway, email) = (&api.gateway, given.email.trim().to_lowercase());
    api.guesses.may_try(&remote, &email, &*gateway.clock).map_err(Problem::too_many)?;
    let found = gateway.db.read().await?.credentials(&email).await?;
    let (agent, hash) = found.map_or((None, None), |(agent, hash)| (Some(agent), Some(hash)));
    let right = api.passwords.verify(&given.password, hash).await?;
    let Some(agent) = agent.filter(|_| right) else {
        api.guesses.note_wrong(&remote, &email, &*gateway.clock);
        tracing::info!(remote, "a sign-in was refused");
        return Err(Problem::unauthorized("the e-mail address or the password is wrong"));
    };
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let secret = auth::open_session(&mut tx, &agent, now).await?;
    tx.commit(now).await?;
    let agent = gateway.db.read().await?.agent(&agent).await?;
    Ok((cookie(gateway, &secret), Json(me(gateway, agent).await?)))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", operation_id = "who_am_i",
    responses((status = 200, body = Me), Problem))]
pub async fn who(State(api): State<Api>, signed: Signed) -> Answer<Json<Me>> {
    let agent = signed.agent.ok_or_else(|| Problem::forbidden("an API token is nobody; this is for agents"))?;
    Ok(Json(me(&api.gateway, agent).await?))
}

/// Change one's language, availability or password. A new password ends all other sessions.
#[utoipa::path(patch, path = "/api/v1/session", tag = "session", operation_id = "change_me", request_body = ChangeMe,
    responses((status = 200, body = Me), Problem))]
pub async fn change(State(api): State<Api>, signed: Signed, Body(given): Body<ChangeMe>) -> Answer<Json<Me>> {
    let gateway = &api.gateway;
    let Some(agent) = signed.agent else { return Err(Problem::forbidden("an API token is nobody; this is for agents")) };
    let password_hash = match &given.password {
        Some(password) => Some(checked_password(&api, &agent, password).await?),
        None => None,
    };
    let change = AgentChange {
        language: given.language.map(|language| language.as_str().to_owned()),
        availability: given.availability.map(|availability| availability.as_str().to_owned()),
        password_hash,
        ..AgentChange::default()
    };
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let row = tx.change_agent(signed.actor.id(), &change, now).await?;
    if change.password_hash.is_some() {
        let this = if let Proof::Session(digest) = &signed.proof { Some(digest.as_str()) } else { None };
        tx.close_sessions(signed.actor.id(), this).await?;
    }
    tx.tell(Told::Agent { agent: row.id.clone() });
    tx.commit(now).await?;
    Ok(Json(me(gateway, row).await?))
}

async fn checked_password(api: &Api, agent: &AgentRow, password: &NewPassword) -> Answer<String> {
    check_length("password.new", &password.new)?;
    let kept = api.gateway.db.read().await?.credentials(&agent.email).await?.map(|(_, hash)| hash);
    api.guesses.may_try("session", &agent.email, &*api.gateway.clock).map_err(Problem::too_many)?;
    if !api.passwords.verify(&password.current, kept).await? {
        api.guesses.note_wrong("session", &agent.email, &*api.gateway.clock);
        return Err(Problem::invalid("password.current", "is not the present password"));
    }
    Ok(api.passwords.hash(&password.new).await?)
}

pub fn check_length(field: &str, password: &str) -> Answer<()> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(Problem::invalid(field, format!("must have at least {SHORTEST_PASSWORD} characters")));
    }
    if password.len() > LONGEST_PASSWORD {
        return Err(Problem::invalid(field, "is too long"));
    }
    Ok(())
}

/// Sign out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", operation_id = "sign_out",
    responses((status = 204), Problem))]
pub async fn sign_out(State(api): State<Api>, signed: Signed) -> Answer<(StatusCode, [(HeaderName, String); 1])> {
    if let Proof::Session(digest) = &signed.proof {
        let mut tx = api.gateway.db.begin().await?;
        tx.close_session(digest).await?;
        tx.commit(api.gateway.clock.now()).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie(&api.gateway, "")))
}

/// The session cookie, as a header. An empty secret takes it away.
pub fn cookie(gateway: &Gateway, secret: &str) -> [(HeaderName, String); 1] {
    let life = if secret.is_empty() { 0 } else { SESSION_LIFE / 1000 };
    let secure = if gateway.config.is_https() { "; Secure" } else { "" };
    [(header::SET_COOKIE, format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={life}{secure}"))]
}

pub async fn me(gateway: &Gateway, agent: AgentRow) -> Answer<Me> {
    Ok(Me::of(agent, Shop::of(&gateway.db).await?.shop_name))
}
