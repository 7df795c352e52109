//! What people do on their phones, as the events that Messenger makes of it.

use super::state::State;
use crate::phone::{Bubble, BubbleFrom};
use crate::platform::SentFile;
use crate::{Act, ActError};
use base64::Engine;
use serde_json::{Value, json};
use std::sync::Arc;

/// The app behind the Page inbox of Meta's own tools.
const PAGE_INBOX: u64 = 263_902_037_430_900;
const STICKER: u64 = 369_239_263_222_822;

type Done = Result<Option<String>, ActError>;

pub(super) async fn act(state: &Arc<State>, user: &str, act: Act) -> Done {
    let Some(page) = state.people.get(user).map(|person| person.page.clone()) else { return Err(ActError::NotHere) };
    let person = At { state, user, page };
    match act {
        Act::Says { text, reply_to } => person.says(&text, reply_to).await,
        Act::SendsFiles { kind, files, caption } => person.sends_files(&kind, &files, caption).await,
        Act::SendsLocation { latitude, longitude } => person.sends_location(latitude, longitude).await,
        Act::Presses { message, label, payload } => person.presses(&message, &label, &payload).await,
        Act::SharesPhone { phone } => person.replies_quickly(&phone, &phone).await,
        Act::Edits { message, text } => person.edits(&message, &text).await,
        Act::Deletes { message } => person.deletes(&message).await,
        Act::Reacts { message, emoji, removed } => person.reacts(&message, &emoji, removed).await,
        Act::Starts { reference } => person.starts(reference).await,
        Act::Blocks => person.blocks(true),
        Act::Unblocks => person.blocks(false),
        Act::Sees => person.sees().await,
        Act::BusinessAnswers { text } => person.is_answered_in_the_page_inbox(&text).await,
        Act::DoesSomethingNew => person.does_something_new().await,
        Act::Follows | Act::Unfollows | Act::Types => Err(ActError::NotHere),
    }
}

pub(super) async fn say_together(state: &Arc<State>, words: &[(&str, &str)]) -> Result<(), ActError> {
    let mut events = Vec::new();
    for (user, text) in words {
        let page = state.people.get(*user).map(|person| person.page.clone()).ok_or(ActError::NotHere)?;
        let person = At { state, user, page };
        let (mid, now) = person.speaks(text, None);
        events.push((person.page.clone(), person.event(now, "message", json!({ "mid": mid, "text": text }))));
    }
    state.wire.post(events, state.clock.now(), state.faults.stumble()).await.map_err(ActError::NotTaken)
}

/// One person in the chat with one Page.
struct At<'a> {
    state: &'a Arc<State>,
    user: &'a str,
    page: String,
}

