//! The Bot API's front door: tokens, method names, and the methods that send nothing.

use super::request::Parameters;
use super::{BOT_NAME, State, TOKEN, chat, line::Webhook, send};
use crate::Fault;
use crate::portrait;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub const OTHER_POLLER: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK_ACTIVE: &str =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OLD_PRESS: &str = "Bad Request: query is too old and response timeout expired or query ID is invalid";

/// What a method answers.
pub enum Answer {
    Good(Value),
    Bad {
        code: u16,
        description: String,
        retry_after: Option<u64>,
    },
    /// Done, and then the connection breaks.
    Lost,
}

impl Answer {
    pub fn bad(code: u16, description: impl Into<String>) -> Self {
        Self::Bad { code, description: description.into(), retry_after: None }
    }

    pub fn throttled(seconds: u64) -> Self {
        let description = format!("Too Many Requests: retry after {seconds}");
        Self::Bad { code: 429, description, retry_after: Some(seconds) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Good(result) => axum::Json(json!({"ok": true, "result": result})).into_response(),
            Self::Lost => broken(),
            Self::Bad { code, description, retry_after } => {
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut body = json!({"ok": false, "error_code": code, "description": description});
                let Some(seconds) = retry_after else { return (status, axum::Json(body)).into_response() };
                body["parameters"] = json!({"retry_after": seconds});
                (status, [(header::RETRY_AFTER, seconds.to_string())], axum::Json(body)).into_response()
            }
        }
    }
}

/// A response that starts and never ends: the server cuts the connection.
fn broken() -> Response {
    let cut = futures::stream::iter([Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]);
    Response::new(Body::from_stream(cut))
}

pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/{bot}/{method}", any(method))
        .route("/file/{bot}/{*path}", get(download))
        .layer(DefaultBodyLimit::max(52 << 20))
        .with_state(state)
}

/// Right, wrong, or not even shaped like a token.
fn check(state: &State, bot: &str) -> Result<(), Answer> {
    let token = bot.strip_prefix("bot").unwrap_or_default();
    let shaped = token.split_once(':').is_some_and(|(id, key)| id.parse::<u64>().is_ok() && !key.is_empty());
    match shaped {
        false => Err(Answer::bad(404, "Not Found")),
        true if token != TOKEN || state.faults.standing() == Some(Fault::TokenRevoked) => Err(Answer::bad(401, "Unauthorized")),
        true => Ok(()),
    }
}

async fn method(Shared(state): Shared<Arc<State>>, Path((bot, method)): Path<(String, String)>, request: Request) -> Response {
    state.calls.fetch_add(1, Ordering::Relaxed);
    if let Err(answer) = check(&state, &bot) {
        return answer.into_response();
    }
    let Some(parameters) = Parameters::read(request).await else {
        return Answer::bad(400, "Bad Request: can't parse the request's parameters").into_response();
    };
    call(&state, &method.to_ascii_lowercase(), &parameters).await.into_response()
}

async fn call(state: &Arc<State>, method: &str, parameters: &Parameters) -> Answer {
    match method {
        "getme" => Answer::Good(me()),
        "setwebhook" => set_webhook(state, parameters),
        "deletewebhook" => delete_webhook(state, parameters),
        "getwebhookinfo" => Answer::Good(state.line.webhook_info()),
        "getupdates" => get_updates(state, parameters).await,
        "getfile" => get_file(state, parameters),
        "getchat" => get_chat(state, parameters),
        "answercallbackquery" => answer_press(state, parameters),
        "sendchataction" => chat_action(state, parameters),
        _ => {
            state.faults.dawdle().await;
            send::call(state, method, parameters).unwrap_or_else(|| Answer::bad(404, "Not Found"))
        }
    }
}

fn me() -> Value {
    let mut me = chat::bot();
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(false);
    me["supports_inline_queries"] = json!(false);
    debug_assert_eq!(me["username"], BOT_NAME);
    me
}

// ------------------------------------------------------------------- updates

