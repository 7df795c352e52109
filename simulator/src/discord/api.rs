//! The REST API's front door, the file host and the gateway's address.

use super::chats::bot;
use super::{State, TOKEN, gateway, messages};
use crate::Fault;
use crate::fault::lock;
use crate::portrait;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, Query, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What a call answers.
pub enum Answer {
    Good(Value),
    Empty,
    Bad {
        status: u16,
        code: i64,
        message: String,
        errors: Option<Value>,
    },
    Throttled(f64),
    /// Done, and then the connection breaks.
    Lost,
}

impl Answer {
    pub fn bad(status: u16, code: i64, message: &str) -> Self {
        Self::Bad { status, code, message: message.to_owned(), errors: None }
    }

    /// `Invalid Form Body`, with one field's error.
    pub fn invalid(field: &str, code: &str, message: &str) -> Self {
        let errors = json!({field: {"_errors": [{"code": code, "message": message}]}});
        Self::Bad { status: 400, code: 50_035, message: "Invalid Form Body".into(), errors: Some(errors) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Good(body) => Json(body).into_response(),
            Self::Empty => StatusCode::NO_CONTENT.into_response(),
            Self::Lost => {
                let cut = futures::stream::iter([Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]);
                Response::new(Body::from_stream(cut))
            }
            Self::Throttled(seconds) => {
                let body = json!({"message": "You are being rate limited.", "retry_after": seconds, "global": false});
                let headers = [("retry-after", format!("{:.0}", seconds.ceil())), ("x-ratelimit-scope", "user".to_owned())];
                (StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response()
            }
            Self::Bad { status, code, message, errors } => {
                let mut body = json!({"message": message, "code": code});
                if let Some(errors) = errors {
                    body["errors"] = errors;
                }
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, Json(body)).into_response()
            }
        }
    }
}

type World = Shared<Arc<State>>;

pub fn router(state: Arc<State>) -> Router {
    let authorised = Router::new()
        .route("/gateway/bot", get(gateway_bot))
        .route("/users/@me", get(me))
        .route("/users/{user}", get(user))
        .route("/users/@me/channels", post(open_channel))
        .route("/channels/{channel}/messages", get(messages::list).post(messages::create))
        .route("/channels/{channel}/messages/{message}", get(messages::one))
        .route("/channels/{channel}/typing", post(typing))
        .layer(from_fn_with_state(state.clone(), authorise));
    let api = Router::new()
        .route("/gateway", get(gateway_address))
        .route("/interactions/{id}/{token}/callback", post(answer_press))
        .merge(authorised)
        .layer(axum::middleware::from_fn(check_agent));
    Router::new()
        .nest("/api/v10", api)
        .route("/gateway", get(connect))
        .route("/gateway/resume", get(connect))
        .route("/attachments/{channel}/{id}/{name}", get(attachment))
        .route("/stickers/{name}", get(sticker))
        .route("/avatars/{user}/{name}", get(avatar))
        .layer(DefaultBodyLimit::max(30 << 20))
        .with_state(state)
}

async fn authorise(Shared(state): World, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let good = shown.and_then(|shown| shown.strip_prefix("Bot ")) == Some(TOKEN);
    if !good || state.faults.standing() == Some(Fault::TokenRevoked) {
        return Answer::bad(401, 0, "401: Unauthorized").into_response();
    }
    next.run(request).await
}

async fn check_agent(request: Request, next: Next) -> Response {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !agent.starts_with("DiscordBot (") {
        return Answer::bad(403, 40_333, "internal network error").into_response();
    }
    next.run(request).await
}

// ------------------------------------------------------------------- gateway

/// Where this world is, as the caller reached it.
fn base(headers: &HeaderMap, uri: &OriginalUri, below: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path = uri.path().split(below).next().unwrap_or_default();
    format!("{host}{path}")
}

async fn gateway_address(headers: HeaderMap, uri: OriginalUri) -> Json<Value> {
    Json(json!({"url": format!("ws://{}/gateway", base(&headers, &uri, "/api/v10"))}))
}