impl At<'_> {
    /// The bubble of something said, and the window open again.
    fn speaks(&self, text: &str, reply_to: Option<&str>) -> (String, i64) {
        let bubble = |mid: &str, now| Bubble {
            reply_to: reply_to.map(str::to_owned),
            ticks: "sent".into(),
            ..Bubble::new(mid, BubbleFrom::Customer, text, now)
        };
        self.shows(bubble)
    }

    fn shows(&self, bubble: impl FnOnce(&str, i64) -> Bubble) -> (String, i64) {
        let (mid, now) = (self.state.fresh_mid(), self.acts());
        self.state.phones.show(self.user, bubble(&mid, now));
        self.state.keep(&mid, self.user, false);
        (mid, now)
    }

    fn acts(&self) -> i64 {
        let now = self.state.clock.now();
        if let Some(mut person) = self.state.people.get_mut(self.user) {
            person.active = Some(now);
        }
        now
    }

    fn event(&self, now: i64, kind: &str, what: Value) -> Value {
        json!({ "sender": { "id": self.user }, "recipient": { "id": self.page }, "timestamp": now, kind: what })
    }

    async fn tells(&self, now: i64, kind: &str, what: Value) -> Result<(), ActError> {
        let event = self.event(now, kind, what);
        self.state.bring(&self.page, field_of(kind), event).await.map_err(ActError::NotTaken)
    }

    async fn says(&self, text: &str, reply_to: Option<String>) -> Done {
        let (mid, now) = self.speaks(text, reply_to.as_deref());
        let mut message = json!({ "mid": mid, "text": text });
        if let Some(target) = reply_to {
            message["reply_to"] = json!({ "mid": target });
        }
        self.tells(now, "message", message).await?;
        Ok(Some(mid))
    }

    async fn sends_files(&self, kind: &str, files: &[SentFile], caption: Option<String>) -> Done {
        let kind = if kind == "voice" { "audio" } else { kind };
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let (mid, now) = self.shows(|mid, now| Bubble { files: names, ..Bubble::new(mid, BubbleFrom::Customer, "", now) });
        let attachments: Vec<Value> = files.iter().map(|file| self.attachment(kind, file, now)).collect();
        self.tells(now, "message", json!({ "mid": mid, "attachments": attachments })).await?;
        // Messenger has no captions: the words are a message of their own.
        if let Some(caption) = caption.filter(|caption| !caption.is_empty()) {
            self.says(&caption, None).await?;
        }
        Ok(Some(mid))
    }

    fn attachment(&self, kind: &str, file: &SentFile, now: i64) -> Value {
        let bytes = base64::engine::general_purpose::STANDARD.decode(&file.bytes).unwrap_or_default();
        let mut payload = json!({ "url": self.state.shelf.keep(&file.name, &file.mime, bytes, now) });
        if kind == "sticker" {
            payload["sticker_id"] = STICKER.into();
        }
        json!({ "type": kind, "payload": payload })
    }

    async fn sends_location(&self, latitude: f64, longitude: f64) -> Done {
        let shown = format!("location {latitude}, {longitude}");
        let (mid, now) = self.shows(|mid, now| Bubble { files: vec![shown], ..Bubble::new(mid, BubbleFrom::Customer, "", now) });
        let payload = json!({ "coordinates": { "lat": latitude, "long": longitude } });
        let attachment = json!({ "type": "location", "title": "Vị trí", "payload": payload });
        self.tells(now, "message", json!({ "mid": mid, "attachments": [attachment] })).await?;
        Ok(Some(mid))
    }

    async fn presses(&self, message: &str, label: &str, payload: &str) -> Done {
        // A link opens on the phone; the Page hears nothing of it.
        if payload.starts_with("https://") || payload.starts_with("http://") {
            return Ok(None);
        }
        let kept = self.state.messages.get(message).map(|kept| kept.clone());
        if kept.is_some_and(|kept| kept.quick) {
            self.loses_quick_replies(message);
            return self.replies_quickly(label, payload).await;
        }
        let (mid, now) = self.speaks(label, None);
        self.tells(now, "postback", json!({ "mid": mid, "title": label, "payload": payload })).await?;
        Ok(Some(mid))
    }

    /// Quick replies are gone after a tap.
    fn loses_quick_replies(&self, message: &str) {
        self.state.phones.change(self.user, |phone| {
            if let Some(bubble) = phone.bubbles.iter_mut().rev().find(|bubble| bubble.id == message) {
                bubble.buttons.clear();
                bubble.ask_phone = None;
            }
        });
    }

    async fn replies_quickly(&self, label: &str, payload: &str) -> Done {
        let (mid, now) = self.speaks(label, None);
        let message = json!({ "mid": mid, "text": label, "quick_reply": { "payload": payload } });
        self.tells(now, "message", message).await?;
        Ok(Some(mid))
    }

    async fn edits(&self, mid: &str, text: &str) -> Done {
        let edits = self.own(mid, |edits| *edits += 1)?;
        self.on_bubble(mid, |bubble| {
            text.clone_into(&mut bubble.text);
            bubble.edited = true;
        });
        let now = self.acts();
        self.tells(now, "message_edit", json!({ "mid": mid, "text": text, "num_edit": edits })).await?;
        Ok(None)
    }

    async fn deletes(&self, mid: &str) -> Done {
        self.own(mid, |_| ())?;
        self.on_bubble(mid, |bubble| bubble.deleted = true);
        self.tells(self.state.clock.now(), "message", json!({ "mid": mid, "is_deleted": true })).await?;
        Ok(None)
    }

    /// The count of edits of a message that is this person's.
    fn own(&self, mid: &str, change: impl FnOnce(&mut u32)) -> Result<u32, ActError> {
        let mut kept = self.state.messages.get_mut(mid).filter(|kept| kept.person == self.user).ok_or(ActError::NotHere)?;
        change(&mut kept.edits);
        Ok(kept.edits)
    }

    fn on_bubble(&self, mid: &str, change: impl FnOnce(&mut Bubble)) {
        self.state.phones.change(self.user, |phone| phone.bubbles.iter_mut().rev().find(|bubble| bubble.id == mid).map(change));
    }

    async fn reacts(&self, mid: &str, emoji: &str, removed: bool) -> Done {
        let now = self.acts();
        let what = match removed {
            true => json!({ "mid": mid, "action": "unreact", "reaction": "other" }),
            false => json!({ "mid": mid, "action": "react", "reaction": "other", "emoji": emoji }),
        };
        self.tells(now, "reaction", what).await?;
        Ok(None)
    }

    /// By m.me: a new chat begins with Get Started, an old one just learns where the person came from.
    async fn starts(&self, reference: Option<String>) -> Done {
        let new = self.state.people.get(self.user).is_some_and(|person| person.active.is_none());
        let referral = |kind| reference.as_ref().map(|name| json!({ "ref": name, "source": "SHORTLINK", "type": kind }));
        if new {
            let (mid, now) = self.speaks("Get Started", None);
            let mut postback = json!({ "mid": mid, "title": "Get Started", "payload": "GET_STARTED" });
            if let Some(referral) = referral("OPEN_THREAD") {
                postback["referral"] = referral;
            }
            self.tells(now, "postback", postback).await?;
            return Ok(Some(mid));
        }
        if let Some(referral) = referral("OPEN_THREAD") {
            self.tells(self.acts(), "referral", referral).await?;
        }
        Ok(None)
    }

    /// Nothing tells the Page; its next message just fails.
    fn blocks(&self, blocked: bool) -> Done {
        if let Some(mut person) = self.state.people.get_mut(self.user) {
            person.blocked = blocked;
        }
        Ok(None)
    }

    async fn sees(&self) -> Done {
        let now = self.state.clock.now();
        self.state.phones.change(self.user, |phone| {
            let unseen = phone.bubbles.iter_mut().rev().filter(|bubble| bubble.from == BubbleFrom::Business);
            unseen.take_while(|bubble| bubble.ticks != "seen").for_each(|bubble| bubble.ticks = "seen".into());
        });
        self.tells(now, "read", json!({ "watermark": now })).await?;
        Ok(None)
    }

    async fn is_answered_in_the_page_inbox(&self, text: &str) -> Done {
        let (mid, now) = (self.state.fresh_mid(), self.state.clock.now());
        self.state.phones.show(self.user, Bubble::new(&mid, BubbleFrom::Business, text, now));
        self.state.keep(&mid, self.user, false);
        let message = json!({ "mid": mid, "text": text, "is_echo": true, "app_id": PAGE_INBOX });
        let echo = echo(&self.page, self.user, now, message);
        self.state.bring(&self.page, "message_echoes", echo).await.map_err(ActError::NotTaken)?;
        Ok(Some(mid))
    }

    async fn does_something_new(&self) -> Done {
        let shown = || vec!["hologram".to_owned()];
        let (mid, now) = self.shows(|mid, now| Bubble { files: shown(), ..Bubble::new(mid, BubbleFrom::Customer, "", now) });
        let attachment = json!({ "type": "hologram", "payload": { "hologram_id": 7, "depth": "3D" } });
        self.tells(now, "message", json!({ "mid": mid, "attachments": [attachment] })).await?;
        Ok(Some(mid))
    }
}

pub(super) fn echo(page: &str, user: &str, now: i64, message: Value) -> Value {
    json!({ "sender": { "id": page }, "recipient": { "id": user }, "timestamp": now, "message": message })
}

/// The subscription under which an event is brought.
fn field_of(kind: &str) -> &'static str {
    match kind {
        "postback" => "messaging_postbacks",
        "referral" => "messaging_referrals",
        "message_edit" => "message_edits",
        "reaction" => "message_reactions",
        "delivery" => "message_deliveries",
        "read" => "message_reads",
        _ => "messages",
    }
}

impl State {
    /// Bring an event to the gateway, if the Page is subscribed to its kind. `Err(0)` when nobody listens.
    pub(super) async fn bring(&self, page: &str, field: &str, event: Value) -> Result<(), u16> {
        let subscribed = self.pages.get(page).is_some_and(|page| page.fields.iter().any(|known| known == field));
        if !subscribed {
            tracing::warn!(page, field, "the Page is not subscribed to this kind of event");
            return Err(0);
        }
        self.wire.post(vec![(page.to_owned(), event)], self.clock.now(), self.faults.stumble()).await
    }
}
