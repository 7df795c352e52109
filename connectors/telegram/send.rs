//! Saying one thing: a text with its buttons, or a file with its caption.
//! Texts go out plain, so nothing that a customer or an agent types is markup.

use super::api::{Api, Failure, chat};
use onethread_core::channel::{DeliveryError, Kit, OutboundFile, Parcel, ParcelContent, Receipt, RefusedBecause};
use onethread_core::ids::PlatformMessageId;
use onethread_core::message::{Button, ButtonAction, FileKind};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use teloxide::payloads::SendMessage;
use teloxide::types::{
    ButtonRequest, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, KeyboardMarkup, MessageId, ReplyMarkup,
    ReplyParameters,
};

/// Photos above this are refused as photos, and go as documents.
const PHOTO_LIMIT: i64 = 10_000_000;

pub async fn deliver(api: &Api, kit: &Kit, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
    let to = chat(&parcel.to)
        .ok_or_else(|| DeliveryError::refused(RefusedBecause::UnknownRecipient, "the recipient's id is not a number"))?;
    let reply = parcel.reply_to.as_ref().and_then(reply_to);
    let sent = match &parcel.content {
        ParcelContent::Text { text, buttons, ask_phone } => {
            send_text(api, &text_message(to, text, buttons, ask_phone.as_deref(), reply)?).await
        }
        ParcelContent::File { file, caption } => {
            let bytes = kit.files.open(&file.id).await.map_err(|error| file_lost(&error))?;
            let upload = Upload { to, file, bytes, caption: caption.as_deref(), reply };
            send_file(api, &upload).await
        }
    };
    receipt(&sent.map_err(Failure::delivering)?)
}

fn file_lost(error: &onethread_core::channel::FetchError) -> DeliveryError {
    use onethread_core::channel::FetchError;
    match error {
        FetchError::Unreachable(why) => DeliveryError::Unreachable(why.clone()),
        gone => DeliveryError::refused(RefusedBecause::BadFile, gone.to_string()),
    }
}

fn receipt(message: &Value) -> Result<Receipt, DeliveryError> {
    let number = message["message_id"].as_i64();
    let number = number.ok_or_else(|| DeliveryError::Uncertain("the answer names no message".into()))?;
    Ok(Receipt { message: number.to_string().into(), delivered: false, quota: None })
}

fn reply_to(message: &PlatformMessageId) -> Option<ReplyParameters> {
    let number = message.as_str().parse().ok()?;
    Some(ReplyParameters::new(MessageId(number)).allow_sending_without_reply())
}

// ----------------------------------------------------------------------- text

async fn send_text(api: &Api, message: &SendMessage) -> Result<Value, Failure> {
    match api.call(message).await {
        // A reply whose target is gone is still worth saying.
        Err(failure) if message.reply_parameters.is_some() && failure.words().contains("replied not found") => {
            let mut alone = message.clone();
            alone.reply_parameters = None;
            api.call(&alone).await
        }
        other => other,
    }
}

fn text_message(
    to: ChatId,
    text: &str,
    buttons: &[Button],
    ask_phone: Option<&str>,
    reply: Option<ReplyParameters>,
) -> Result<SendMessage, DeliveryError> {
    let (text, markup) = match ask_phone {
        Some(label) => (with_links(text, buttons), Some(phone_keyboard(label, buttons))),
        None => (text.to_owned(), inline_keyboard(buttons)?),
    };
    let mut message = SendMessage::new(to, text);
    message.reply_parameters = reply;
    message.reply_markup = markup;
    Ok(message)
}

fn inline_keyboard(buttons: &[Button]) -> Result<Option<ReplyMarkup>, DeliveryError> {
    if buttons.is_empty() {
        return Ok(None);
    }
    let rows = buttons.iter().map(|button| Ok(vec![inline_button(button)?])).collect::<Result<Vec<_>, DeliveryError>>()?;
    Ok(Some(ReplyMarkup::InlineKeyboard(InlineKeyboardMarkup::new(rows))))
}

fn inline_button(button: &Button) -> Result<InlineKeyboardButton, DeliveryError> {
    match &button.action {
        ButtonAction::Payload(payload) => Ok(InlineKeyboardButton::callback(&button.label, payload)),
        ButtonAction::Url(url) => {
            let url =
                url.parse().map_err(|_| DeliveryError::refused(RefusedBecause::BadContent, "a button's link is not a URL"))?;
            Ok(InlineKeyboardButton::url(&button.label, url))
        }
    }
}