async fn gateway_bot(Shared(state): World, headers: HeaderMap, uri: OriginalUri) -> Json<Value> {
    let place = base(&headers, &uri, "/api/v10");
    *lock(&state.base) = format!("http://{place}");
    Json(json!({"url": format!("ws://{place}/gateway"), "shards": 1, "session_start_limit": state.gateway.start_limit()}))
}

async fn connect(
    Shared(state): World,
    headers: HeaderMap,
    uri: OriginalUri,
    Query(query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if query.get("v").map(String::as_str) != Some("10") || query.get("encoding").map(String::as_str) != Some("json") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let resume_url = format!("ws://{}/gateway/resume", base(&headers, &uri, "/gateway"));
    upgrade.on_upgrade(move |socket| gateway::serve(state, socket, resume_url))
}

// -------------------------------------------------------------- people, files

async fn me() -> Json<Value> {
    let mut me = bot();
    me["mfa_enabled"] = json!(true);
    me["locale"] = json!("en-US");
    Json(me)
}

async fn user(Shared(state): World, Path(user): Path<u64>) -> Answer {
    let person = state.chats.person(user);
    person.map_or_else(|| Answer::bad(404, 10_013, "Unknown User"), |person| Answer::Good(person.as_user()))
}

async fn open_channel(Shared(state): World, Json(wish): Json<Value>) -> Answer {
    let Some(user) = wish["recipient_id"].as_str().and_then(|id| id.parse().ok()) else {
        return Answer::invalid("recipient_id", "NUMBER_TYPE_COERCE", "Value is not snowflake.");
    };
    match state.chats.person(user) {
        Some(person) => {
            let channel = json!({"id": person.channel.to_string(), "type": 1, "last_message_id": null, "flags": 0,
                "recipients": [person.as_user()]});
            Answer::Good(channel)
        }
        None => Answer::bad(400, 50_033, "Invalid Recipient(s)"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulator starts its own tasks")]
async fn typing(Shared(state): World, Path(channel): Path<u64>) -> Answer {
    let Some(user) = state.chats.channel(channel).map(|channel| channel.user.to_string()) else {
        return Answer::bad(404, 10_003, "Unknown Channel");
    };
    state.phones.change(&user, |phone| phone.typing = true);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        state.phones.change(&user, |phone| phone.typing = false);
    });
    Answer::Empty
}

async fn answer_press(Shared(state): World, Path((id, token)): Path<(String, String)>, Json(answer): Json<Value>) -> Answer {
    let Some(mut press) = state.presses.get_mut(&format!("{id}/{token}")) else {
        return Answer::bad(404, 10_062, "Unknown interaction");
    };
    if press.answered {
        return Answer::bad(400, 40_060, "Interaction has already been acknowledged.");
    }
    if press.at.elapsed() > Duration::from_secs(3) {
        return Answer::bad(404, 10_062, "Unknown interaction");
    }
    if !matches!(answer["type"].as_u64(), Some(4..=7 | 9)) {
        return Answer::invalid("type", "BASE_TYPE_CHOICES", "Value must be one of (4, 5, 6, 7, 9).");
    }
    press.answered = true;
    Answer::Empty
}

async fn attachment(
    Shared(state): World,
    Path((_, id, _)): Path<(u64, u64, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    match state.shelf.open(id, query.get("hm").map(String::as_str).unwrap_or_default()) {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => (StatusCode::NOT_FOUND, "This content is no longer available.").into_response(),
    }
}

async fn avatar(Shared(state): World, Path((user, _)): Path<(u64, String)>) -> Response {
    match state.chats.person(user) {
        Some(person) => ([(header::CONTENT_TYPE, "image/gif")], portrait(&person.name)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn sticker(Shared(state): World, Path(name): Path<String>) -> Response {
    let id = name.split('.').next().and_then(|id| id.parse().ok());
    match id.and_then(|id| state.shelf.sticker(id)) {
        Some(bytes) => ([(header::CONTENT_TYPE, "image/png")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
