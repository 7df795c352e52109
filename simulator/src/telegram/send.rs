//! The methods that put a message on the customer's phone, with the server's checks.

use super::api::Answer;
use super::chat::Chat;
use super::request::{Parameters, UploadedFile};
use super::{State, now};
use crate::{Bubble, BubbleFrom, Fault};
use serde_json::{Value, json};

const TEXT_LIMIT: usize = 4096;
const CAPTION_LIMIT: usize = 1024;
const UPLOAD_LIMIT: usize = 50 << 20;
const PHOTO_LIMIT: usize = 10 << 20;

/// Answer a sending method; `None` for a method that does not exist.
pub fn call(state: &State, method: &str, parameters: &Parameters) -> Option<Answer> {
    let build: fn(&State, &Parameters) -> Result<Vec<Draft>, Answer> = match method {
        "sendmessage" => text,
        "sendphoto" => |state, parameters| one(state, parameters, "photo"),
        "senddocument" => |state, parameters| one(state, parameters, "document"),
        "sendvoice" => |state, parameters| one(state, parameters, "voice"),
        "sendaudio" => |state, parameters| one(state, parameters, "audio"),
        "sendvideo" => |state, parameters| one(state, parameters, "video"),
        "sendanimation" => |state, parameters| one(state, parameters, "animation"),
        "sendmediagroup" => album,
        _ => return None,
    };
    let fault = state.faults.take();
    if let Some(answer) = fault.and_then(refusal) {
        return Some(answer);
    }
    let sent = build(state, parameters).and_then(|drafts| place(state, parameters, drafts));
    Some(match (sent, fault) {
        (Ok(_), Some(Fault::AnswerLost)) => Answer::Lost,
        (Ok(mut messages), _) if method != "sendmediagroup" => Answer::Good(messages.pop().unwrap_or_default()),
        (Ok(messages), _) => Answer::Good(Value::Array(messages)),
        (Err(answer), _) => answer,
    })
}

/// What a fault answers instead of sending.
fn refusal(fault: Fault) -> Option<Answer> {
    match fault {
        Fault::Throttled { retry_after } => Some(Answer::throttled(retry_after.div_ceil(1000).max(1))),
        Fault::ServerError => Some(Answer::bad(502, "Bad Gateway")),
        Fault::TokenRevoked => Some(Answer::bad(401, "Unauthorized")),
        Fault::Blocked | Fault::WindowClosed => Some(Answer::bad(403, "Forbidden: bot was blocked by the user")),
        Fault::BadContent => Some(Answer::bad(400, "Bad Request: can't parse entities: something is wrong with this text")),
        Fault::AnswerLost => None,
    }
}

/// A message before it has a chat and a number, and what the phone shows of it.
struct Draft {
    content: Value,
    text: String,
    files: Vec<String>,
}

// --------------------------------------------------------------------- content

fn text(_: &State, parameters: &Parameters) -> Result<Vec<Draft>, Answer> {
    let text = parameters.text("text").unwrap_or_default().trim();
    if text.is_empty() {
        return Err(Answer::bad(400, "Bad Request: message text is empty"));
    }
    if text.encode_utf16().count() > TEXT_LIMIT {
        return Err(Answer::bad(400, "Bad Request: message is too long"));
    }
    Ok(vec![Draft { content: json!({"text": text}), text: text.to_owned(), files: Vec::new() }])
}

fn one(state: &State, parameters: &Parameters, field: &str) -> Result<Vec<Draft>, Answer> {
    let wanted = parameters.text(field).map(str::to_owned);
    let attached = wanted.as_deref().and_then(|value| value.strip_prefix("attach://")).unwrap_or(field);
    let caption = parameters.text("caption").unwrap_or_default();
    let file = file(state, parameters.file(attached), wanted.as_deref(), field)?;
    draft(field, file, caption).map(|draft| vec![draft])
}

