//! The Send API: who may be written to, when, and what happens then. The echo
//! and the delivery of a message are on their way before the caller has its answer.

use super::api::{Answer, GraphError, Parameters};
use super::message::{self, Media, MediaFrom, Shown, Upload};
use super::state::State;
use super::{APP_ID, acts};
use crate::courier::cut_the_line;
use crate::fault::Fault;
use crate::phone::{Bubble, BubbleFrom};
use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State as Ext};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const HOUR: i64 = 60 * 60 * 1000;
const LARGEST: usize = 25 << 20;

pub(super) async fn messages(
    Ext(state): Ext<Arc<State>>,
    Path((version, node)): Path<(String, String)>,
    Query(query): Query<Parameters>,
    request: Request,
) -> Answer {
    let page = state.page(&version, &node, &query)?;
    let (body, upload) = read(request).await?;
    let user = recipient(&state, &page, &body)?;
    if let Some(action) = body.get("sender_action") {
        return courtesy(&state, &user, action, &body);
    }
    state.faults.dawdle().await;
    let fault = state.faults.take();
    if let Some(error) = fault.and_then(GraphError::of_fault) {
        return Err(error);
    }
    let message = body.get("message").ok_or_else(|| GraphError::parameter("The parameter message is required"))?;
    let shown = message::check(message, upload.is_some())?;
    may_write(&state, &user, &body)?;
    let reply_to = reply_target(&state, &user, &body)?;
    let files = gather(&state, &shown.attachments, upload).await?;
    let mid = show(&state, &page, &user, shown, files, reply_to);
    if let Some(mut person) = state.people.get_mut(&user) {
        person.last_call = Some(body);
    }
    match fault {
        Some(Fault::AnswerLost) => Ok(cut_the_line()),
        _ => Ok(Json(json!({ "recipient_id": user, "message_id": mid })).into_response()),
    }
}

/// Upload now, send later by id.
pub(super) async fn message_attachments(
    Ext(state): Ext<Arc<State>>,
    Path((version, node)): Path<(String, String)>,
    Query(query): Query<Parameters>,
    request: Request,
) -> Answer {
    state.page(&version, &node, &query)?;
    let (body, upload) = read(request).await?;
    let shown = message::check(&body["message"], upload.is_some())?;
    let files = gather(&state, &shown.attachments, upload).await?;
    let (_, link) = files.first().ok_or_else(|| GraphError::parameter("There is nothing to upload"))?;
    let id = state.number().to_string();
    state.attachments.insert(id.clone(), link.clone());
    Ok(Json(json!({ "attachment_id": id })).into_response())
}

/// JSON, or a form whose parts are JSON or a file.
async fn read(request: Request) -> Result<(Value, Option<Upload>), GraphError> {
    let kind = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let unread = |_| GraphError::parameter("The request body could not be read");
    if !kind.starts_with("multipart/form-data") {
        let body = Bytes::from_request(request, &()).await.map_err(|_| GraphError::parameter("The request body is too large"))?;
        let body = serde_json::from_slice(&body).map_err(|_| GraphError::parameter("Invalid JSON in the request body"))?;
        return Ok((body, None));
    }
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| GraphError::parameter("Not a form"))?;
    let (mut body, mut upload) = (Map::new(), None);
    while let Some(field) = form.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "filedata" {
            let (name, mime) =
                (field.file_name().unwrap_or("file").to_owned(), field.content_type().unwrap_or_default().to_owned());
            upload = Some(Upload { name, mime, bytes: field.bytes().await.map_err(unread)? });
            continue;
        }
        let text = field.text().await.map_err(unread)?;
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        body.insert(name, value);
    }
    Ok((Value::Object(body), upload))
}

fn recipient(state: &State, page: &str, body: &Value) -> Result<String, GraphError> {
    let id = body["recipient"]["id"].as_str().ok_or_else(|| GraphError::parameter("The parameter recipient is required"))?;
    let known = state.people.get(id).is_some_and(|person| person.page == page);
    if known { Ok(id.to_owned()) } else { Err(GraphError::new(100, 2_018_001, "No matching user found")) }
}

fn courtesy(state: &State, user: &str, action: &Value, body: &Value) -> Answer {
    if body.get("message").is_some() {
        return Err(GraphError::new(100, 2_018_014, "A sender action cannot be sent with a message"));
    }
    match action.as_str() {
        Some("typing_on") => state.phones.change(user, |phone| phone.typing = true),
        Some("typing_off") => state.phones.change(user, |phone| phone.typing = false),
        Some("mark_seen") => state.phones.change(user, |phone| {
            let unseen = phone.bubbles.iter_mut().rev().filter(|bubble| bubble.from == BubbleFrom::Customer);
            unseen.take_while(|bubble| bubble.ticks != "seen").for_each(|bubble| bubble.ticks = "seen".into());
        }),
        Some("react" | "unreact") => {}
        _ => {
            return Err(GraphError::parameter(
                "Param sender_action must be one of {typing_on,typing_off,mark_seen,react,unreact}",
            ));
        }
    }
    Ok(Json(json!({ "recipient_id": user })).into_response())
}

