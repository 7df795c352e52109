//! What a visitor's page posts, and what it means.
//!
//! One JSON object: `id` (made by the page, the same again when it tries
//! again) and `type`: `said` when absent, else `pressed`, `shared` or `seen`.
//! A newer widget's type is kept as unsupported; what is no such object is a
//! dead letter.

use super::TEXT_LIMIT;
use onethread_core::channel::{FileRef, Inbound, InboundAttachment, Said, Sender, Unreadable, What};
use onethread_core::clock::Millis;
use onethread_core::ids::PlatformUserId;
use onethread_core::message::FileKind;
use onethread_core::phone;
use serde::Deserialize;

const FILES_AT_ONCE: usize = 10;

#[derive(Debug, Deserialize)]
struct Posted {
    id: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    files: Vec<PostedFile>,
    payload: Option<String>,
    label: Option<String>,
    phone: Option<String>,
    /// Our messages that were on the screen.
    #[serde(default)]
    messages: Vec<String>,
    until: Option<Millis>,
    language: Option<String>,
}

/// A file as the upload's answer described it; `id` is a signed reference.
#[derive(Debug, Deserialize)]
struct PostedFile {
    id: String,
    kind: FileKind,
    name: Option<String>,
    mime: Option<String>,
    size: Option<i64>,
}

fn parse(body: &[u8]) -> Result<Posted, Unreadable> {
    let posted: Posted = serde_json::from_slice(body).map_err(|error| Unreadable(format!("not a message: {error}")))?;
    if !is_uuid(&posted.id) {
        return Err(Unreadable("`id` must be a UUID".into()));
    }
    Ok(posted)
}

/// So that no visitor's id can be taken for one of ours.
fn is_uuid(id: &str) -> bool {
    let digit = |(place, c): (usize, char)| if matches!(place, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() };
    id.len() == 36 && id.char_indices().all(digit)
}

/// The id of a body that says nothing else, which a typing visitor's page posts.
pub fn bare(body: &[u8]) -> Result<Option<String>, &'static str> {
    let posted = if body.len() <= 200 { parse(body).ok() } else { None };
    posted.map(|posted| Some(posted.id)).ok_or("`id` must be a UUID, and there is nothing else to say")
}

/// The message's id, or why the page must not send it again. Nonsense passes: people look at it later.
pub fn acceptable(body: &[u8]) -> Result<Option<String>, &'static str> {
    let Ok(posted) = parse(body) else {
        return Ok(None);
    };
    let within = |text: &Option<String>, limit| text.as_ref().is_none_or(|text: &String| text.chars().count() <= limit);
    if posted.text.chars().count() > TEXT_LIMIT {
        return Err("the text is longer than 4000 characters");
    }
    if posted.files.len() > FILES_AT_ONCE || posted.messages.len() > 200 {
        return Err("there are too many files or messages at once");
    }
    if !(within(&posted.payload, 200) && within(&posted.label, 200) && within(&posted.phone, 40)) {
        return Err("`payload`, `label` or `phone` is too long");
    }
    match posted.kind.as_deref() {
        None | Some("said") if posted.text.trim().is_empty() && posted.files.is_empty() => Err("the message is empty"),
        Some("pressed") if posted.payload.is_none() => Err("`payload` is missing"),
        Some("shared") if posted.phone.as_deref().and_then(phone::fold).is_none() => Err("`phone` is no phone number"),
        _ => Ok(Some(posted.id)),
    }
}

/// The visitor types: only an `id` is posted.
pub fn typing(visitor: &PlatformUserId, body: &[u8]) -> Result<Inbound, Unreadable> {
    let posted = parse(body)?;
    let key = format!("{visitor}:{}", posted.id);
    Ok(Inbound { key, account: None, from: Sender::new(visitor.clone()), at: None, what: What::Typing })
}

/// The event behind one post of this visitor.
pub fn read(visitor: &PlatformUserId, body: &[u8]) -> Result<Inbound, Unreadable> {
    let posted = parse(body)?;
    let mut from = Sender::new(visitor.clone());
    from.language =
        posted.language.clone().filter(|tag| (2..=8).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphabetic()));
    let key = format!("{visitor}:{}", posted.id);
    Ok(Inbound { key, account: None, from, at: None, what: posted.what(visitor)? })
}

impl Posted {
    fn what(self, visitor: &PlatformUserId) -> Result<What, Unreadable> {
        let missing = |field: &str| Unreadable(format!("`{field}` is missing"));
        Ok(match self.kind.as_deref() {
            None | Some("said") => What::Said(self.said(visitor)),
            // A press stands in the visitor's own history as what the button says, so it is a
            // message with an id of its own, like a quick reply elsewhere.
            Some("pressed") => {
                let payload = self.payload.clone().ok_or_else(|| missing("payload"))?;
                let text = self.label.clone().unwrap_or(payload);
                What::Said(Said { text, ..self.said(visitor) })
            }
            Some("shared") => {
                let phone = self.phone.ok_or_else(|| missing("phone"))?;
                // Anyone can type any number: the page vouches for nothing.
                What::Shared { message: Some(self.id.into()), phone, own: false, name: None }
            }
            Some("seen") => What::Seen { messages: self.messages.into_iter().map(Into::into).collect(), until: self.until },
            Some(newer) => {
                let unsupported = Some(newer.chars().take(60).collect());
                What::Said(Said { unsupported, ..self.said(visitor) })
            }
        })
    }

    fn said(&self, visitor: &PlatformUserId) -> Said {
        let attachments = self.files.iter().map(|file| file.attachment(visitor)).collect();
        Said { attachments, payload: self.payload.clone(), ..Said::text(self.id.as_str(), self.text.as_str()) }
    }
}

impl PostedFile {
    /// The reference is checked when the file is fetched: it opens only for the visitor it was signed for.
    fn attachment(&self, visitor: &PlatformUserId) -> InboundAttachment {
        InboundAttachment::File {
            kind: self.kind,
            source: FileRef(format!("{visitor}/{}", self.id)),
            name: self.name.as_ref().map(|name| name.chars().take(200).collect()),
            mime: self.mime.as_ref().map(|mime| mime.chars().take(100).collect()),
            size: self.size,
        }
    }
}
