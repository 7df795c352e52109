//! One update as events. Tolerant on purpose: fields are looked up, never
//! demanded, so that an update newer than this code still gives its text.

use onethread_core::channel::{FileRef, Inbound, InboundAttachment, Said, Sender, Unreadable, What};
use onethread_core::clock::{Millis, SECOND};
use onethread_core::ids::PlatformMessageId;
use onethread_core::message::FileKind;
use serde_json::{Map, Value};

/// Kinds of updates in which no customer of a private chat speaks to us.
const NOT_OURS: [&str; 20] = [
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "guest_message",
    "managed_bot",
];

/// Fields of a message that are not its content.
const ENVELOPE: [&str; 36] = [
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "date",
    "business_connection_id",
    "chat",
    "forward_origin",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "reply_to_story",
    "reply_to_checklist_task_id",
    "external_reply",
    "quote",
    "via_bot",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "is_paid_post",
    "media_group_id",
    "author_signature",
    "paid_star_count",
    "entities",
    "caption_entities",
    "link_preview_options",
    "effect_id",
    "show_caption_above_media",
    "has_media_spoiler",
    "reply_markup",
    "caption",
    "text",
];

/// Things that happen in a chat and that nobody said.
const SERVICE: [&str; 8] = [
    "pinned_message",
    "message_auto_delete_timer_changed",
    "chat_background_set",
    "write_access_allowed",
    "connected_website",
    "boost_added",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
];

/// Read one update, as a webhook or `getUpdates` gives it.
pub fn update(body: &[u8]) -> Result<Vec<Inbound>, Unreadable> {
    let update: Value = serde_json::from_slice(body).map_err(|error| Unreadable(format!("the update is not JSON: {error}")))?;
    let Some(id) = update["update_id"].as_i64() else {
        return Err(Unreadable("the update has no `update_id`".into()));
    };
    let Some((kind, what)) = update.as_object().and_then(|fields| fields.iter().find(|(name, _)| *name != "update_id")) else {
        return Err(Unreadable("the update is empty".into()));
    };
    match kind.as_str() {
        "message" => message(id, what),
        "edited_message" => edited(id, what),
        "callback_query" => pressed(id, what),
        "message_reaction" => reacted(id, what),
        "my_chat_member" => membership(id, what),
        known if NOT_OURS.contains(&known) => Ok(Vec::new()),
        newer => unknown_kind(id, newer, what),
    }
}

/// A kind newer than this code: shown where a customer plainly wrote, else kept for people to look at.
fn unknown_kind(update: i64, kind: &str, what: &Value) -> Result<Vec<Inbound>, Unreadable> {
    if is_private(what) && what["message_id"].is_i64() {
        return message(update, what);
    }
    Err(Unreadable(format!("`{}` is a kind of update that is newer than this reader", short(kind))))
}

fn is_private(what: &Value) -> bool {
    what["chat"]["type"] == "private" && what["from"]["is_bot"] != true
}

fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

fn message(update: i64, message: &Value) -> Result<Vec<Inbound>, Unreadable> {
    let (Some(fields), Some(number)) = (message.as_object(), message["message_id"].as_i64()) else {
        return Err(Unreadable("the message has no `message_id`".into()));
    };
    if !is_private(message) || SERVICE.iter().any(|name| fields.contains_key(*name)) {
        return Ok(Vec::new());
    }
    let from = sender(message)?;
    let key = format!("message {update} {} {number}", from.user);
    let what = shared(message, number).or_else(|| started(message, number)).unwrap_or_else(|| said(fields, message, number));
    Ok(vec![Inbound { key, account: None, from, at: instant(&message["date"]), what }])
}

fn sender(what: &Value) -> Result<Sender, Unreadable> {
    let (person, chat) = (&what["from"], &what["chat"]);
    let id = chat["id"].as_i64().or(person["id"].as_i64()).ok_or_else(|| Unreadable("the update names no chat".into()))?;
    let language = person["language_code"].as_str().map(str::to_owned);
    Ok(Sender { user: id.to_string().into(), name: name(person).or_else(|| name(chat)), language })
}

/// A person's name, from whatever parts of it are there.
pub fn name(person: &Value) -> Option<String> {
    let parts: Vec<_> = ["first_name", "last_name"].iter().filter_map(|part| person[*part].as_str()).collect();
    let full = parts.join(" ").trim().to_owned();
    let handle = || person["username"].as_str().map(|handle| format!("@{handle}"));
    if full.is_empty() { handle() } else { Some(full) }
}

