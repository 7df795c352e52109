//! What people do on their phones, as the events that Zalo makes of it.

use super::state::{Kept, State, fresh_msg_id};
use crate::phone::{Bubble, BubbleFrom};
use crate::platform::SentFile;
use crate::{Act, ActError};
use base64::Engine;
use serde_json::{Value, json};
use std::sync::Arc;

/// The person who answers at oa.zalo.me.
const ADMIN: &str = "4021877635512345678";

type Done = Result<Option<String>, ActError>;

pub(super) async fn act(state: &Arc<State>, user: &str, act: Act) -> Done {
    let Some((oa, by_app)) = state.people.get(user).map(|person| (person.oa.clone(), person.by_app.clone())) else {
        return Err(ActError::NotHere);
    };
    let person = At { state, user, oa, by_app };
    match act {
        Act::Says { text, reply_to } => person.says(&text, reply_to).await,
        Act::SendsFiles { kind, files, caption } => person.sends_files(&kind, &files, caption).await,
        Act::SendsLocation { latitude, longitude } => person.sends_location(latitude, longitude).await,
        Act::Presses { message, label, payload } => person.presses(&message, &label, &payload).await,
        Act::SharesPhone { phone } => person.submits_info(&phone).await,
        Act::Reacts { message, emoji, removed: false } => person.reacts(&message, &emoji).await,
        Act::Starts { .. } => person.clicks_chat_now().await,
        Act::Follows => person.follows(true).await,
        Act::Unfollows => person.follows(false).await,
        Act::Blocks => person.restricts(true),
        Act::Unblocks => person.restricts(false),
        Act::Sees => person.sees().await,
        Act::BusinessAnswers { text } => person.is_answered_at_the_oa(&text).await,
        Act::DoesSomethingNew => person.does_something_new().await,
        // No edit, no recall, no typing; how a reaction is taken back is not known.
        Act::Edits { .. } | Act::Deletes { .. } | Act::Types | Act::Reacts { .. } => Err(ActError::NotHere),
    }
}

/// One person in the chat with one OA.
struct At<'a> {
    state: &'a Arc<State>,
    user: &'a str,
    oa: String,
    by_app: String,
}