/// Blocked, or outside the window of what the message says it is.
fn may_write(state: &State, user: &str, body: &Value) -> Result<(), GraphError> {
    let window = match (body["messaging_type"].as_str(), body["tag"].as_str()) {
        (Some("RESPONSE" | "UPDATE"), None) => 24 * HOUR,
        (Some("MESSAGE_TAG"), Some("HUMAN_AGENT")) => 7 * 24 * HOUR,
        (Some("MESSAGE_TAG"), _) => return Err(GraphError::parameter("The message tag is not supported")),
        _ => return Err(GraphError::parameter("Param messaging_type must be one of {RESPONSE,UPDATE,MESSAGE_TAG}")),
    };
    let person = state.people.get(user).map(|person| (person.blocked, person.active));
    let refused = match person {
        Some((true, _)) => Some(Fault::Blocked),
        Some((_, Some(active))) if state.clock.now() - active <= window => None,
        _ => Some(Fault::WindowClosed),
    };
    refused.and_then(GraphError::of_fault).map_or(Ok(()), Err)
}

fn reply_target(state: &State, user: &str, body: &Value) -> Result<Option<String>, GraphError> {
    let Some(mid) = body["reply_to"]["mid"].as_str() else { return Ok(None) };
    let known = state.messages.get(mid).is_some_and(|kept| kept.person == user);
    if known { Ok(Some(mid.to_owned())) } else { Err(GraphError::parameter("The message to reply to does not exist")) }
}

/// The files themselves: names and the platform's own links.
async fn gather(state: &State, media: &[Media], upload: Option<Upload>) -> Result<Vec<(String, String)>, GraphError> {
    let mut upload = upload;
    let mut files = Vec::new();
    for media in media {
        let file = match &media.from {
            MediaFrom::Upload => {
                upload.take().ok_or_else(|| GraphError::new(100, 2_018_074, "One filedata for one attachment"))?
            }
            MediaFrom::Link(url) => download(state, url).await?,
            MediaFrom::Earlier(id) => earlier(state, id)?,
        };
        if file.bytes.len() > LARGEST {
            return Err(GraphError::new(100, 2_018_047, "Upload attachment failure: the file is too large"));
        }
        if media.kind == "image" && !file.mime.starts_with("image/") {
            return Err(GraphError::new(100, 2_018_047, "Upload attachment failure: the type of the file does not match"));
        }
        let link = state.shelf.keep(&file.name, &file.mime, file.bytes, state.clock.now());
        files.push((file.name, link));
    }
    Ok(files)
}

async fn download(state: &State, url: &str) -> Result<Upload, GraphError> {
    let failed = || GraphError::new(100, 2_018_008, "Failed to fetch the file from the url");
    let answer = state.wire.courier.http().get(url).send().await.map_err(|_| failed())?;
    let mime = answer.headers().get("content-type").and_then(|mime| mime.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = answer.error_for_status().map_err(|_| failed())?.bytes().await.map_err(|_| failed())?;
    let name = url.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or("file").to_owned();
    Ok(Upload { name, mime, bytes })
}

fn earlier(state: &State, id: &str) -> Result<Upload, GraphError> {
    let link = state.attachments.get(id).map(|link| link.clone());
    let stored = link.and_then(|link| state.shelf.behind(&link));
    let stored = stored.ok_or_else(|| GraphError::new(100, 2_018_074, "The attachment id is not known"))?;
    Ok(Upload { name: stored.name, mime: stored.mime, bytes: stored.bytes })
}

/// On the phone, and on the way back as echo and delivery.
fn show(
    state: &Arc<State>,
    page: &str,
    user: &str,
    shown: Shown,
    files: Vec<(String, String)>,
    reply_to: Option<String>,
) -> String {
    let (mid, now) = (state.fresh_mid(), state.clock.now());
    let mut message = json!({ "mid": mid, "is_echo": true, "app_id": APP_ID });
    if let Some(metadata) = &shown.metadata {
        message["metadata"] = metadata.as_str().into();
    }
    let links = files.iter().zip(&shown.attachments);
    let links: Vec<Value> = links.map(|((_, url), media)| json!({ "type": media.kind, "payload": { "url": url } })).collect();
    match &shown.template {
        Some(template) => message["attachments"] = template.clone(),
        None if links.is_empty() => message["text"] = shown.text.as_str().into(),
        None => message["attachments"] = links.into(),
    }
    state.keep(&mid, user, shown.quick);
    let bubble = Bubble {
        files: files.into_iter().map(|(name, _)| name).collect(),
        buttons: shown.buttons,
        ask_phone: shown.ask_phone,
        reply_to,
        ticks: "delivered".into(),
        ..Bubble::new(&mid, BubbleFrom::Business, shown.text, now)
    };
    state.phones.show(user, bubble);
    let echo = acts::echo(page, user, now, message);
    // A delivery has no timestamp of its own.
    let delivery =
        json!({ "sender": { "id": user }, "recipient": { "id": page }, "delivery": { "mids": [mid], "watermark": now } });
    let (state, page) = (state.clone(), page.to_owned());
    #[expect(clippy::disallowed_methods, reason = "the platform does not wait for its own webhooks")]
    tokio::spawn(async move {
        let _ = state.bring(&page, "message_echoes", echo).await;
        let _ = state.bring(&page, "message_deliveries", delivery).await;
    });
    mid
}