fn instant(seconds: &Value) -> Option<Millis> {
    // 0 is how an inaccessible message is dated.
    seconds.as_i64().filter(|seconds| (1..=253_402_300_799).contains(seconds)).map(|seconds| seconds * SECOND)
}

fn number_of(message: &Value) -> Option<PlatformMessageId> {
    message["message_id"].as_i64().map(|number| number.to_string().into())
}

fn shared(message: &Value, number: i64) -> Option<What> {
    let contact = &message["contact"];
    let phone = contact["phone_number"].as_str()?.to_owned();
    // Anybody's card can be forwarded; only one's own carries one's own id.
    let own = contact["user_id"].as_i64().is_some_and(|id| Some(id) == message["from"]["id"].as_i64());
    Some(What::Shared { message: Some(number.to_string().into()), phone, own, name: name(contact) })
}

fn started(message: &Value, number: i64) -> Option<What> {
    let mut words = message["text"].as_str()?.splitn(2, char::is_whitespace);
    let command = words.next()?;
    if command != "/start" && !command.starts_with("/start@") {
        return None;
    }
    let reference = words.next().map(str::trim).filter(|rest| !rest.is_empty()).map(str::to_owned);
    Some(What::Started { message: Some(number.to_string().into()), reference })
}

fn said(fields: &Map<String, Value>, message: &Value, number: i64) -> What {
    let mut said = Said::text(number.to_string(), words(message).unwrap_or_default());
    said.attachments = attachments(message);
    said.reply_to = number_of(&message["reply_to_message"]);
    if said.text.is_empty() && said.attachments.is_empty() {
        said.unsupported = Some(newer_content(fields));
    }
    What::Said(said)
}

fn words(message: &Value) -> Option<String> {
    message["text"].as_str().or(message["caption"].as_str()).map(str::to_owned)
}

/// What the platform calls the content that this code does not know.
fn newer_content(fields: &Map<String, Value>) -> String {
    let content = fields.keys().find(|name| !ENVELOPE.contains(&name.as_str()));
    content.map_or_else(|| "message".into(), |name| short(name))
}

fn attachments(message: &Value) -> Vec<InboundAttachment> {
    if let Some(place) = place(message) {
        return vec![place];
    }
    let biggest = message["photo"].as_array().and_then(|sizes| sizes.last());
    if let Some(photo) = biggest.and_then(|photo| file(photo, FileKind::Image, Some("image/jpeg"))) {
        return vec![photo];
    }
    // An animation also carries `document`, so it comes first.
    let kinds = [
        ("animation", FileKind::Video, Some("video/mp4")),
        ("document", FileKind::File, None),
        ("voice", FileKind::Audio, Some("audio/ogg")),
        ("audio", FileKind::Audio, None),
        ("video", FileKind::Video, Some("video/mp4")),
        ("video_note", FileKind::Video, Some("video/mp4")),
        ("sticker", FileKind::Sticker, sticker_mime(&message["sticker"])),
    ];
    kinds.iter().find_map(|(name, kind, mime)| file(&message[*name], *kind, *mime)).into_iter().collect()
}

fn place(message: &Value) -> Option<InboundAttachment> {
    let spot = &message["location"];
    let (latitude, longitude) = (spot["latitude"].as_f64()?, spot["longitude"].as_f64()?);
    let title = message["venue"]["title"].as_str().map(str::to_owned);
    Some(InboundAttachment::Location { latitude, longitude, title })
}

fn file(part: &Value, kind: FileKind, usual: Option<&str>) -> Option<InboundAttachment> {
    let source = FileRef(part["file_id"].as_str()?.to_owned());
    let text = |name: &str| part[name].as_str().map(str::to_owned);
    let mime = text("mime_type").or_else(|| usual.map(str::to_owned));
    let kind = match (&mime, kind) {
        (Some(mime), FileKind::File) => FileKind::of_mime(mime),
        _ => kind,
    };
    Some(InboundAttachment::File { kind, source, name: text("file_name"), mime, size: part["file_size"].as_i64() })
}

