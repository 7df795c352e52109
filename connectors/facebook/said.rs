//! The content of a message on Messenger: words, and whatever hangs on them.
//! What cannot be shown is named as unsupported, never left out.

use crate::loose;
use onethread_core::channel::{InboundAttachment, Said};
use onethread_core::ids::PlatformMessageId;
use onethread_core::message::FileKind;
use serde_json::Value;
use url::Url;

pub fn said(mid: &str, message: &Value) -> Said {
    let mut said = Said::text(mid, message.get("text").and_then(Value::as_str).unwrap_or_default());
    said.reply_to = message.get("reply_to").and_then(|reply| loose::id(reply.get("mid")?)).map(PlatformMessageId);
    said.payload = message.get("quick_reply").and_then(|reply| loose::text(reply, "payload")).map(str::to_owned);
    for attachment in message.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        match read_attachment(attachment) {
            Read::Shown(shown) => said.attachments.push(shown),
            // A shared link without its card: the text has the address.
            Read::Bare if !said.text.is_empty() => {}
            Read::Bare => said.unsupported = Some("fallback".into()),
            Read::Unknown(name) => said.unsupported = Some(name),
        }
    }
    if message["is_unsupported"] == true {
        said.unsupported = Some("a message that Messenger itself does not hand over".into());
    }
    if said.text.is_empty() && said.attachments.is_empty() && said.unsupported.is_none() {
        said.unsupported = Some("a message without content".into());
    }
    said
}

/// Something newer than this code.
pub fn unsupported(id: &str, name: &str) -> Said {
    Said { unsupported: Some(loose::clip(name, 60)), ..Said::text(id, "") }
}

/// A list of message ids.
pub fn ids(value: &Value, name: &str) -> Vec<PlatformMessageId> {
    value.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(loose::id).map(PlatformMessageId).collect()
}

enum Read {
    Shown(InboundAttachment),
    Bare,
    Unknown(String),
}

fn read_attachment(attachment: &Value) -> Read {
    let name = loose::text(attachment, "type").unwrap_or("an attachment without a type");
    let payload = attachment.get("payload").filter(|payload| payload.is_object());
    let url = payload.and_then(|payload| loose::text(payload, "url")).or_else(|| loose::text(attachment, "url"));
    let shown = match name {
        "image" | "sticker" | "audio" | "video" | "file" => url.map(|url| file(kind(name, payload), url)),
        "location" => payload.and_then(location),
        "fallback" if url.is_none() => return Read::Bare,
        "fallback" | "reel" | "ig_reel" | "post" | "ig_post" | "share" | "template" => {
            url.and_then(|url| link(url, payload, attachment))
        }
        _ => None,
    };
    shown.map_or_else(|| Read::Unknown(loose::clip(name, 60)), Read::Shown)
}

/// Until August 2026 a sticker was an image with a sticker id.
fn kind(name: &str, payload: Option<&Value>) -> FileKind {
    match name {
        "sticker" => FileKind::Sticker,
        "image" if payload.is_some_and(|payload| payload.get("sticker_id").is_some()) => FileKind::Sticker,
        "image" => FileKind::Image,
        "audio" => FileKind::Audio,
        "video" => FileKind::Video,
        _ => FileKind::File,
    }
}

fn file(kind: FileKind, url: &str) -> InboundAttachment {
    let name = Url::parse(url).ok().and_then(|url| last_segment(&url)).filter(|_| kind == FileKind::File);
    loose::file(kind, url, name.as_deref(), None, None)
}

/// The only place where a file's name is to be seen.
fn last_segment(url: &Url) -> Option<String> {
    let segment = url.path_segments()?.next_back().filter(|segment| segment.contains('.'))?;
    let name: String =
        url::form_urlencoded::parse(format!("n={}", segment.replace('+', "%2B")).as_bytes()).next()?.1.into_owned();
    Some(loose::clip(&name.replace(|c: char| c.is_control() || c == '/' || c == '\\', "_"), 120))
}

fn location(payload: &Value) -> Option<InboundAttachment> {
    let place = payload.get("coordinates")?;
    let number = |names: [&str; 2]| names.iter().find_map(|name| loose::decimal(place.get(name)?));
    let (latitude, longitude) = (number(["lat", "latitude"])?, number(["long", "longitude"])?);
    Some(InboundAttachment::Location { latitude, longitude, title: None })
}

fn link(url: &str, payload: Option<&Value>, attachment: &Value) -> Option<InboundAttachment> {
    let title = payload.and_then(|payload| loose::text(payload, "title")).or_else(|| loose::text(attachment, "title"));
    Some(InboundAttachment::Link { url: loose::web_address(url)?.to_owned(), title: title.map(str::to_owned) })
}
