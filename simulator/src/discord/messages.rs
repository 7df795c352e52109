//! Messages over REST: created with the platform's checks and its nonce, listed and read.

use super::api::Answer;
use super::chats::{Person, bot};
use super::{State, now};
use crate::fault::lock;
use crate::{Bubble, BubbleFrom, Fault};
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State as Shared};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

const TEXT_LIMIT: usize = 2000;
const FILE_LIMIT: usize = 10 << 20;
const REQUEST_LIMIT: usize = 25 << 20;

/// What a call wants to say.
struct Wish {
    body: Value,
    files: Vec<(String, String, Bytes)>,
}

pub async fn create(Shared(state): Shared<Arc<State>>, Path(channel): Path<u64>, request: Request) -> Answer {
    state.faults.dawdle().await;
    let fault = state.faults.take();
    if let Some(answer) = fault.and_then(refusal) {
        return answer;
    }
    let wish = match Wish::read(request).await {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    match place(&state, channel, wish) {
        Ok(_) if fault == Some(Fault::AnswerLost) => Answer::Lost,
        Ok(message) => Answer::Good(message),
        Err(answer) => answer,
    }
}

/// What a fault answers instead of sending.
fn refusal(fault: Fault) -> Option<Answer> {
    #[expect(clippy::cast_precision_loss, reason = "a pause of seconds")]
    match fault {
        Fault::Throttled { retry_after } => Some(Answer::Throttled(retry_after as f64 / 1000.0)),
        Fault::ServerError => Some(Answer::bad(503, 130_000, "API resource is currently overloaded. Try again a little later")),
        Fault::TokenRevoked => Some(Answer::bad(401, 0, "401: Unauthorized")),
        Fault::Blocked | Fault::WindowClosed => Some(cannot_send()),
        Fault::BadContent => Some(Answer::bad(400, 50_035, "Invalid Form Body")),
        Fault::AnswerLost => None,
    }
}

fn cannot_send() -> Answer {
    Answer::bad(403, 50_007, "Cannot send messages to this user")
}

impl Wish {
    async fn read(request: Request) -> Result<Self, Answer> {
        let unreadable = || Answer::bad(400, 50_109, "The request body contains invalid JSON.");
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
            return Self::read_parts(parts).await;
        }
        if !kind.starts_with("application/json") {
            return Err(Answer::invalid(
                "_",
                "CONTENT_TYPE_INVALID",
                "Expected \"Content-Type\" header to be one of {'application/json'}.",
            ));
        }
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.map_err(|_| unreadable())?;
        Ok(Self { body: serde_json::from_slice(&body).map_err(|_| unreadable())?, files: Vec::new() })
    }

    async fn read_parts(mut parts: Multipart) -> Result<Self, Answer> {
        let too_large = || Answer::bad(413, 40_005, "Request entity too large");
        let (mut body, mut files, mut total) = (json!({}), Vec::new(), 0);
        while let Some(part) = parts.next_field().await.map_err(|_| too_large())? {
            let field = part.name().unwrap_or_default().to_owned();
            let name = part.file_name().unwrap_or("file").to_owned();
            let mime = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = part.bytes().await.map_err(|_| too_large())?;
            total += bytes.len();
            if bytes.len() > FILE_LIMIT || total > REQUEST_LIMIT {
                return Err(too_large());
            }
            if field == "payload_json" {
                body = serde_json::from_slice(&bytes)
                    .map_err(|_| Answer::bad(400, 50_109, "The request body contains invalid JSON."))?;
            } else if field.starts_with("files[") {
                files.push((name, mime, bytes));
            }
        }
        Ok(Self { body, files })
    }

    fn check(&self) -> Result<(), Answer> {
        let text = self.body["content"].as_str().unwrap_or_default();
        if text.chars().count() > TEXT_LIMIT {
            return Err(Answer::invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length."));
        }
        if text.trim().is_empty() && self.files.is_empty() && self.body["embeds"].as_array().is_none_or(Vec::is_empty) {
            return Err(Answer::bad(400, 50_006, "Cannot send an empty message"));
        }
        if self.body["nonce"].as_str().is_some_and(|nonce| nonce.len() > 25) {
            return Err(Answer::invalid("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
        }
        let described = self.body["attachments"].as_array().map_or(0, Vec::len);
        if described > self.files.len() {
            return Err(Answer::invalid("attachments", "ATTACHMENT_NOT_FOUND", "A described file was not uploaded."));
        }
        check_components(&self.body["components"])
    }
}

fn check_components(rows: &Value) -> Result<(), Answer> {
    let wrong = |message: &str| Err(Answer::invalid("components", "COMPONENT_VALIDATION_FAILED", message));
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.len() > 5 {
        return wrong("At most 5 rows.");
    }
    let mut ids = Vec::new();
    for row in rows {
        let buttons = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        if row["type"] != 1 || buttons.is_empty() || buttons.len() > 5 {
            return wrong("A row has 1 to 5 components.");
        }
        for button in buttons {
            let label = button["label"].as_str().unwrap_or_default().chars().count();
            let (id, url) = (button["custom_id"].as_str(), button["url"].as_str());
            let linked =
                button["style"] == 5 && url.is_some_and(|url| url.len() <= 512 && url.starts_with("http")) && id.is_none();
            let pressed =
                matches!(button["style"].as_u64(), Some(1..=4)) && id.is_some_and(|id| (1..=100).contains(&id.chars().count()));
            if button["type"] != 2 || label == 0 || label > 80 || !(linked || pressed) {
                return wrong("A button needs a label and either a custom_id or a link.");
            }
            if let Some(id) = id {
                if ids.contains(&id) {
                    return wrong("Component custom id cannot be duplicated");
                }
                ids.push(id);
            }
        }
    }
    Ok(())
}

fn place(state: &State, channel: u64, wish: Wish) -> Result<Value, Answer> {
    wish.check()?;
    let unknown = || Answer::bad(404, 10_003, "Unknown Channel");
    let user = state.chats.channel(channel).map(|channel| channel.user).ok_or_else(unknown)?;
    let person = state.chats.person(user).filter(|person| !person.blocked).ok_or_else(cannot_send)?;
    let nonce = wish.body["nonce"].as_str().filter(|_| wish.body["enforce_nonce"] == true).map(str::to_owned);
    if let Some(made) = nonce.as_deref().and_then(|nonce| state.chats.made_by(nonce)) {
        return Ok(signed(state, made));
    }
    let message = write(state, &person, wish)?;
    if let (Some(nonce), Some(id)) = (nonce, id_of(&message)) {
        state.chats.keep_nonce(&nonce, channel, id);
    }
    // A bot hears its own messages, too.
    state.gateway.dispatch("MESSAGE_CREATE", &message);
    Ok(message)
}

fn write(state: &State, person: &Person, wish: Wish) -> Result<Value, Answer> {
    let names: Vec<String> = wish.files.iter().map(|(name, ..)| name.clone()).collect();
    let text = wish.body["content"].as_str().unwrap_or_default().to_owned();
    let attachments: Vec<Value> =
        wish.files.into_iter().map(|(name, mime, bytes)| state.shelf.put(state.snowflake(), &name, &mime, bytes)).collect();
    let mut content = json!({"content": text, "attachments": attachments, "components": numbered(&wish.body["components"])});
    content["nonce"] = wish.body["nonce"].clone();
    let id = state.snowflake();
    let mut bubble = Bubble::new(id.to_string(), BubbleFrom::Business, text, now());
    let message = {
        let mut channel = state.chats.channel(person.channel).ok_or_else(cannot_send)?;
        bubble.reply_to = reference(&channel, &wish.body["message_reference"], &mut content)?;
        channel.write(id, &bot(), &content)
    };
    bubble.files = names;
    bubble.buttons = buttons(&content["components"]);
    state.phones.show(&person.id.to_string(), bubble);
    Ok(signed(state, message))
}

/// The platform gives every component a number of its own.
fn numbered(rows: &Value) -> Value {
    let mut rows = if rows.is_array() { rows.clone() } else { json!([]) };
    let mut last = 0;
    for row in rows.as_array_mut().into_iter().flatten() {
        last += 1;
        row["id"] = json!(last);
        for button in row["components"].as_array_mut().into_iter().flatten() {
            last += 1;
            button["id"] = json!(last);
        }
    }
    rows
}

fn reference(channel: &super::chats::Channel, wish: &Value, content: &mut Value) -> Result<Option<String>, Answer> {
    let Some(target) = wish["message_id"].as_str() else { return Ok(None) };
    let quoted = target.parse().ok().and_then(|id| channel.message(id));
    let Some(quoted) = quoted else {
        if wish["fail_if_not_exists"] == false {
            return Ok(None);
        }
        return Err(Answer::invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message"));
    };
    content["type"] = json!(19);
    content["message_reference"] = json!({"type": 0, "message_id": target, "channel_id": channel.id.to_string()});
    content["referenced_message"] = quoted.clone();
    Ok(Some(target.to_owned()))
}

fn buttons(rows: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let buttons = rows.as_array().into_iter().flatten().filter_map(|row| row["components"].as_array()).flatten();
    buttons.map(|button| (text(&button["label"]), text(button.get("custom_id").unwrap_or(&button["url"])))).collect()
}

fn id_of(message: &Value) -> Option<u64> {
    message["id"].as_str()?.parse().ok()
}

/// The message with file links that work now.
pub fn signed(state: &State, mut message: Value) -> Value {
    let base = lock(&state.base).clone();
    state.shelf.sign(&mut message, &base);
    message
}

pub async fn list(
    Shared(state): Shared<Arc<State>>,
    Path(channel): Path<u64>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let number = |name: &str| query.get(name).and_then(|value| value.parse::<u64>().ok());
    let limit = number("limit").unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Answer::invalid("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.");
    }
    let found = state.chats.channel(channel).map(|channel| channel.page(number("after"), usize::try_from(limit).unwrap_or(50)));
    match found {
        Some(page) => Answer::Good(page.into_iter().map(|message| signed(&state, message)).collect()),
        None => Answer::bad(404, 10_003, "Unknown Channel"),
    }
}

pub async fn one(Shared(state): Shared<Arc<State>>, Path((channel, message)): Path<(u64, u64)>) -> Answer {
    let found = state.chats.channel(channel).and_then(|channel| channel.message(message).cloned());
    found.map_or_else(|| Answer::bad(404, 10_008, "Unknown Message"), |message| Answer::Good(signed(&state, message)))
}