fn sticker_mime(sticker: &Value) -> Option<&'static str> {
    Some(match (sticker["is_animated"].as_bool(), sticker["is_video"].as_bool()) {
        (Some(true), _) => "application/x-tgsticker",
        (_, Some(true)) => "video/webm",
        _ => "image/webp",
    })
}

fn edited(update: i64, message: &Value) -> Result<Vec<Inbound>, Unreadable> {
    let Some(number) = number_of(message) else {
        return Err(Unreadable("the edited message has no `message_id`".into()));
    };
    // A live location that moves comes as an edit too; it has no words.
    let (true, Some(text)) = (is_private(message), words(message)) else { return Ok(Vec::new()) };
    let from = sender(message)?;
    let at = instant(&message["edit_date"]).or_else(|| instant(&message["date"]));
    let key = format!("edit {update} {} {number}", from.user);
    Ok(vec![Inbound { key, account: None, from, at, what: What::Edited { message: number, text } }])
}

fn pressed(update: i64, press: &Value) -> Result<Vec<Inbound>, Unreadable> {
    let Some(token) = press["id"].as_str() else {
        return Err(Unreadable("the button press has no `id`".into()));
    };
    let message = &press["message"];
    if message.is_object() && message["chat"]["type"] != "private" {
        return Ok(Vec::new());
    }
    let mut from = sender(press)?;
    if let Some(chat) = message["chat"]["id"].as_i64() {
        from.user = chat.to_string().into();
    }
    let payload = press["data"].as_str().unwrap_or_default().to_owned();
    let what = What::Pressed {
        message: number_of(message),
        label: label(message, &payload),
        payload,
        acknowledge: Some(token.to_owned()),
    };
    Ok(vec![Inbound { key: format!("press {update} {token}"), account: None, from, at: None, what }])
}

/// The words on the button, from the keyboard that came back with the press.
fn label(message: &Value, payload: &str) -> Option<String> {
    let rows = message["reply_markup"]["inline_keyboard"].as_array()?;
    let mut buttons = rows.iter().filter_map(Value::as_array).flatten();
    let button = buttons.find(|button| button["callback_data"] == payload)?;
    button["text"].as_str().map(str::to_owned)
}

fn reacted(update: i64, reaction: &Value) -> Result<Vec<Inbound>, Unreadable> {
    let Some(message) = number_of(reaction) else {
        return Err(Unreadable("the reaction names no message".into()));
    };
    if reaction["chat"]["type"] != "private" || reaction["user"]["is_bot"] == true {
        return Ok(Vec::new());
    }
    let mut from = sender(reaction)?;
    from.name = name(&reaction["user"]).or(from.name);
    let (old, new) = (emojis(&reaction["old_reaction"]), emojis(&reaction["new_reaction"]));
    let gone = old.iter().filter(|emoji| !new.contains(emoji)).map(|emoji| (emoji, true));
    let come = new.iter().filter(|emoji| !old.contains(emoji)).map(|emoji| (emoji, false));
    let event = |(emoji, removed): (&String, bool)| Inbound {
        key: format!("reaction {update} {emoji} {removed}"),
        account: None,
        from: from.clone(),
        at: instant(&reaction["date"]),
        what: What::Reacted { message: message.clone(), emoji: emoji.clone(), removed },
    };
    Ok(gone.chain(come).map(event).collect())
}

fn emojis(reactions: &Value) -> Vec<String> {
    let emoji = |reaction: &Value| match reaction["type"].as_str() {
        Some("emoji") => reaction["emoji"].as_str().map(str::to_owned),
        Some("paid") => Some("⭐".to_owned()),
        // A custom picture has no character of its own.
        Some(_) => Some("❔".to_owned()),
        None => None,
    };
    reactions.as_array().map(|reactions| reactions.iter().filter_map(emoji).collect()).unwrap_or_default()
}

fn membership(update: i64, change: &Value) -> Result<Vec<Inbound>, Unreadable> {
    if change["chat"]["type"] != "private" {
        return Ok(Vec::new());
    }
    let what = match change["new_chat_member"]["status"].as_str() {
        Some("kicked") => What::Blocked,
        Some("member") => What::Unblocked,
        Some(_) => return Ok(Vec::new()),
        None => return Err(Unreadable("the membership change names no status".into())),
    };
    let from = sender(change)?;
    Ok(vec![Inbound { key: format!("member {update}"), account: None, from, at: instant(&change["date"]), what }])
}
