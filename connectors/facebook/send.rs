//! One parcel onto Messenger. Every message carries the parcel's key as
//! `metadata`: the echo of it may be here before the answer, or instead of it.

use super::graph::Trouble;
use super::purpose::Purpose;
use super::{Page, compose};
use crate::loose;
use bytes::Bytes;
use onethread_core::channel::{DeliveryError, OutboundFile, Parcel, ParcelContent, Receipt, RefusedBecause, TextUnit};
use onethread_core::message::FileKind;
use onethread_core::parts::measure;
use reqwest::multipart;
use serde_json::{Map, Value, json};

pub const FILE_LIMIT: u64 = 25 << 20;
/// Above this the platform fetches the file itself, so that we need not hold it whole.
const UPLOAD_LIMIT: i64 = 8 << 20;

pub async fn deliver(page: &Page, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
    match &parcel.content {
        ParcelContent::Text { text, buttons, ask_phone } => {
            let message = compose::text(text, buttons, ask_phone.is_some());
            check_text(text, &message)?;
            let answer = post(page, parcel, message).await;
            receipt(answer.map_err(Trouble::fate)?)
        }
        ParcelContent::File { file, caption } => {
            if caption.as_deref().is_some_and(|caption| !caption.trim().is_empty()) {
                return loose::refuse(
                    RefusedBecause::BadContent,
                    "Messenger takes no text with a file; send it as a message of its own",
                );
            }
            receipt(send_file(page, parcel, file).await?)
        }
    }
}

fn check_text(text: &str, message: &Value) -> Result<(), DeliveryError> {
    if text.trim().is_empty() {
        return loose::refuse(RefusedBecause::BadContent, "the text is empty");
    }
    let whole = message["text"].as_str().unwrap_or_default();
    if measure(whole, TextUnit::Utf16) > compose::TEXT_LIMIT {
        return loose::refuse(RefusedBecause::TooLong, format!("more than {} characters with its links", compose::TEXT_LIMIT));
    }
    Ok(())
}

/// The fields of a Send API call around `message`.
fn envelope(page: &Page, parcel: &Parcel, mut message: Value) -> Map<String, Value> {
    message["metadata"] = parcel.key.as_str().into();
    let mut body = Map::new();
    body.insert("recipient".into(), json!({ "id": parcel.to.as_str() }));
    for (name, value) in Purpose::of(parcel.voice, parcel.last_interaction, page.kit.clock.now()).fields() {
        body.insert(name.into(), value);
    }
    if let Some(mid) = &parcel.reply_to {
        body.insert("reply_to".into(), json!({ "mid": mid.as_str() }));
    }
    body.insert("message".into(), message);
    body
}

async fn post(page: &Page, parcel: &Parcel, message: Value) -> Result<Value, Trouble> {
    let body = Value::Object(envelope(page, parcel, message));
    page.graph.post(&format!("{}/messages", page.page), &body).await
}

/// By upload, else by link; a large file the other way round. Only a refusal of the file itself,
/// which is certain to have sent nothing, leads to the second way.
async fn send_file(page: &Page, parcel: &Parcel, file: &OutboundFile) -> Result<Value, DeliveryError> {
    if u64::try_from(file.size).unwrap_or(0) > FILE_LIMIT {
        return loose::refuse(RefusedBecause::BadFile, "Messenger takes files of at most 25 MB; send a link instead");
    }
    if file.size > UPLOAD_LIMIT {
        return match by_link(page, parcel, file).await {
            Err(trouble) if trouble.is_about_the_file() => by_upload(page, parcel, file).await.map_err(Trouble::fate),
            answer => answer.map_err(Trouble::fate),
        };
    }
    match by_upload(page, parcel, file).await {
        Err(trouble) if trouble.is_about_the_file() => by_link(page, parcel, file).await.map_err(Trouble::fate),
        answer => answer.map_err(Trouble::fate),
    }
}

async fn by_link(page: &Page, parcel: &Parcel, file: &OutboundFile) -> Result<Value, Trouble> {
    let payload = json!({ "url": file.url, "is_reusable": false });
    post(page, parcel, json!({ "attachment": { "type": kind_of(file), "payload": payload } })).await
}

async fn by_upload(page: &Page, parcel: &Parcel, file: &OutboundFile) -> Result<Value, Trouble> {
    let bytes = match page.kit.files.open(&file.id).await {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(inbox = %page.kit.inbox, file = %file.id, %error, "a stored file could not be opened; sending its link");
            return by_link(page, parcel, file).await;
        }
    };
    let message = json!({ "attachment": { "type": kind_of(file), "payload": { "is_reusable": false } } });
    let mut form = multipart::Form::new();
    for (name, value) in envelope(page, parcel, message) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form = form.text(name, text);
    }
    let form = form.part("filedata", part(file, bytes));
    page.graph.upload(&format!("{}/messages", page.page), form).await
}

fn part(file: &OutboundFile, bytes: Bytes) -> multipart::Part {
    let part = |bytes: Bytes| {
        let length = bytes.len() as u64;
        multipart::Part::stream_with_length(bytes, length).file_name(file.name.clone())
    };
    part(bytes.clone()).mime_str(&file.mime).unwrap_or_else(|_| part(bytes))
}

/// What Messenger shows the file as. A picture in a format that it may not show travels as a file.
fn kind_of(file: &OutboundFile) -> &'static str {
    let shown = matches!(file.mime.as_str(), "image/jpeg" | "image/png" | "image/gif" | "image/webp");
    match file.kind {
        FileKind::Image | FileKind::Sticker if shown => "image",
        FileKind::Audio => "audio",
        FileKind::Video => "video",
        _ => "file",
    }
}

fn receipt(answer: Value) -> Result<Receipt, DeliveryError> {
    match answer.get("message_id").and_then(loose::id) {
        Some(mid) => Ok(Receipt { message: mid.into(), delivered: false, quota: None }),
        None => Err(DeliveryError::Uncertain("the platform took the message and named no id".into())),
    }
}
