//! What people do in their direct channels, as gateway events.

use super::chats::Person;
use super::messages::signed;
use super::{BOT_ID, Press, State, iso, now};
use crate::platform::SentFile;
use crate::{Act, ActError, Bubble, BubbleFrom, Stumble};
use base64::Engine;
use serde_json::{Value, json};
use std::time::Instant;

type Done = Result<Option<String>, ActError>;

pub fn act(state: &State, user: &str, act: Act) -> Done {
    let person = user.parse().ok().and_then(|id| state.chats.person(id)).ok_or(ActError::NotHere)?;
    match act {
        Act::Says { text, reply_to } => say(state, &person, &text, reply_to.as_deref()),
        Act::SendsFiles { kind, files, caption } if kind == "sticker" => {
            send_stickers(state, &person, &files, caption.as_deref())
        }
        Act::SendsFiles { kind, files, caption } => send_files(state, &person, &kind, &files, caption.as_deref()),
        Act::Presses { message, payload, .. } => press(state, &person, &message, &payload),
        Act::Edits { message, text } => edit(state, &person, &message, &text),
        Act::Deletes { message } => delete(state, &person, &message),
        Act::Reacts { message, emoji, removed } => react(state, &person, &message, &emoji, removed),
        Act::Types => {
            let typing = json!({"channel_id": person.channel.to_string(), "user_id": user, "timestamp": now() / 1000});
            state.gateway.dispatch("TYPING_START", &typing);
            Ok(None)
        }
        // Nobody tells a bot that it was blocked.
        Act::Blocks => state.chats.block(person.id, true).map(|()| None).ok_or(ActError::NotHere),
        Act::Unblocks => state.chats.block(person.id, false).map(|()| None).ok_or(ActError::NotHere),
        Act::DoesSomethingNew => write(state, &person, &json!({"hologram": {"depth": 3}}), &["hologram".to_owned()], ""),
        Act::SendsLocation { .. }
        | Act::SharesPhone { .. }
        | Act::Starts { .. }
        | Act::Follows
        | Act::Unfollows
        | Act::Sees
        | Act::BusinessAnswers { .. } => Err(ActError::NotHere),
    }
}

fn write(state: &State, person: &Person, content: &Value, shown: &[String], text: &str) -> Done {
    let id = state.snowflake();
    let message = {
        let mut channel = state.chats.channel(person.channel).ok_or(ActError::NotHere)?;
        channel.write(id, &person.as_user(), content)
    };
    let mut bubble = Bubble::new(id.to_string(), BubbleFrom::Customer, text, now());
    bubble.files = shown.to_vec();
    bubble.reply_to = content["message_reference"]["message_id"].as_str().map(str::to_owned);
    state.phones.show(&person.id.to_string(), bubble);
    dispatch_message(state, "MESSAGE_CREATE", message);
    Ok(Some(id.to_string()))
}

fn dispatch_message(state: &State, kind: &str, message: Value) {
    let mut message = signed(state, message);
    message["channel_type"] = json!(1);
    state.gateway.dispatch(kind, &message);
    if state.faults.stumble() == Some(Stumble::Twice) {
        state.gateway.dispatch(kind, &message);
    }
}

fn say(state: &State, person: &Person, text: &str, reply_to: Option<&str>) -> Done {
    let mut content = json!({"content": text});
    if let Some(target) = reply_to {
        let quoted = with_message(state, person, target, |message| message.clone())?;
        content["type"] = json!(19);
        content["message_reference"] = json!({"type": 0, "message_id": target, "channel_id": person.channel.to_string()});
        content["referenced_message"] = quoted;
    }
    write(state, person, &content, &[], text)
}

fn with_message<T>(state: &State, person: &Person, id: &str, read: impl FnOnce(&Value) -> T) -> Result<T, ActError> {
    let number: u64 = id.parse().map_err(|_| ActError::NotHere)?;
    let channel = state.chats.channel(person.channel).ok_or(ActError::NotHere)?;
    channel.message(number).map(read).ok_or(ActError::NotHere)
}

fn bytes(file: &SentFile) -> Result<bytes::Bytes, ActError> {
    base64::engine::general_purpose::STANDARD.decode(&file.bytes).map(Into::into).map_err(|_| ActError::NotHere)
}

fn names(files: &[SentFile]) -> Vec<String> {
    files.iter().map(|file| file.name.clone()).collect()
}

fn send_files(state: &State, person: &Person, kind: &str, files: &[SentFile], caption: Option<&str>) -> Done {
    let mut attachments = Vec::new();
    for file in files {
        let mut attachment = state.shelf.put(state.snowflake(), &file.name, &file.mime, bytes(file)?);
        if kind == "voice" {
            attachment["duration_secs"] = json!(3.2);
            attachment["waveform"] = json!("FzYACgAAAAAAACQAAAAA");
        }
        if kind == "image" {
            attachment["width"] = json!(800);
            attachment["height"] = json!(600);
        }
        attachments.push(attachment);
    }
    let flags = if kind == "voice" { 1 << 13 } else { 0 };
    let text = caption.unwrap_or_default();
    write(state, person, &json!({"content": text, "attachments": attachments, "flags": flags}), &names(files), text)
}

