//! One gateway frame as events. Only direct messages are ours; our own messages
//! and those of other bots are nobody's words.

use super::rest::Place;
use onethread_core::channel::{Inbound, InboundAttachment, RawCall, Said, Sender, Unreadable, What};
use onethread_core::clock::{Millis, SECOND};
use onethread_core::ids::PlatformMessageId;
use onethread_core::message::FileKind;
use serde_json::Value;

/// Whose direct channel it is, added by the gateway loop.
pub const PERSON: &str = "discord-person";
/// `session:sequence` of the event, added by the gateway loop.
pub const EVENT: &str = "discord-event";

/// Snowflakes count from the first second of 2015.
const EPOCH: Millis = 1_420_070_400_000;
/// A recorded voice message: its one file has no name worth showing.
const VOICE_MESSAGE: i64 = 1 << 13;
/// Types of messages that a person wrote; all others up to [`NEWEST_KNOWN`] are the platform's own lines.
const WRITTEN: [i64; 2] = [0, 19];
const NEWEST_KNOWN: i64 = 46;

/// Read one dispatch; `me` is the bot's own user id.
pub fn frame(call: &RawCall, me: Option<&str>) -> Result<Vec<Inbound>, Unreadable> {
    let frame: Value =
        serde_json::from_slice(&call.body).map_err(|error| Unreadable(format!("the frame is not JSON: {error}")))?;
    let (Some(kind), data) = (frame["t"].as_str(), &frame["d"]) else {
        return Err(Unreadable("the frame names no event".into()));
    };
    if !data.is_object() {
        return Err(Unreadable("the event has no data".into()));
    }
    if data["guild_id"].is_string() {
        return Ok(Vec::new());
    }
    let event = match kind {
        "MESSAGE_CREATE" => created(data),
        "MESSAGE_UPDATE" => updated(data),
        "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => return Ok(deleted(data, call)),
        "MESSAGE_REACTION_ADD" => reacted(data, call, false),
        "MESSAGE_REACTION_REMOVE" => reacted(data, call, true),
        "TYPING_START" => typing(data),
        "INTERACTION_CREATE" => pressed(data),
        newer => {
            let name: String = newer.chars().take(64).collect();
            return Err(Unreadable(format!("`{name}` is an event that is newer than this reader")));
        }
    }?;
    Ok(event.into_iter().filter(|event| me != Some(event.from.user.as_str())).collect())
}

type Event = Result<Option<Inbound>, Unreadable>;

fn text<'a>(data: &'a Value, field: &str) -> Result<&'a str, Unreadable> {
    data[field].as_str().ok_or_else(|| Unreadable(format!("the event has no `{field}`")))
}

/// When a snowflake was made.
fn instant(snowflake: &str) -> Option<Millis> {
    let number: u64 = snowflake.parse().ok()?;
    Some(Millis::try_from(number >> 22).ok()? + EPOCH)
}

fn person(user: &Value) -> Option<Sender> {
    if user["bot"] == true {
        return None;
    }
    Some(Sender { name: name(user), ..Sender::new(user["id"].as_str()?) })
}

/// The display name, else the handle.
pub fn name(user: &Value) -> Option<String> {
    user["global_name"].as_str().or(user["username"].as_str()).map(str::to_owned)
}

fn inbound(key: String, from: Sender, at: Option<Millis>, what: What) -> Inbound {
    Inbound { key, account: None, from, at, what }
}

// ------------------------------------------------------------------ messages

fn created(message: &Value) -> Event {
    let id = text(message, "id")?;
    let kind = message["type"].as_i64().unwrap_or(0);
    let platform_line = !WRITTEN.contains(&kind) && kind <= NEWEST_KNOWN;
    if platform_line || message["webhook_id"].is_string() {
        return Ok(None);
    }
    let Some(from) = person(&message["author"]) else { return Ok(None) };
    Ok(Some(inbound(format!("message {id}"), from, instant(id), What::Said(said(id, message)))))
}

