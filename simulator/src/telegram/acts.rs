//! What people do on their phones, as updates.

use super::chat::{Chat, bot};
use super::{State, now};
use crate::platform::SentFile;
use crate::{Act, ActError, Bubble, BubbleFrom};
use base64::Engine;
use bytes::Bytes;
use dashmap::mapref::one::RefMut;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Done = Result<Option<String>, ActError>;

pub async fn act(state: &Arc<State>, user: &str, act: Act) -> Done {
    let id: i64 = user.parse().map_err(|_| ActError::NotHere)?;
    match act {
        Act::Says { text, reply_to } => say(state, id, &text, reply_to.as_deref()).await,
        Act::SendsFiles { kind, files, caption } => send_files(state, id, &kind, &files, caption.as_deref()).await,
        Act::SendsLocation { latitude, longitude } => {
            let place = json!({"location": {"latitude": latitude, "longitude": longitude}});
            write(state, id, place, &format!("location {latitude},{longitude}"), "").await
        }
        Act::Presses { message, label, payload } => press(state, id, &message, &label, &payload).await,
        Act::SharesPhone { phone } => share_phone(state, id, &phone).await,
        Act::Edits { message, text } => edit(state, id, &message, &text).await,
        Act::Deletes { message } => delete(state, id, &message),
        Act::Reacts { message, emoji, removed } => react(state, id, &message, &emoji, removed).await,
        Act::Starts { reference } => start(state, id, reference.as_deref()).await,
        Act::Blocks => membership(state, id, "member", "kicked").await,
        Act::Unblocks => membership(state, id, "kicked", "member").await,
        Act::DoesSomethingNew => {
            let content = json!({"hologram": {"file_id": "AgADholo", "depth": 3}});
            write(state, id, content, "hologram", "").await
        }
        Act::Follows | Act::Unfollows | Act::Types | Act::Sees | Act::BusinessAnswers { .. } => Err(ActError::NotHere),
    }
}

fn chat(state: &State, id: i64) -> Result<RefMut<'_, i64, Chat>, ActError> {
    state.chats.get_mut(&id).ok_or(ActError::NotHere)
}

/// Write a message into the chat, show it on the phone, and send the update.
async fn write(state: &Arc<State>, id: i64, content: Value, shown: &str, text: &str) -> Done {
    let (number, message) = {
        let mut chat = chat(state, id)?;
        chat.open = true;
        chat.write(false, &content, now())
    };
    let mut bubble = Bubble::new(number.to_string(), BubbleFrom::Customer, text, now() * 1000);
    bubble.reply_to = content["reply_to_message"]["message_id"].as_i64().map(|number| number.to_string());
    if !shown.is_empty() {
        bubble.files.push(shown.to_owned());
    }
    state.phones.show(&id.to_string(), bubble);
    tell(state, id, "message", message).await?;
    Ok(Some(number.to_string()))
}

async fn tell(state: &Arc<State>, id: i64, kind: &'static str, what: Value) -> Result<(), ActError> {
    state.line.send(id, kind, what, state.faults.stumble()).await.map_err(ActError::NotTaken)
}

async fn say(state: &Arc<State>, id: i64, text: &str, reply_to: Option<&str>) -> Done {
    let mut content = json!({"text": text});
    if let Some(number) = reply_to.and_then(|number| number.parse().ok()) {
        content["reply_to_message"] = chat(state, id)?.quoted(number).ok_or(ActError::NotHere)?;
    }
    write(state, id, content, "", text).await
}

async fn start(state: &Arc<State>, id: i64, reference: Option<&str>) -> Done {
    let text = reference.map_or_else(|| "/start".to_owned(), |reference| format!("/start {reference}"));
    let command = json!([{"type": "bot_command", "offset": 0, "length": 6}]);
    write(state, id, json!({"text": text, "entities": command}), "", &text).await
}

async fn send_files(state: &Arc<State>, id: i64, kind: &str, files: &[SentFile], caption: Option<&str>) -> Done {
    let group = (files.len() > 1).then(|| rand::random::<u32>().to_string());
    let mut last = None;
    for (place, file) in files.iter().enumerate() {
        let mut content = file_content(state, kind, file)?;
        let words = caption.filter(|_| place == 0).unwrap_or_default();
        if !words.is_empty() {
            content["caption"] = json!(words);
        }
        if let Some(group) = &group {
            content["media_group_id"] = json!(group);
        }
        last = write(state, id, content, &file.name, words).await?;
    }
    Ok(last)
}