fn send_stickers(state: &State, person: &Person, files: &[SentFile], caption: Option<&str>) -> Done {
    let mut items = Vec::new();
    for file in files {
        let id = state.snowflake();
        state.shelf.put_sticker(id, bytes(file)?);
        items.push(json!({"id": id.to_string(), "name": file.name, "format_type": 1}));
    }
    let text = caption.unwrap_or_default();
    write(state, person, &json!({"content": text, "sticker_items": items}), &names(files), text)
}

fn press(state: &State, person: &Person, message: &str, payload: &str) -> Done {
    // A link button opens a page; the bot hears nothing of it.
    if payload.starts_with("https://") || payload.starts_with("http://") {
        return Ok(None);
    }
    let pressed = with_message(state, person, message, Value::clone)?;
    let rows = pressed["components"].as_array().into_iter().flatten().filter_map(|row| row["components"].as_array());
    let button = rows.flatten().find(|button| button["custom_id"] == payload).cloned().ok_or(ActError::NotHere)?;
    let (id, token) = (state.snowflake().to_string(), hex::encode(rand::random::<[u8; 32]>()));
    state.presses.insert(format!("{id}/{token}"), Press { at: Instant::now(), answered: false });
    let interaction = json!({
        "id": id, "application_id": BOT_ID, "type": 3, "token": token, "version": 1, "channel_id": person.channel.to_string(),
        "channel": {"id": person.channel.to_string(), "type": 1}, "message": pressed,
        "data": {"component_type": 2, "custom_id": payload, "id": button["id"]}, "locale": "vi", "user": person.as_user(),
        "authorizing_integration_owners": {}, "context": 1, "entitlements": [],
    });
    state.gateway.dispatch("INTERACTION_CREATE", &interaction);
    Ok(None)
}

fn edit(state: &State, person: &Person, message: &str, text: &str) -> Done {
    let user = person.id.to_string();
    let own = with_message(state, person, message, |message| message["author"]["id"].as_str() == Some(user.as_str()))?;
    if !own {
        return Err(ActError::NotHere);
    }
    change(state, person, message, |message| {
        message["content"] = json!(text);
        message["edited_timestamp"] = json!(iso(now()));
    })?;
    state.phones.change(&person.id.to_string(), |phone| {
        for bubble in phone.bubbles.iter_mut().filter(|bubble| bubble.id == message) {
            text.clone_into(&mut bubble.text);
            bubble.edited = true;
        }
    });
    Ok(Some(message.to_owned()))
}

fn change(state: &State, person: &Person, message: &str, how: impl FnOnce(&mut Value)) -> Result<(), ActError> {
    let number: u64 = message.parse().map_err(|_| ActError::NotHere)?;
    let changed = {
        let mut channel = state.chats.channel(person.channel).ok_or(ActError::NotHere)?;
        channel.change(number, how).ok_or(ActError::NotHere)?
    };
    dispatch_message(state, "MESSAGE_UPDATE", changed);
    Ok(())
}

/// An update that is no edit: a preview appears under the message.
pub fn unfurl(state: &State, user: &str, message: &str) {
    let person = user.parse().ok().and_then(|id| state.chats.person(id));
    let preview =
        |message: &mut Value| message["embeds"] = json!([{"type": "link", "url": "https://shop.example", "title": "Shop"}]);
    let _ = person.map(|person| change(state, &person, message, preview));
}

fn delete(state: &State, person: &Person, message: &str) -> Done {
    let number: u64 = message.parse().map_err(|_| ActError::NotHere)?;
    let removed = state.chats.channel(person.channel).and_then(|mut channel| channel.remove(number));
    removed.ok_or(ActError::NotHere)?;
    state.phones.change(&person.id.to_string(), |phone| {
        phone.bubbles.iter_mut().filter(|bubble| bubble.id == message).for_each(|bubble| bubble.deleted = true);
    });
    state.gateway.dispatch("MESSAGE_DELETE", &json!({"id": message, "channel_id": person.channel.to_string()}));
    Ok(None)
}

fn react(state: &State, person: &Person, message: &str, emoji: &str, removed: bool) -> Done {
    let author = with_message(state, person, message, |message| message["author"]["id"].clone())?;
    let kind = if removed { "MESSAGE_REACTION_REMOVE" } else { "MESSAGE_REACTION_ADD" };
    let mut reaction = json!({"user_id": person.id.to_string(), "channel_id": person.channel.to_string(), "message_id": message,
        "emoji": {"id": null, "name": emoji}, "burst": false, "type": 0});
    if !removed {
        reaction["message_author_id"] = author;
    }
    state.gateway.dispatch(kind, &reaction);
    Ok(None)
}
