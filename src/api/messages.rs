//! Messages: reading a thread and speaking in it.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Asked, Body, Path, page_size};
use crate::auth::Signed;
use crate::desk::{self, Barred, DeskError, Saying};
use crate::gateway::Gateway;
use crate::shapes::{List, Message};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::ids::{FileId, IdentityId, MessageId, ThreadId};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// Messages with a smaller `seq`.
    before: Option<i64>,
    /// Messages with a greater `seq`.
    after: Option<i64>,
    /// At most so many (default 50, at most 200).
    limit: Option<i64>,
    /// The `next` of the page before; the same as `before`.
    cursor: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    #[serde(default)]
    text: String,
    /// Where to; by default where the customer last wrote.
    #[serde(default)]
    identity_id: Option<String>,
    /// The client's own id: given again, the same message is answered.
    #[serde(default)]
    client_id: Option<String>,
    /// For colleagues only.
    #[serde(default)]
    note: bool,
    /// Ids of uploaded files.
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    reply_to: Option<String>,
}

/// Messages of a thread, oldest first: the newest ones, or those before or after a place. `next` is the
/// cursor of the older ones; with `after`, of the newer ones.
#[utoipa::path(get, path = "/api/v1/threads/{id}/messages", tag = "messages", operation_id = "list_messages",
    params(("id" = String, Path), Span), responses((status = 200, body = List<Message>), Problem))]
pub async fn list(
    State(api): State<Api>,
    _signed: Signed,
    Path(id): Path<String>,
    Asked(span): Asked<Span>,
) -> Answer<Json<List<Message>>> {
    let (id, limit) = (ThreadId(id), page_size(span.limit));
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut conn = api.gateway.db.read().await?;
    conn.thread(&id).await?;
    let mut rows = match span.after {
        Some(after) => conn.messages_after(&id, after, limit + 1).await?,
        None => conn.messages_before(&id, span.before.or(span.cursor).unwrap_or(i64::MAX), limit + 1).await?,
    };
    let more = rows.len() > most;
    let next = if span.after.is_some() {
        rows.truncate(most);
        rows.last().filter(|_| more).map(|row| row.seq)
    } else {
        rows.drain(..rows.len().saturating_sub(most));
        rows.first().filter(|_| more).map(|row| row.seq)
    };
    let items = rows.into_iter().map(Message::from).collect();
    Ok(Json(List { items, next: next.map(|seq| seq.to_string()) }))
}

/// Answer the customer, or leave a note. Answering takes the thread from the bot or the queue.
#[utoipa::path(post, path = "/api/v1/threads/{id}/messages", tag = "messages", operation_id = "send_message",
    params(("id" = String, Path)), request_body = NewMessage,
    responses((status = 201, body = Message), (status = 200, body = Message, description = "This client said it already"), Problem))]
pub async fn send(
    State(api): State<Api>,
    signed: Signed,
    Path(id): Path<String>,
    Body(given): Body<NewMessage>,
) -> Answer<(StatusCode, Json<Message>)> {
    if given.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 100) {
        return Err(Problem::invalid("client_id", "must have between 1 and 100 characters"));
    }
    if given.attachments.len() > 10 {
        return Err(Problem::invalid("attachments", "may be at most 10"));
    }
    let saying = Saying {
        text: given.text,
        identity_id: given.identity_id.map(IdentityId),
        client_id: given.client_id,
        note: given.note,
        attachments: given.attachments.into_iter().map(FileId).collect(),
        reply_to: given.reply_to.map(MessageId),
    };
    let said = match desk::say(&api.gateway, &ThreadId(id), saying, &signed.actor).await {
        Err(DeskError::CannotReach { barred, alternatives }) => {
            return Err(cannot_reach(&api.gateway, barred, &alternatives).await?);
        }
        said => said?,
    };
    let status = if said.fresh { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, row(&api.gateway, &said.message_id).await?))
}

/// Send a failed or uncertain message again.
#[utoipa::path(post, path = "/api/v1/messages/{id}/retry", tag = "messages", operation_id = "retry_message",
    params(("id" = String, Path)), responses((status = 200, body = Message), Problem))]
pub async fn retry(State(api): State<Api>, signed: Signed, Path(id): Path<String>) -> Answer<Json<Message>> {
    let id = MessageId(id);
    desk::retry(&api.gateway, &id, &signed.actor).await?;
    row(&api.gateway, &id).await
}

/// An uncertain message did arrive: somebody looked.
#[utoipa::path(post, path = "/api/v1/messages/{id}/arrived", tag = "messages", operation_id = "message_arrived",
    params(("id" = String, Path)), responses((status = 200, body = Message), Problem))]
pub async fn arrived(State(api): State<Api>, signed: Signed, Path(id): Path<String>) -> Answer<Json<Message>> {
    let id = MessageId(id);
    desk::arrived(&api.gateway, &id, &signed.actor).await?;
    row(&api.gateway, &id).await
}

async fn row(gateway: &Gateway, id: &MessageId) -> Answer<Json<Message>> {
    Ok(Json(gateway.db.read().await?.message(id).await?.into()))
}

async fn cannot_reach(gateway: &Gateway, barred: Barred, open: &[IdentityId]) -> Answer<Problem> {
    let mut conn = gateway.db.read().await?;
    let mut alternatives = Vec::new();
    for id in open {
        let row = conn.identity(id).await?;
        let name = row.name.unwrap_or(row.inbox_name);
        alternatives.push(json!({ "identity_id": row.id, "channel": row.channel, "name": name }));
    }
    let problem = Problem::conflict("cannot-reach", "Cannot be reached", barred.why).with("code", barred.code);
    let problem = match (alternatives.is_empty(), barred.code) {
        (false, _) => problem.hint("answer on another channel of this customer"),
        (true, "inbox_disabled") => problem,
        (true, _) => problem.hint("wait until the customer writes again"),
    };
    Ok(problem.with("alternatives", alternatives))
}