fn said(id: &str, message: &Value) -> Said {
    // What was forwarded is in a snapshot; the message around it is empty.
    let forwarded = &message["message_snapshots"][0]["message"];
    let source = if message["message_reference"]["type"] == 1 && forwarded.is_object() { forwarded } else { message };
    let mut said = Said::text(id, source["content"].as_str().unwrap_or_default());
    let channel = message["channel_id"].as_str().unwrap_or_default();
    said.attachments = attachments(source, channel, id);
    if message["type"] == 19 {
        said.reply_to = message["message_reference"]["message_id"].as_str().map(Into::into);
    }
    if said.text.is_empty() && said.attachments.is_empty() {
        said.unsupported = Some(newer_content(message));
    }
    said
}

/// Fields of a message that are not its content.
const ENVELOPE: [&str; 37] = [
    "id",
    "channel_id",
    "channel_type",
    "author",
    "content",
    "timestamp",
    "edited_timestamp",
    "tts",
    "mention_everyone",
    "mentions",
    "mention_roles",
    "mention_channels",
    "attachments",
    "embeds",
    "reactions",
    "nonce",
    "pinned",
    "webhook_id",
    "type",
    "activity",
    "application",
    "application_id",
    "flags",
    "message_reference",
    "message_snapshots",
    "referenced_message",
    "interaction_metadata",
    "interaction",
    "thread",
    "components",
    "sticker_items",
    "stickers",
    "position",
    "resolved",
    "member",
    "guild_id",
    "call",
];

fn newer_content(message: &Value) -> String {
    let fields = message.as_object().into_iter().flatten();
    let newer = fields.map(|(name, _)| name.as_str()).find(|name| !ENVELOPE.contains(name));
    match newer {
        Some(name) => name.chars().take(64).collect(),
        None if message["type"].as_i64().unwrap_or(0) > NEWEST_KNOWN => format!("message type {}", message["type"]),
        None => "message".into(),
    }
}

fn attachments(source: &Value, channel: &str, message: &str) -> Vec<InboundAttachment> {
    let voice = source["flags"].as_i64().unwrap_or(0) & VOICE_MESSAGE != 0;
    let files = source["attachments"].as_array().into_iter().flatten();
    let stickers = source["sticker_items"].as_array().into_iter().flatten().filter_map(sticker);
    files.filter_map(|found| file(found, channel, message, voice)).chain(stickers).collect()
}

fn file(found: &Value, channel: &str, message: &str, voice: bool) -> Option<InboundAttachment> {
    let own = |text: &str| text.to_owned();
    let (attachment, url) = (found["id"].as_str()?, found["url"].as_str()?);
    let place = Place::Attachment { channel: own(channel), message: own(message), attachment: own(attachment), url: own(url) };
    let name = found["filename"].as_str().map(own);
    let mime = found["content_type"].as_str().map(|mime| mime.split(';').next().unwrap_or(mime).trim().to_owned());
    let kind = match &mime {
        _ if voice => FileKind::Audio,
        Some(mime) => FileKind::of_mime(mime),
        None => kind_by_ending(name.as_deref().unwrap_or_default()),
    };
    let name = name.filter(|_| !voice);
    Some(InboundAttachment::File { kind, source: place.file_ref(), name, mime, size: found["size"].as_i64() })
}

/// The media type is optional; then the name's ending is all there is.
fn kind_by_ending(name: &str) -> FileKind {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" => FileKind::Image,
        "mp4" | "mov" | "webm" => FileKind::Video,
        "mp3" | "ogg" | "m4a" | "wav" | "flac" => FileKind::Audio,
        _ => FileKind::File,
    }
}

fn sticker(item: &Value) -> Option<InboundAttachment> {
    let (ending, mime) = match item["format_type"].as_i64() {
        Some(3) => ("json", "application/json"),
        Some(4) => ("gif", "image/gif"),
        _ => ("png", "image/png"),
    };
    let id = item["id"].as_str().filter(|id| super::rest::is_id(id))?;
    let place = Place::Sticker { id: id.to_owned(), ending: ending.to_owned() };
    let name = item["name"].as_str().map(str::to_owned);
    Some(InboundAttachment::File { kind: FileKind::Sticker, source: place.file_ref(), name, mime: Some(mime.into()), size: None })
}