fn set_webhook(state: &State, parameters: &Parameters) -> Answer {
    let address = parameters.text("url").unwrap_or_default();
    if address.is_empty() {
        return delete_webhook(state, parameters);
    }
    let Ok(url) = url::Url::parse(address) else {
        return Answer::bad(400, "Bad Request: bad webhook: invalid URL specified");
    };
    // A server of one's own takes plain HTTP on its own machine; the cloud does not.
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() != "https" && !here {
        return Answer::bad(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook");
    }
    let secret = parameters.text("secret_token").map(str::to_owned);
    if secret.as_deref().is_some_and(|secret| !is_secret(secret)) {
        return Answer::bad(400, "Bad Request: secret token contains unallowed characters");
    }
    let Ok(allowed) = allowed(parameters) else {
        return Answer::bad(400, "Bad Request: can't parse allowed updates JSON object");
    };
    let webhook = Webhook { url: address.to_owned(), secret };
    if state.line.is_hasty(&webhook) {
        return Answer::throttled(1);
    }
    state.line.point(Some(webhook), allowed, parameters.flag("drop_pending_updates"));
    Answer::Good(json!(true))
}

fn is_secret(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn allowed(parameters: &Parameters) -> Result<Option<Vec<String>>, ()> {
    let Some(list) = parameters.json("allowed_updates")? else { return Ok(None) };
    serde_json::from_value(list).map(Some).map_err(|_| ())
}

fn delete_webhook(state: &State, parameters: &Parameters) -> Answer {
    state.line.point(None, None, parameters.flag("drop_pending_updates"));
    Answer::Good(json!(true))
}

async fn get_updates(state: &State, parameters: &Parameters) -> Answer {
    if state.line.webhook().is_some() {
        return Answer::bad(409, WEBHOOK_ACTIVE);
    }
    if let Ok(Some(list)) = allowed(parameters) {
        state.line.allow(Some(list));
    }
    let limit = parameters.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100).clamp(1, 100);
    let seconds = parameters.number("timeout").and_then(|wait| u64::try_from(wait).ok()).unwrap_or(0).min(50);
    match state.line.poll(parameters.number("offset"), limit, Duration::from_secs(seconds)).await {
        Some(updates) => Answer::Good(Value::Array(updates)),
        None => Answer::bad(409, OTHER_POLLER),
    }
}

// --------------------------------------------------------------- small things

fn get_file(state: &State, parameters: &Parameters) -> Answer {
    match parameters.text("file_id").and_then(|id| state.files.describe(id)) {
        Some(Ok(file)) => Answer::Good(file),
        Some(Err(())) => Answer::bad(400, "Bad Request: file is too big"),
        None => Answer::bad(400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
    }
}

async fn download(Shared(state): Shared<Arc<State>>, Path((bot, path)): Path<(String, String)>) -> Response {
    if let Err(answer) = check(&state, &bot) {
        return answer.into_response();
    }
    match state.files.download(&path) {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => Answer::bad(404, "Not Found").into_response(),
    }
}

fn get_chat(state: &State, parameters: &Parameters) -> Answer {
    let known = parameters.number("chat_id").and_then(|id| state.chats.get(&id));
    let Some(chat) = known else { return Answer::bad(400, "Bad Request: chat not found") };
    let mut full = chat.as_chat();
    let picture =
        state.files.put("profile_photos", "photo.gif", portrait(full["first_name"].as_str().unwrap_or_default()).into());
    full["photo"] = json!({"small_file_id": picture, "small_file_unique_id": "small", "big_file_id": picture,
        "big_file_unique_id": "big"});
    full["accent_color_id"] = json!(3);
    full["max_reaction_count"] = json!(11);
    let gifts = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"];
    full["accepted_gift_types"] = gifts.iter().map(|kind| ((*kind).to_owned(), json!(true))).collect();
    Answer::Good(full)
}

fn answer_press(state: &State, parameters: &Parameters) -> Answer {
    let press = parameters.text("callback_query_id").and_then(|id| state.presses.get_mut(id));
    match press {
        Some(mut answered) => {
            *answered = true;
            Answer::Good(json!(true))
        }
        None => Answer::bad(400, OLD_PRESS),
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulator starts its own tasks")]
fn chat_action(state: &Arc<State>, parameters: &Parameters) -> Answer {
    let Some(id) = parameters.number("chat_id").filter(|id| state.chats.contains_key(id)) else {
        return Answer::bad(400, "Bad Request: chat not found");
    };
    if parameters.text("action") == Some("typing") {
        let (state, user) = (state.clone(), id.to_string());
        state.phones.change(&user, |phone| phone.typing = true);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            state.phones.change(&user, |phone| phone.typing = false);
        });
    }
    Answer::Good(json!(true))
}
