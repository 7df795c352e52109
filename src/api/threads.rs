//! Threads: the lists, one thread, and who speaks in it.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Asked, Body, Paging, Path, words};
use crate::auth::Signed;
use crate::desk::{self, DeskError};
use crate::gateway::Gateway;
use crate::shapes::{Counts, Handoff, Identity, List, Quota, Thread, ThreadDetail};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::channel::Voice;
use onethread_core::ids::{AgentId, CustomerId, IdentityId, InboxId, ThreadId};
use onethread_core::window::uses_quota;
use onethread_store::Conn;
use onethread_store::customers::IdentityRow;
use onethread_store::threads::View;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Nobody answers yet; longest waiting first.
    Waiting,
    /// Assigned to whoever asks.
    Mine,
    /// The bot speaks.
    Bot,
    #[default]
    All,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    #[serde(default)]
    #[param(inline)]
    view: Which,
    /// Part of a name, phone number or e-mail address, however it is spelt.
    #[serde(default)]
    q: String,
    /// Only customers on this channel.
    channel: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    agent_id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Up to this message.
    seq: i64,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// Where; by default where the customer last wrote.
    #[serde(default)]
    identity_id: Option<String>,
}

/// Threads of one view.
#[utoipa::path(get, path = "/api/v1/threads", tag = "threads", operation_id = "list_threads", params(Filter, Paging),
    responses((status = 200, body = List<Thread>), Problem))]
pub async fn list(
    State(api): State<Api>,
    signed: Signed,
    Asked(filter): Asked<Filter>,
    Asked(page): Asked<Paging>,
) -> Answer<Json<List<Thread>>> {
    let view = match filter.view {
        Which::Waiting => View::Waiting,
        Which::Mine => View::Of(signed.actor.id()),
        Which::Bot => View::Bot,
        Which::All => View::All,
    };
    let channel = filter.channel.as_deref().filter(|kind| !kind.is_empty());
    if channel.is_some_and(|kind| api.gateway.channel(kind).is_none()) {
        return Err(Problem::malformed("`channel` is not a channel; see GET /api/v1/channels"));
    }
    let rows = api.gateway.db.read().await?.threads(view, words(&filter.q)?, channel, page.after(), page.limit()).await?;
    Ok(Json(List::of(rows, Thread::from)))
}

/// How many threads each view holds.
#[utoipa::path(get, path = "/api/v1/threads/counts", tag = "threads", operation_id = "count_threads",
    responses((status = 200, body = Counts), Problem))]
pub async fn counts(State(api): State<Api>, signed: Signed) -> Answer<Json<Counts>> {
    Ok(Json(api.gateway.db.read().await?.thread_counts(signed.actor.id()).await?.into()))
}

/// One thread, with the customer's identities and past handoffs.
#[utoipa::path(get, path = "/api/v1/threads/{id}", tag = "threads", operation_id = "get_thread",
    params(("id" = String, Path)), responses((status = 200, body = ThreadDetail), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<Json<ThreadDetail>> {
    let mut conn = api.gateway.db.read().await?;
    let row = conn.thread(&ThreadId(id)).await?;
    let customer = CustomerId(row.customer_id.clone());
    let identities = conn.identities_of(&customer).await?;
    let handoffs = conn.handoffs_of(&customer).await?;
    Ok(Json(ThreadDetail {
        thread: row.into(),
        identities: shown_identities(&api.gateway, &mut conn, identities).await?,
        handoffs: handoffs.into_iter().map(Handoff::from).collect(),
    }))
}

/// Take the thread: from the bot, the queue or a colleague.
#[utoipa::path(post, path = "/api/v1/threads/{id}/take", tag = "threads", operation_id = "take_thread",
    params(("id" = String, Path)), responses((status = 200, body = Thread), Problem))]
pub async fn take(State(api): State<Api>, signed: Signed, Path(id): Path<String>) -> Answer<Json<Thread>> {
    desk::take(&api.gateway, &ThreadId(id.clone()), &signed.actor).await?;
    row(&api.gateway, id).await
}

/// Give the thread to an agent.
#[utoipa::path(post, path = "/api/v1/threads/{id}/assign", tag = "threads", operation_id = "assign_thread",
    params(("id" = String, Path)), request_body = Assign, responses((status = 200, body = Thread), Problem))]
pub async fn assign(
    State(api): State<Api>,
    signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<Assign>,
) -> Answer<Json<Thread>> {
    desk::assign(&api.gateway, &ThreadId(id.clone()), &AgentId(given.agent_id), &signed.actor).await?;
    row(&api.gateway, id).await
}

/// Put the thread back in the queue.
#[utoipa::path(post, path = "/api/v1/threads/{id}/release", tag = "threads", operation_id = "release_thread",
    params(("id" = String, Path)), responses((status = 200, body = Thread), Problem))]