fn album(state: &State, parameters: &Parameters) -> Result<Vec<Draft>, Answer> {
    let Ok(Some(Value::Array(media))) = parameters.json("media") else {
        return Err(Answer::bad(400, "Bad Request: can't parse media JSON object"));
    };
    if !(2..=10).contains(&media.len()) {
        return Err(Answer::bad(400, "Bad Request: group send must contain 2-10 messages"));
    }
    let group = format!("{}", rand::random::<u32>());
    let draft = |item: &Value| {
        let (kind, wanted) = (item["type"].as_str().unwrap_or_default(), item["media"].as_str().unwrap_or_default());
        let upload = wanted.strip_prefix("attach://").and_then(|name| parameters.file(name));
        let file = file(state, upload, Some(wanted), kind)?;
        let mut draft = draft(kind, file, item["caption"].as_str().unwrap_or_default())?;
        draft.content["media_group_id"] = json!(group);
        Ok(draft)
    };
    media.iter().map(draft).collect()
}

fn draft(field: &str, (name, file): (String, Value), caption: &str) -> Result<Draft, Answer> {
    if caption.encode_utf16().count() > CAPTION_LIMIT {
        return Err(Answer::bad(400, "Bad Request: message caption is too long"));
    }
    let mut content = json!({field: if field == "photo" { json!([file]) } else { file }});
    if !caption.is_empty() {
        content["caption"] = json!(caption);
    }
    Ok(Draft { content, text: caption.to_owned(), files: vec![name] })
}

/// The uploaded file, or a file that is on the platform already.
fn file(state: &State, upload: Option<&UploadedFile>, wanted: Option<&str>, kind: &str) -> Result<(String, Value), Answer> {
    let Some(upload) = upload else {
        let known = wanted.and_then(|id| state.files.describe(id)?.ok());
        let wrong = || Answer::bad(400, "Bad Request: wrong file identifier/HTTP URL specified");
        return known.map(|file| (kind.to_owned(), file)).ok_or_else(wrong);
    };
    let size = upload.bytes.len();
    if size == 0 {
        return Err(Answer::bad(400, "Bad Request: file must be non-empty"));
    }
    if size > UPLOAD_LIMIT {
        return Err(Answer::bad(413, "Request Entity Too Large"));
    }
    if kind == "photo" && size > PHOTO_LIMIT {
        return Err(Answer::bad(
            400,
            format!("Bad Request: file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"),
        ));
    }
    if kind == "photo" && !is_picture(&upload.bytes) {
        return Err(Answer::bad(400, "Bad Request: IMAGE_PROCESS_FAILED"));
    }
    let id = state.files.put(&format!("{kind}s"), &upload.name, upload.bytes.clone());
    let mut file = json!({"file_id": id, "file_unique_id": &id[12..28], "file_size": size});
    if kind == "photo" {
        file["width"] = json!(800);
        file["height"] = json!(600);
    } else {
        file["file_name"] = json!(upload.name);
        file["mime_type"] = json!(upload.mime);
    }
    Ok((upload.name.clone(), file))
}

/// JPEG, PNG, WebP or GIF, by their first bytes.
fn is_picture(bytes: &[u8]) -> bool {
    [&b"\xff\xd8\xff"[..], b"\x89PNG", b"RIFF", b"GIF8"].iter().any(|start| bytes.starts_with(start))
}

// ------------------------------------------------------------------- the chat

