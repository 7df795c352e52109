//! Saying one thing in a direct channel. The nonce is the parcel's key, so that
//! the platform itself drops a second copy.

use super::rest::{Failure, Rest, is_id};
use onethread_core::channel::{DeliveryError, FetchError, Kit, Parcel, ParcelContent, Receipt, RefusedBecause};
use onethread_core::ids::{ParcelId, PlatformUserId};
use onethread_core::message::{Button, ButtonAction};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use serenity::builder::{CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton, CreateMessage};
use serenity::model::application::ButtonStyle;
use serenity::model::channel::{MessageReference, MessageReferenceKind, Nonce};
use serenity::model::id::{ChannelId, MessageId};
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

/// The platform takes no longer one.
const NONCE_LENGTH: usize = 25;
const ROW: usize = 5;
/// Channels remembered; opening one again costs a call and changes nothing.
const REMEMBERED: usize = 20_000;

/// The direct channel of each person, as far as we know them.
#[derive(Default)]
pub struct Channels(Mutex<HashMap<PlatformUserId, String>>);

impl Channels {
    pub fn remember(&self, user: &PlatformUserId, channel: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(user.clone(), channel.to_owned());
    }

    fn known(&self, user: &PlatformUserId) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }

    fn forget(&self, user: &PlatformUserId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(user);
    }

    /// The person's channel, opened where it is not known yet.
    pub async fn open(&self, rest: &Rest, user: &PlatformUserId) -> Result<String, Failure> {
        if let Some(channel) = self.known(user) {
            return Ok(channel);
        }
        let opened = rest.post("users/@me/channels", Some(&json!({"recipient_id": user.as_str()}))).await?;
        let Some(channel) = opened["id"].as_str().filter(|id| is_id(id)) else {
            return Err(Failure::Line(DeliveryError::Unreachable("the opened channel has no id".into())));
        };
        self.remember(user, channel);
        Ok(channel.to_owned())
    }
}

pub async fn deliver(rest: &Rest, channels: &Channels, kit: &Kit, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
    if !is_id(parcel.to.as_str()) {
        return Err(DeliveryError::refused(RefusedBecause::UnknownRecipient, "the recipient's id is not one of this platform's"));
    }
    let channel = channels.open(rest, &parcel.to).await.map_err(certain)?;
    let sent = match say(rest, kit, &channel, parcel).await {
        Err(Trouble::Platform(failure)) if failure.code() == 10_003 => {
            channels.forget(&parcel.to);
            let again = channels.open(rest, &parcel.to).await.map_err(certain)?;
            say(rest, kit, &again, parcel).await
        }
        other => other,
    };
    match sent {
        Ok(message) => receipt(&message),
        Err(Trouble::Platform(failure)) => Err(failure.delivering()),
        Err(Trouble::Ours(fate)) => Err(fate),
    }
}

/// While only the channel is being opened, nothing of the message can be out.
fn certain(failure: Failure) -> DeliveryError {
    match failure.delivering() {
        DeliveryError::Uncertain(why) => DeliveryError::Unreachable(why),
        other => other,
    }
}

enum Trouble {
    Platform(Failure),
    Ours(DeliveryError),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Platform(failure)
    }
}

fn receipt(message: &Value) -> Result<Receipt, DeliveryError> {
    let id = message["id"].as_str().ok_or_else(|| DeliveryError::Uncertain("the answer names no message".into()))?;
    Ok(Receipt { message: id.into(), delivered: false, quota: None })
}

async fn say(rest: &Rest, kit: &Kit, channel: &str, parcel: &Parcel) -> Result<Value, Trouble> {
    let message = message(parcel);
    let reference = parcel.reply_to.as_ref().and_then(|target| reference(channel, target.as_str()));
    let Some(reference) = reference else { return post(rest, kit, channel, parcel, &message).await };
    let answering = message.clone().reference_message(reference);
    match post(rest, kit, channel, parcel, &answering).await {
        Err(Trouble::Platform(failure)) if failure.is_about_the_reference() => post(rest, kit, channel, parcel, &message).await,
        other => other,
    }
}