impl At<'_> {
    /// Interacts: the windows open again.
    fn acts(&self) -> i64 {
        let now = self.state.clock.now();
        if let Some(mut person) = self.state.people.get_mut(self.user) {
            person.active = Some(now);
        }
        now
    }

    fn shows(&self, text: &str, files: Vec<String>, reply_to: Option<String>) -> (String, i64) {
        let (id, now) = (fresh_msg_id(), self.acts());
        let bubble = Bubble { files, reply_to, ticks: "sent".into(), ..Bubble::new(&id, BubbleFrom::Customer, text, now) };
        self.state.phones.show(self.user, bubble);
        self.state.messages.insert(id.clone(), Kept { person: self.user.to_owned(), silent: Vec::new() });
        (id, now)
    }

    async fn tells(&self, event: &str, now: i64, message: Value) -> Result<(), ActError> {
        let parts = json!({
            "sender": { "id": self.user },
            "recipient": { "id": self.oa },
            "user_id_by_app": self.by_app,
            "message": message,
        });
        self.posts(event, parts, now).await
    }

    async fn posts(&self, event: &str, parts: Value, now: i64) -> Result<(), ActError> {
        self.state.wire.post(event, parts, now, self.state.faults.stumble()).await.map_err(ActError::NotTaken)
    }

    async fn says(&self, text: &str, reply_to: Option<String>) -> Done {
        let (id, now) = self.shows(text, Vec::new(), reply_to.clone());
        let mut message = json!({ "msg_id": id, "text": text });
        if let Some(quoted) = reply_to {
            message["quote_msg_id"] = quoted.into();
        }
        self.tells("user_send_text", now, message).await?;
        Ok(Some(id))
    }

    /// One event a file; the words go with the first picture, or on their own.
    async fn sends_files(&self, kind: &str, files: &[SentFile], caption: Option<String>) -> Done {
        let event = match kind {
            "voice" => "audio",
            "image" | "audio" | "video" | "file" | "sticker" => kind,
            _ => return Err(ActError::NotHere),
        };
        let mut words = caption.filter(|caption| !caption.is_empty());
        let mut first = None;
        for file in files {
            let caption = if event == "image" { words.take() } else { None };
            let (id, now) = self.shows(caption.as_deref().unwrap_or_default(), vec![file.name.clone()], None);
            let mut message = json!({ "msg_id": id, "attachments": [self.attachment(event, file, now)] });
            if let Some(caption) = caption {
                message["text"] = caption.into();
            }
            self.tells(&format!("user_send_{event}"), now, message).await?;
            first.get_or_insert(id);
        }
        if let Some(words) = words {
            self.says(&words, None).await?;
        }
        Ok(first)
    }

    fn attachment(&self, kind: &str, file: &SentFile, now: i64) -> Value {
        let bytes = base64::engine::general_purpose::STANDARD.decode(&file.bytes).unwrap_or_default();
        let size = bytes.len().to_string();
        let url = self.state.shelf.keep(&file.name, &file.mime, bytes, now);
        let payload = match kind {
            "file" => {
                let ending = file.name.rsplit('.').next().unwrap_or_default();
                json!({ "url": url, "size": size, "name": file.name, "type": ending, "checksum": "" })
            }
            "audio" => json!({ "url": url }),
            "sticker" => json!({ "id": "23311", "url": url }),
            _ => json!({ "thumbnail": url, "url": url }),
        };
        json!({ "type": kind, "payload": payload })
    }

    async fn sends_location(&self, latitude: f64, longitude: f64) -> Done {
        let (id, now) = self.shows("", vec![format!("location {latitude}, {longitude}")], None);
        let coordinates = json!({ "latitude": latitude.to_string(), "longitude": longitude.to_string() });
        let attachment = json!({ "type": "location", "payload": { "coordinates": coordinates } });
        self.tells("user_send_location", now, json!({ "msg_id": id, "text": "", "attachments": [attachment] })).await?;
        Ok(Some(id))
    }

    /// A button's payload goes out as an ordinary text. A silent one shows no bubble.
    async fn presses(&self, message: &str, _label: &str, payload: &str) -> Done {
        if payload.starts_with("https://") || payload.starts_with("http://") {
            self.acts();
            return Ok(None);
        }
        let silent = self.state.messages.get(message).is_some_and(|kept| kept.silent.iter().any(|known| known == payload));
        if !silent {
            return self.says(payload, None).await;
        }
        let (id, now) = (fresh_msg_id(), self.acts());
        self.tells("user_send_text", now, json!({ "msg_id": id, "text": payload })).await?;
        Ok(Some(id))
    }

    async fn submits_info(&self, phone: &str) -> Done {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        let phone = digits.strip_prefix('0').map_or_else(|| digits.clone(), |rest| format!("84{rest}"));
        let now = self.acts();
        let name = {
            let mut person = self.state.people.get_mut(self.user).ok_or(ActError::NotHere)?;
            person.phone = Some(phone.clone());
            person.name.clone()
        };
        let address = json!({ "user_city": "Hà Nội", "user_ward": "Cầu Giấy", "user_address": "1 Trần Thái Tông" });
        let info = json!({ "name": name, "phone": phone, "user_dob": "", "gender": "", "full_address": address });
        let parts = json!({
            "sender": { "id": self.user },
            "recipient": { "id": self.oa },
            "user_id_by_app": self.by_app,
            "info": info,
        });
        self.posts("user_submit_info", parts, now).await?;
        Ok(None)
    }

    async fn reacts(&self, message: &str, emoji: &str) -> Done {
        let icon = match emoji {
            "❤️" | "❤" => "/-heart",
            "👍" => "/-strong",
            "😆" => ":>",
            "😮" => ":o",
            "😭" => ":-((",
            "😡" => ":-h",
            other => other,
        };
        self.tells("user_reacted_message", self.state.clock.now(), json!({ "msg_id": message, "react_icon": icon })).await?;
        Ok(None)
    }

    /// Told once a person; a link carries no reference here.
    async fn clicks_chat_now(&self) -> Done {
        let now = self.acts();
        let again =
            self.state.people.get_mut(self.user).is_none_or(|mut person| std::mem::replace(&mut person.has_clicked, true));
        if !again {
            let parts = json!({ "oa_id": self.oa, "user_id": self.user, "user_id_by_app": self.by_app });
            self.posts("user_click_chatnow", parts, now).await?;
        }
        Ok(None)
    }

    async fn follows(&self, follows: bool) -> Done {
        let now = if follows { self.acts() } else { self.state.clock.now() };
        if let Some(mut person) = self.state.people.get_mut(self.user) {
            person.follows = follows;
        }
        let event = if follows { "follow" } else { "unfollow" };
        let parts = json!({
            "oa_id": self.oa,
            "follower": { "id": self.user },
            "user_id_by_app": self.by_app,
            "source": "oa_profile",
        });
        self.posts(event, parts, now).await?;
        Ok(None)
    }

    /// Nothing tells the OA; its next message just fails.
    fn restricts(&self, restricted: bool) -> Done {
        if let Some(mut person) = self.state.people.get_mut(self.user) {
            person.restricted = restricted;
        }
        Ok(None)
    }

    async fn sees(&self) -> Done {
        let seen = self.state.people.get_mut(self.user).map(|mut person| std::mem::take(&mut person.unseen)).unwrap_or_default();
        if seen.is_empty() {
            return Ok(None);
        }
        self.state.phones.change(self.user, |phone| {
            let unseen = phone.bubbles.iter_mut().rev().filter(|bubble| bubble.from == BubbleFrom::Business);
            unseen.take_while(|bubble| bubble.ticks != "seen").for_each(|bubble| bubble.ticks = "seen".into());
        });
        self.state.tell_of_oa("user_seen_message", &self.oa, None, self.user, json!({ "msg_ids": seen })).await?;
        Ok(None)
    }

    async fn is_answered_at_the_oa(&self, text: &str) -> Done {
        let (id, now) = (fresh_msg_id(), self.state.clock.now());
        self.state.phones.show(self.user, Bubble::new(&id, BubbleFrom::Business, text, now));
        let message = json!({ "msg_id": id, "text": text });
        self.state.tell_of_oa("oa_send_text", &self.oa, Some(ADMIN), self.user, message).await?;
        Ok(Some(id))
    }

    async fn does_something_new(&self) -> Done {
        let (id, now) = self.shows("", vec!["hologram".into()], None);
        let attachment = json!({ "type": "hologram", "payload": { "hologram_id": "7" } });
        self.tells("user_send_hologram", now, json!({ "msg_id": id, "attachments": [attachment] })).await?;
        Ok(Some(id))
    }
}

impl State {
    /// An event whose sender is the OA: echoes and receipts. `admin` is there only when a person wrote.
    pub(super) async fn tell_of_oa(
        &self,
        event: &str,
        oa: &str,
        admin: Option<&str>,
        user: &str,
        message: Value,
    ) -> Result<(), ActError> {
        let mut sender = json!({ "id": oa });
        if let Some(admin) = admin {
            sender["admin_id"] = admin.into();
        }
        let parts = json!({ "sender": sender, "recipient": { "id": user }, "message": message });
        self.wire.post(event, parts, self.clock.now(), self.faults.stumble()).await.map_err(ActError::NotTaken)
    }
}