/// The control that shares the phone needs the other kind of keyboard, whose buttons have no
/// payload: the rest of the buttons send their words.
fn phone_keyboard(label: &str, buttons: &[Button]) -> ReplyMarkup {
    let ask = KeyboardButton::new(label).request(ButtonRequest::Contact);
    let words = buttons.iter().filter(|button| matches!(button.action, ButtonAction::Payload(_)));
    let rows = std::iter::once(ask).chain(words.map(|button| KeyboardButton::new(&button.label))).map(|button| vec![button]);
    ReplyMarkup::Keyboard(KeyboardMarkup::new(rows).resize_keyboard().one_time_keyboard())
}

fn with_links(text: &str, buttons: &[Button]) -> String {
    buttons.iter().fold(text.to_owned(), |text, button| match &button.action {
        ButtonAction::Url(url) => format!("{text}\n{}: {url}", button.label),
        ButtonAction::Payload(_) => text,
    })
}

// ---------------------------------------------------------------------- files

struct Upload<'a> {
    to: ChatId,
    file: &'a OutboundFile,
    bytes: bytes::Bytes,
    caption: Option<&'a str>,
    reply: Option<ReplyParameters>,
}

async fn send_file(api: &Api, upload: &Upload<'_>) -> Result<Value, Failure> {
    let (method, field) = method(upload.file);
    match api.upload(method, form(upload, field)?).await {
        // Too wide, too long, or not the picture it claims to be: as a document anything goes.
        Err(failure) if method != "sendDocument" && is_about_the_picture(&failure) => {
            api.upload("sendDocument", form(upload, "document")?).await
        }
        other => other,
    }
}

fn is_about_the_picture(failure: &Failure) -> bool {
    let words = failure.words();
    ["photo_", "image_process_failed", "too big for a photo", "voice_messages_forbidden", "wrong type"]
        .iter()
        .any(|part| words.contains(part))
}

/// The method and its field that show this file best; what it does not fit goes as a document.
fn method(file: &OutboundFile) -> (&'static str, &'static str) {
    match (file.kind, file.mime.as_str()) {
        (FileKind::Image, "image/jpeg" | "image/png" | "image/webp") if file.size <= PHOTO_LIMIT => ("sendPhoto", "photo"),
        (FileKind::Image | FileKind::Video, "image/gif") => ("sendAnimation", "animation"),
        (FileKind::Video, "video/mp4") => ("sendVideo", "video"),
        (FileKind::Audio, "audio/ogg") => ("sendVoice", "voice"),
        (FileKind::Audio, "audio/mpeg" | "audio/mp4" | "audio/x-m4a") => ("sendAudio", "audio"),
        _ => ("sendDocument", "document"),
    }
}

fn form(upload: &Upload<'_>, field: &'static str) -> Result<Form, Failure> {
    let part = Part::stream(upload.bytes.clone()).file_name(upload.file.name.clone());
    let part = part
        .mime_str(&upload.file.mime)
        .or_else(|_| Part::stream(upload.bytes.clone()).file_name(upload.file.name.clone()).mime_str("application/octet-stream"));
    let part = part.map_err(|error| Failure::Line(crate::http::fate_of(error)))?;
    let mut form = Form::new().text("chat_id", upload.to.to_string()).part(field, part);
    if let Some(caption) = upload.caption {
        form = form.text("caption", caption.to_owned());
    }
    if let Some(reply) = &upload.reply {
        form = form.text("reply_parameters", json!(reply).to_string());
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(buttons: &[Button], ask_phone: Option<&str>) -> Value {
        let message = text_message(ChatId(7), "Chào", buttons, ask_phone, reply_to(&"12".into())).expect("a message");
        serde_json::to_value(message).expect("JSON")
    }

    #[test]
    fn a_text_with_buttons_has_the_documented_shape() {
        let buttons = [Button::payload("Gặp shop", "human"), Button::url("Xem đơn", "https://shop.vn/dh?x=1")];
        assert_eq!(
            body(&buttons, None),
            json!({
                "chat_id": 7, "text": "Chào",
                "reply_parameters": {"message_id": 12, "allow_sending_without_reply": true},
                "reply_markup": {"inline_keyboard": [
                    [{"text": "Gặp shop", "callback_data": "human"}],
                    [{"text": "Xem đơn", "url": "https://shop.vn/dh?x=1"}],
                ]},
            })
        );
    }

    #[test]
    fn asking_for_the_phone_keeps_every_button_usable() {
        let buttons = [Button::payload("Gặp shop", "human"), Button::url("Xem đơn", "https://shop.vn/dh")];
        let body = body(&buttons, Some("Gửi số"));
        let keyboard = json!([[{"text": "Gửi số", "request_contact": true}], [{"text": "Gặp shop"}]]);
        assert_eq!(body["reply_markup"]["keyboard"], keyboard);
        assert_eq!(body["text"], "Chào\nXem đơn: https://shop.vn/dh");
    }
}