/// An update also comes when the platform unfurls a link; then nothing was edited.
fn updated(message: &Value) -> Event {
    let id = text(message, "id")?;
    let (Some(edited), Some(words)) = (message["edited_timestamp"].as_str(), message["content"].as_str()) else {
        return Ok(None);
    };
    let Some(from) = person(&message["author"]) else { return Ok(None) };
    // A later unfurl repeats the edit's instant, and so its key.
    let key = format!("edit {id} {edited}");
    let at = serenity::model::Timestamp::parse(edited).ok().map(|at| at.unix_timestamp() * SECOND);
    Ok(Some(inbound(key, from, at, What::Edited { message: id.into(), text: words.to_owned() })))
}

/// A deletion names no author, so the person comes from the channel.
fn deleted(data: &Value, call: &RawCall) -> Vec<Inbound> {
    let Some(person) = call.header(PERSON) else { return Vec::new() };
    let many = data["ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let event = |id: &str| {
        let what = What::Deleted { message: id.into() };
        inbound(format!("delete {id}"), Sender::new(person), None, what)
    };
    data["id"].as_str().into_iter().chain(many).map(event).collect()
}

// --------------------------------------------------------------- other events

fn reacted(data: &Value, call: &RawCall, removed: bool) -> Event {
    let (user, message) = (text(data, "user_id")?, text(data, "message_id")?);
    let emoji = match (data["emoji"]["id"].as_str(), data["emoji"]["name"].as_str()) {
        (None, Some(character)) => character.to_owned(),
        (_, custom) => format!(":{}:", custom.unwrap_or("emoji")),
    };
    let event = call.header(EVENT).unwrap_or_default();
    let key = format!("reaction {message} {user} {emoji} {removed} {event}");
    let what = What::Reacted { message: message.into(), emoji, removed };
    Ok(Some(inbound(key, Sender::new(user), None, what)))
}

fn typing(data: &Value) -> Event {
    let (user, channel) = (text(data, "user_id")?, text(data, "channel_id")?);
    // Seconds, unlike every other instant here.
    let seconds = data["timestamp"].as_i64();
    let key = format!("typing {channel} {user} {}", seconds.unwrap_or(0));
    Ok(Some(inbound(key, Sender::new(user), seconds.and_then(|seconds| seconds.checked_mul(SECOND)), What::Typing)))
}

/// The token with which a press is acknowledged: `id/token`.
pub fn press_token(interaction: &Value) -> Option<String> {
    if interaction["type"] != 3 {
        return None;
    }
    let (id, token) = (interaction["id"].as_str()?, interaction["token"].as_str()?);
    // It becomes one segment of a path, and nothing else.
    let plain = |b: u8| b.is_ascii_graphic() && !b"/\\?#%".contains(&b);
    let safe = token.bytes().all(plain) && token.bytes().any(|b| b.is_ascii_alphanumeric());
    (safe && super::rest::is_id(id)).then(|| format!("{id}/{token}"))
}

fn pressed(interaction: &Value) -> Event {
    if interaction["type"] != 3 {
        return Ok(None);
    }
    let id = text(interaction, "id")?;
    let Some(mut from) = person(&interaction["user"]) else { return Ok(None) };
    from.language = interaction["locale"].as_str().map(str::to_owned);
    let data = &interaction["data"];
    // A menu answers with its choice, a button with its own id.
    let payload = data["values"][0].as_str().or(data["custom_id"].as_str()).unwrap_or_default().to_owned();
    let message = &interaction["message"];
    let what = What::Pressed {
        message: message["id"].as_str().map(PlatformMessageId::from),
        label: label(&message["components"], &data["custom_id"]),
        payload,
        acknowledge: press_token(interaction),
    };
    Ok(Some(inbound(format!("press {id}"), from, instant(id), what)))
}

fn label(rows: &Value, custom_id: &Value) -> Option<String> {
    let buttons = rows.as_array()?.iter().filter_map(|row| row["components"].as_array()).flatten();
    let button = buttons.into_iter().find(|button| &button["custom_id"] == custom_id)?;
    button["label"].as_str().map(str::to_owned)
}
