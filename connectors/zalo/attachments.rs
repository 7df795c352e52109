//! What hangs on a message on Zalo. Shapes differ between sources (texts or
//! numbers, nested or not); each is read, and what cannot be is named.

use crate::loose;
use onethread_core::channel::{InboundAttachment, Said};
use onethread_core::message::FileKind;
use serde_json::Value;

/// The events that carry a customer's content, beside plain text.
pub const KNOWN: [&str; 9] = [
    "user_send_image",
    "user_send_gif",
    "user_send_file",
    "user_send_audio",
    "user_send_video",
    "user_send_sticker",
    "user_send_location",
    "user_send_link",
    "user_send_business_card",
];

/// Read every attachment into `said`; name what could not be read, or what the event promised and did not bring.
pub fn read_into(said: &mut Said, event: &str, message: &Value) {
    for attachment in message.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        match read(attachment) {
            Some(shown) => said.attachments.push(shown),
            None => said.unsupported = Some(loose::clip(loose::text(attachment, "type").unwrap_or(event), 60)),
        }
    }
    // One source has the place beside the attachments.
    if let Some(place) = message.get("location").and_then(place) {
        said.attachments.push(place);
    }
    if said.text.is_empty() && said.attachments.is_empty() && said.unsupported.is_none() {
        said.unsupported = Some(loose::clip(event, 60));
    }
}

fn read(attachment: &Value) -> Option<InboundAttachment> {
    let payload = attachment.get("payload")?;
    let name = loose::text(payload, "name");
    let file = |kind| {
        let size = payload.get("size").and_then(loose::integer);
        Some(loose::file(kind, loose::text(payload, "url")?, name, None, size))
    };
    match loose::text(attachment, "type")? {
        "image" | "gif" | "photo" => file(FileKind::Image),
        "sticker" => file(FileKind::Sticker),
        "audio" | "voice" => file(FileKind::Audio),
        "video" => file(FileKind::Video),
        "file" => file(FileKind::File),
        "location" => place(payload),
        "link" | "links" | "business_card" => card(payload).or_else(|| link(payload)),
        _ => None,
    }
}

/// A business card is a link whose description is a JSON text with the phone number.
fn card(payload: &Value) -> Option<InboundAttachment> {
    let description: Value = serde_json::from_str(loose::text(payload, "description")?).ok()?;
    let phone = description.get("phone").and_then(loose::id)?;
    let name =
        ["title", "name"].iter().find_map(|field| loose::text(payload, field).or_else(|| loose::text(&description, field)));
    Some(InboundAttachment::Contact { name: name.map(str::to_owned), phone })
}

fn link(payload: &Value) -> Option<InboundAttachment> {
    let title = ["title", "description"].iter().find_map(|field| loose::text(payload, field));
    Some(InboundAttachment::Link {
        url: loose::web_address(loose::text(payload, "url")?)?.to_owned(),
        title: title.map(str::to_owned),
    })
}

fn place(value: &Value) -> Option<InboundAttachment> {
    let place = value.get("coordinates").unwrap_or(value);
    let number = |names: &[&str]| names.iter().find_map(|name| loose::decimal(place.get(name)?));
    let (latitude, longitude) = (number(&["latitude", "lat"])?, number(&["longitude", "long", "lng"])?);
    Some(InboundAttachment::Location { latitude, longitude, title: loose::text(value, "title").map(str::to_owned) })
}

/// The usual icon codes as emoji; any other code as it is.
pub fn emoji(icon: &str) -> String {
    let emoji = match icon {
        "/-heart" => "❤️",
        "/-strong" => "👍",
        ":>" => "😆",
        ":o" => "😮",
        ":-((" => "😭",
        ":-h" => "😡",
        other => other,
    };
    loose::clip(emoji, 20)
}
