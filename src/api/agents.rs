//! Agents: who answers.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path};
use super::session::check_length;
use crate::auth::Signed;
use crate::shapes::{Agent, List, RoleName};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::ids::AgentId;
use onethread_store::agents::{AgentChange, AgentRow};
use onethread_store::live::Told;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    email: String,
    name: String,
    role: RoleName,
    /// At least 8 characters.
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAgent {
    name: Option<String>,
    role: Option<RoleName>,
    disabled: Option<bool>,
    password: Option<String>,
}

/// Every agent, the disabled too.
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents", operation_id = "list_agents", params(Paging),
    responses((status = 200, body = List<Agent>), Problem))]
pub async fn list(State(api): State<Api>, _signed: Signed, Asked(page): Asked<Paging>) -> Answer<Json<List<Agent>>> {
    let rows = api.gateway.db.read().await?.agents(page.after(), page.limit()).await?;
    Ok(Json(List::of(rows, Agent::from)))
}

/// Add an agent.
#[utoipa::path(post, path = "/api/v1/agents", tag = "agents", operation_id = "add_agent", request_body = NewAgent,
    responses((status = 201, body = Agent), Problem))]
pub async fn add(State(api): State<Api>, _admin: Admin, Body(given): Body<NewAgent>) -> Answer<(StatusCode, Json<Agent>)> {
    let (email, name) = (check_email(&given.email)?, check_name(&given.name)?);
    check_length("password", &given.password)?;
    let hash = api.passwords.hash(&given.password).await?;
    let now = api.gateway.clock.now();
    let row = AgentRow {
        id: AgentId::fresh(now).0,
        email,
        name,
        role: given.role.as_str().to_owned(),
        language: "vi".to_owned(),
        availability: "online".to_owned(),
        disabled: false,
        open_threads: 0,
        created_at: now,
        updated_at: now,
    };
    let mut tx = api.gateway.db.begin().await?;
    tx.add_agent(&row, &hash).await?;
    tx.tell(Told::Agent { agent: row.id.clone() });
    tx.commit(now).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Change an agent. A disabled agent or a new password ends the agent's sessions.
#[utoipa::path(patch, path = "/api/v1/agents/{id}", tag = "agents", operation_id = "change_agent", request_body = ChangeAgent,
    params(("id" = String, Path)), responses((status = 200, body = Agent), Problem))]
pub async fn change(
    State(api): State<Api>,
    Admin(admin): Admin,
    Path(id): Path<String>,
    Body(given): Body<ChangeAgent>,
) -> Answer<Json<Agent>> {
    let id = AgentId(id);
    if given.disabled == Some(true) && id == *admin.actor.id() {
        return Err(Problem::invalid("disabled", "cannot be set on oneself: ask another admin"));
    }
    let password_hash = match &given.password {
        Some(password) => {
            check_length("password", password)?;
            Some(api.passwords.hash(password).await?)
        }
        None => None,
    };
    let change = AgentChange {
        name: given.name.as_deref().map(check_name).transpose()?,
        role: given.role.map(|role| role.as_str().to_owned()),
        disabled: given.disabled,
        password_hash,
        ..AgentChange::default()
    };
    let now = api.gateway.clock.now();
    let mut tx = api.gateway.db.begin().await?;
    let row = tx.change_agent(&id, &change, now).await?;
    if row.disabled || (change.password_hash.is_some() && id != *admin.actor.id()) {
        tx.close_sessions(&id, None).await?;
    }
    tx.tell(Told::Agent { agent: row.id.clone() });
    tx.commit(now).await?;
    Ok(Json(row.into()))
}

/// Lower case, and looks like an address.
pub fn check_email(text: &str) -> Answer<String> {
    let email = text.trim().to_lowercase();
    let looks_right = email.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains('@')
    });
    if !looks_right || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Problem::invalid("email", "must be an e-mail address"));
    }
    Ok(email)
}

pub fn check_name(text: &str) -> Answer<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Problem::invalid("name", "must have between 1 and 100 characters, in one line"));
    }
    Ok(name.to_owned())
}