fn place(state: &State, parameters: &Parameters, drafts: Vec<Draft>) -> Result<Vec<Value>, Answer> {
    let (keyboard, controls) = markup(parameters)?;
    let unknown = || Answer::bad(400, "Bad Request: chat not found");
    let id = parameters.number("chat_id").ok_or_else(|| Answer::bad(400, "Bad Request: chat_id is empty"))?;
    let mut chat = state.chats.get_mut(&id).ok_or_else(unknown)?;
    if chat.blocked {
        return Err(Answer::bad(403, "Forbidden: bot was blocked by the user"));
    }
    if !chat.open {
        return Err(Answer::bad(403, "Forbidden: bot can't initiate conversation with a user"));
    }
    let reply = reply(&chat, parameters)?;
    let mut shown = Vec::new();
    for mut draft in drafts {
        if let Some(quoted) = &reply {
            draft.content["reply_to_message"] = quoted.clone();
        }
        if let Some(keyboard) = &keyboard {
            draft.content["reply_markup"] = keyboard.clone();
        }
        let (number, message) = chat.write(true, &draft.content, now());
        let mut bubble = Bubble::new(number.to_string(), BubbleFrom::Business, draft.text, now() * 1000);
        bubble.files = draft.files;
        bubble.buttons.clone_from(&controls.buttons);
        bubble.ask_phone.clone_from(&controls.ask_phone);
        bubble.reply_to = reply.as_ref().map(|quoted| quoted["message_id"].to_string());
        shown.push((message, bubble));
    }
    drop(chat);
    let show = |(message, bubble)| {
        state.phones.show(&id.to_string(), bubble);
        message
    };
    Ok(shown.into_iter().map(show).collect())
}

fn reply(chat: &Chat, parameters: &Parameters) -> Result<Option<Value>, Answer> {
    let Ok(Some(wish)) = parameters.json("reply_parameters") else { return Ok(None) };
    let number = wish["message_id"].as_i64().unwrap_or(0);
    match chat.quoted(number) {
        None if wish["allow_sending_without_reply"] != true => {
            Err(Answer::bad(400, "Bad Request: message to be replied not found"))
        }
        quoted => Ok(quoted),
    }
}

#[derive(Default)]
struct Controls {
    buttons: Vec<(String, String)>,
    ask_phone: Option<String>,
}

/// The keyboard as the message carries it (only inline ones travel with it), and what the phone shows.
fn markup(parameters: &Parameters) -> Result<(Option<Value>, Controls), Answer> {
    let wrong = |_| Answer::bad(400, "Bad Request: can't parse reply keyboard markup JSON object");
    let Some(markup) = parameters.json("reply_markup").map_err(wrong)? else { return Ok((None, Controls::default())) };
    let mut controls = Controls::default();
    for button in buttons(&markup["inline_keyboard"]) {
        controls.buttons.push(inline(button)?);
    }
    if controls.buttons.len() > 100 {
        return Err(Answer::bad(400, "Bad Request: reply markup is too long"));
    }
    for button in buttons(&markup["keyboard"]) {
        let label = button["text"].as_str().or(button.as_str()).unwrap_or_default().to_owned();
        if button["request_contact"] == true {
            controls.ask_phone = Some(label);
        } else {
            controls.buttons.push((label.clone(), label));
        }
    }
    let keyboard = markup.get("inline_keyboard").map(|_| markup.clone());
    Ok((keyboard, controls))
}

fn buttons(rows: &Value) -> impl Iterator<Item = &Value> {
    rows.as_array().into_iter().flatten().filter_map(Value::as_array).flatten()
}

fn inline(button: &Value) -> Result<(String, String), Answer> {
    let label = button["text"].as_str().unwrap_or_default();
    if label.is_empty() {
        return Err(Answer::bad(400, "Bad Request: can't parse inline keyboard button: Field \"text\" must be of type String"));
    }
    match (button["callback_data"].as_str(), button["url"].as_str()) {
        (Some(data), _) if (1..=64).contains(&data.len()) => Ok((label.to_owned(), data.to_owned())),
        (Some(_), _) => Err(Answer::bad(400, "Bad Request: BUTTON_DATA_INVALID")),
        (_, Some(url)) if url.starts_with("http://") || url.starts_with("https://") || url.starts_with("tg://") => {
            Ok((label.to_owned(), url.to_owned()))
        }
        (_, Some(url)) => {
            Err(Answer::bad(400, format!("Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")))
        }
        _ => Err(Answer::bad(
            400,
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        )),
    }
}