pub async fn release(State(api): State<Api>, signed: Signed, Path(id): Path<String>) -> Answer<Json<Thread>> {
    desk::release(&api.gateway, &ThreadId(id.clone()), &signed.actor).await?;
    row(&api.gateway, id).await
}

/// Done: the bot speaks again, with a fresh context.
#[utoipa::path(post, path = "/api/v1/threads/{id}/resolve", tag = "threads", operation_id = "resolve_thread",
    params(("id" = String, Path)), responses((status = 200, body = Thread), Problem))]
pub async fn resolve(State(api): State<Api>, signed: Signed, Path(id): Path<String>) -> Answer<Json<Thread>> {
    desk::resolve(&api.gateway, &ThreadId(id.clone()), &signed.actor).await?;
    row(&api.gateway, id).await
}

/// Not done, but the bot may speak again.
#[utoipa::path(post, path = "/api/v1/threads/{id}/return-to-bot", tag = "threads", operation_id = "return_thread_to_bot",
    params(("id" = String, Path)), responses((status = 200, body = Thread), Problem))]
pub async fn return_to_bot(State(api): State<Api>, signed: Signed, Path(id): Path<String>) -> Answer<Json<Thread>> {
    desk::return_to_bot(&api.gateway, &ThreadId(id.clone()), &signed.actor).await?;
    row(&api.gateway, id).await
}

/// The agent has read up to here.
#[utoipa::path(post, path = "/api/v1/threads/{id}/seen", tag = "threads", operation_id = "see_thread",
    params(("id" = String, Path)), request_body = Seen, responses((status = 204), Problem))]
pub async fn seen(State(api): State<Api>, signed: Signed, Path(id): Path<String>, Body(given): Body<Seen>) -> Answer<StatusCode> {
    desk::seen(&api.gateway, &ThreadId(id), given.seq, &signed.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show the customer that somebody is typing, where the channel can.
#[utoipa::path(post, path = "/api/v1/threads/{id}/typing", tag = "threads", operation_id = "type_in_thread",
    params(("id" = String, Path)), request_body = Typing, responses((status = 204), Problem))]
pub async fn typing(
    State(api): State<Api>,
    _signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<Typing>,
) -> Answer<StatusCode> {
    let identity = given.identity_id.map(IdentityId);
    desk::typing(&api.gateway, &ThreadId(id), identity.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn row(gateway: &Gateway, id: String) -> Answer<Json<Thread>> {
    Ok(Json(gateway.db.read().await?.thread(&ThreadId(id)).await?.into()))
}

/// Identities, each with whether it can be written to now, and at what cost.
pub async fn shown_identities(gateway: &Gateway, conn: &mut Conn, rows: Vec<IdentityRow>) -> Answer<Vec<Identity>> {
    let now = gateway.clock.now();
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let windows = gateway.channel(&row.channel).map(|channel| channel.capabilities().windows).unwrap_or_default();
        let inbox: InboxId = row.inbox_id.as_str().into();
        let spends = uses_quota(&windows, row.last_interaction_at, Voice::Person, now);
        let quota = if spends { conn.quota_of(&inbox).await? } else { None };
        let paused = Some(conn.inbox(&inbox).await?).filter(|inbox| inbox.state == "paused");
        let mut identity = Identity::of(row, &windows, now);
        identity.reachable.paused = paused.map(|inbox| inbox.pause_reason.unwrap_or_default());
        identity.reachable.quota =
            quota.map(|quota| Quota { remaining: quota.remaining, total: quota.total, noted_at: quota.noted_at });
        shown.push(identity);
    }
    Ok(shown)
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let said = error.to_string();
        match error {
            DeskError::Store(error) => error.into(),
            DeskError::CannotMove(_) => {
                Self::conflict("does-not-fit", "Does not fit", said).hint("reload the thread: somebody was faster")
            }
            DeskError::Empty | DeskError::TooLong => Self::invalid("text", said),
            DeskError::Nobody => {
                Self::conflict("cannot-reach", "Cannot be reached", said).with("alternatives", Vec::<String>::new())
            }
            DeskError::Stranger => Self::invalid("identity_id", said),
            DeskError::NoSuchFile(_) | DeskError::BadFile { .. } => Self::invalid("attachments", said),
            DeskError::CannotReach { barred, .. } => {
                Self::conflict("cannot-reach", "Cannot be reached", said).with("code", barred.code)
            }
            DeskError::NothingToRetry | DeskError::NotUncertain | DeskError::NothingToUndo | DeskError::AlreadyMerged => {
                Self::conflict("does-not-fit", "Does not fit", said)
            }
            DeskError::LaterMergeFirst(_) => Self::conflict("later-merge-first", "A later merge is in the way", said),
            DeskError::SameCustomer => Self::invalid("from", said),
            DeskError::AgentDisabled => Self::invalid("agent_id", said),
        }
    }
}