fn file_content(state: &State, kind: &str, file: &SentFile) -> Result<Value, ActError> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(&file.bytes).map_err(|_| ActError::NotHere)?;
    let size = bytes.len();
    let folder = if kind == "image" { "photos" } else { "documents" };
    let id = state.files.put(folder, &file.name, Bytes::from(bytes));
    let unique = &id[12..28];
    let part = json!({"file_id": id, "file_unique_id": unique, "file_size": size, "mime_type": file.mime});
    let with = |more: Value| {
        let mut part = part.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            part[name.as_str()] = value.clone();
        }
        part
    };
    Ok(match kind {
        "image" => {
            let size =
                |width: i64| json!({"file_id": id, "file_unique_id": unique, "file_size": size, "width": width, "height": width});
            json!({"photo": [size(90), size(1280)]})
        }
        "voice" => json!({"voice": with(json!({"duration": 3}))}),
        "audio" => json!({"audio": with(json!({"duration": 30, "file_name": file.name}))}),
        "video" => json!({"video": with(json!({"width": 640, "height": 360, "duration": 5, "file_name": file.name}))}),
        "sticker" => json!({"sticker": {"file_id": id, "file_unique_id": unique, "type": "regular", "width": 512, "height": 512,
            "is_animated": false, "is_video": false, "emoji": "👍", "set_name": "shop", "file_size": size}}),
        "file" => json!({"document": with(json!({"file_name": file.name}))}),
        _ => return Err(ActError::NotHere),
    })
}

async fn share_phone(state: &Arc<State>, id: i64, phone: &str) -> Done {
    let person = chat(state, id)?.person();
    let contact = json!({"phone_number": phone, "first_name": person["first_name"], "user_id": id});
    write(state, id, json!({"contact": contact}), &format!("contact {phone}"), "").await
}

/// An inline button calls back; a button of a reply keyboard just says its label.
async fn press(state: &Arc<State>, id: i64, message: &str, label: &str, payload: &str) -> Done {
    let number: i64 = message.parse().map_err(|_| ActError::NotHere)?;
    let (person, pressed) = {
        let chat = chat(state, id)?;
        (chat.person(), chat.message(number).cloned().ok_or(ActError::NotHere)?)
    };
    if pressed["reply_markup"].is_null() {
        return say(state, id, label, None).await;
    }
    if payload.starts_with("https://") || payload.starts_with("http://") {
        return Ok(None);
    }
    let press = state.next_press.fetch_add(1, Ordering::Relaxed).to_string();
    state.presses.insert(press.clone(), false);
    let query = json!({"id": press, "from": person, "message": pressed, "chat_instance": id.to_string(), "data": payload});
    tell(state, id, "callback_query", query).await?;
    Ok(None)
}

async fn edit(state: &Arc<State>, id: i64, message: &str, text: &str) -> Done {
    let number: i64 = message.parse().map_err(|_| ActError::NotHere)?;
    let edited = chat(state, id)?.edit(number, text, now()).ok_or(ActError::NotHere)?;
    state.phones.change(&id.to_string(), |phone| {
        for bubble in phone.bubbles.iter_mut().filter(|bubble| bubble.id == message) {
            text.clone_into(&mut bubble.text);
            bubble.edited = true;
        }
    });
    tell(state, id, "edited_message", edited).await?;
    Ok(Some(message.to_owned()))
}

/// The message goes from the phone; bots are not told.
fn delete(state: &State, id: i64, message: &str) -> Done {
    chat(state, id)?;
    state.phones.change(&id.to_string(), |phone| {
        phone.bubbles.iter_mut().filter(|bubble| bubble.id == message).for_each(|bubble| bubble.deleted = true);
    });
    Ok(None)
}

async fn react(state: &Arc<State>, id: i64, message: &str, emoji: &str, removed: bool) -> Done {
    let number: i64 = message.parse().map_err(|_| ActError::NotHere)?;
    let reaction = {
        let mut chat = chat(state, id)?;
        let old = chat.reactions.get(&number).cloned().unwrap_or_default();
        // A person has one reaction on a message; a new one takes its place.
        let new = if removed { Vec::new() } else { vec![emoji.to_owned()] };
        let list = |emojis: &[String]| emojis.iter().map(|emoji| json!({"type": "emoji", "emoji": emoji})).collect::<Vec<_>>();
        let event = json!({"chat": chat.as_chat(), "message_id": number, "user": chat.person(), "date": now(),
            "old_reaction": list(&old), "new_reaction": list(&new)});
        chat.reactions.insert(number, new);
        event
    };
    tell(state, id, "message_reaction", reaction).await?;
    Ok(None)
}

async fn membership(state: &Arc<State>, id: i64, old: &str, new: &str) -> Done {
    let change = {
        let mut chat = chat(state, id)?;
        chat.blocked = new == "kicked";
        let member = |status: &str| match status {
            "kicked" => json!({"user": bot(), "status": status, "until_date": 0}),
            _ => json!({"user": bot(), "status": status}),
        };
        json!({"chat": chat.as_chat(), "from": chat.person(), "date": now(),
            "old_chat_member": member(old), "new_chat_member": member(new)})
    };
    tell(state, id, "my_chat_member", change).await?;
    Ok(None)
}