async fn post(rest: &Rest, kit: &Kit, channel: &str, parcel: &Parcel, message: &CreateMessage) -> Result<Value, Trouble> {
    let path = format!("channels/{channel}/messages");
    let body = serde_json::to_value(message).map_err(|error| {
        Trouble::Ours(DeliveryError::refused(RefusedBecause::BadContent, format!("the message could not be written: {error}")))
    })?;
    let ParcelContent::File { file, .. } = &parcel.content else {
        return Ok(rest.post(&path, Some(&body)).await?);
    };
    let bytes = kit.files.open(&file.id).await.map_err(|error| Trouble::Ours(file_lost(&error)))?;
    let part = |mime: &str| Part::stream(bytes.clone()).file_name(file.name.clone()).mime_str(mime);
    let part = part(&file.mime).or_else(|_| part("application/octet-stream"));
    let part = part.map_err(|error| Trouble::Ours(crate::http::fate_of(error)))?;
    Ok(rest.upload(&path, Form::new().text("payload_json", body.to_string()).part("files[0]", part)).await?)
}

fn file_lost(error: &FetchError) -> DeliveryError {
    match error {
        FetchError::Unreachable(why) => DeliveryError::Unreachable(why.clone()),
        gone => DeliveryError::refused(RefusedBecause::BadFile, gone.to_string()),
    }
}

fn message(parcel: &Parcel) -> CreateMessage {
    // No mentions at all: a customer's words that we repeat must not ping anyone.
    let message = CreateMessage::new()
        .allowed_mentions(CreateAllowedMentions::new())
        .nonce(Nonce::String(nonce(&parcel.key)))
        .enforce_nonce(true);
    match &parcel.content {
        ParcelContent::Text { text, buttons, .. } if buttons.is_empty() => message.content(text),
        ParcelContent::Text { text, buttons, .. } => message.content(text).components(rows(buttons)),
        ParcelContent::File { file, caption } => {
            // The bytes travel beside the message; here stands only the file's name.
            let message = message.add_file(CreateAttachment::bytes(Vec::new(), file.name.clone()));
            match caption {
                Some(caption) => message.content(caption),
                None => message,
            }
        }
    }
}

/// The end of the key: its beginning is the same for every parcel.
fn nonce(key: &ParcelId) -> String {
    let from = key.as_str().char_indices().rev().nth(NONCE_LENGTH - 1).map_or(0, |(at, _)| at);
    key.as_str()[from..].to_owned()
}

fn reference(channel: &str, message: &str) -> Option<MessageReference> {
    let number = |id: &str| id.parse::<NonZeroU64>().ok().map(NonZeroU64::get);
    let reference = MessageReference::new(MessageReferenceKind::Default, ChannelId::new(number(channel)?));
    Some(reference.message_id(MessageId::new(number(message)?)).fail_if_not_exists(false))
}

fn rows(buttons: &[Button]) -> Vec<CreateActionRow> {
    buttons.chunks(ROW).map(|row| CreateActionRow::Buttons(row.iter().map(button).collect())).collect()
}

fn button(button: &Button) -> CreateButton {
    match &button.action {
        ButtonAction::Payload(payload) => CreateButton::new(payload).style(ButtonStyle::Primary).label(&button.label),
        ButtonAction::Url(url) => CreateButton::new_link(url).label(&button.label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_core::channel::Voice;

    #[test]
    fn a_text_has_the_documented_shape() {
        let parcel = Parcel {
            key: ParcelId::from("out_01k5abcdefghjkmnpqrstvwxyz"),
            to: "5".into(),
            content: ParcelContent::Text {
                text: "@everyone chào".into(),
                buttons: vec![Button::payload("Gặp shop", "human"), Button::url("Xem đơn", "https://shop.example/dh")],
                ask_phone: None,
            },
            reply_to: None,
            voice: Voice::Bot,
            last_interaction: None,
        };
        let body = serde_json::to_value(message(&parcel)).expect("JSON");
        assert_eq!(body["content"], "@everyone chào");
        assert_eq!(body["allowed_mentions"]["parse"], json!([]));
        assert_eq!((&body["nonce"], &body["enforce_nonce"]), (&json!("1k5abcdefghjkmnpqrstvwxyz"), &json!(true)));
        assert_eq!(
            body["components"],
            json!([{"type": 1, "components": [
                {"type": 2, "style": 1, "custom_id": "human", "label": "Gặp shop", "disabled": false},
                {"type": 2, "style": 5, "url": "https://shop.example/dh", "label": "Xem đơn", "disabled": false},
            ]}])
        );
    }

    #[test]
    fn a_nonce_is_short_and_differs_with_the_key() {
        let (one, two) = (ParcelId::fresh(1_790_000_000_000), ParcelId::fresh(1_790_000_000_000));
        assert_eq!(nonce(&one).len(), NONCE_LENGTH);
        assert_ne!(nonce(&one), nonce(&two));
        assert_eq!(nonce(&ParcelId::from("short")), "short");
    }
}
