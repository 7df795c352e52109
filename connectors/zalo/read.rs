//! What one webhook call says: one event, named by `event_name`. Which side is
//! the customer depends on the event, and for receipts on whom one believes, so
//! the OA's own id decides where it is known.

use super::{attachments, compose};
use crate::loose;
use onethread_core::channel::{Inbound, RawCall, Said, Sender, Unreadable, What};
use onethread_core::clock::Millis;
use onethread_core::ids::{AccountId, PlatformMessageId};
use serde_json::Value;

/// Says that an event belongs to paid notifications, whose recipient is a phone number.
pub const SERVER_HEADER: &str = "x-zevent-server";

/// What no customer said to us, or what cannot be answered here.
const NOISE: [&str; 14] = [
    "update_user_info",
    "add_user_to_tag",
    "remove_user_from_tag",
    "remove_tag",
    "user_feedback",
    "widget_interaction_accepted",
    "user_click_response_button",
    "anonymous_",
    "user_send_group_",
    "user_call_",
    "oa_reacted_message",
    "oa_call_",
    "user_join_group",
    "user_request_join_group",
];

pub fn read(call: &RawCall, own_oa: &str) -> Result<Vec<Inbound>, Unreadable> {
    let body: Value = serde_json::from_slice(&call.body).map_err(|error| Unreadable(format!("the body is not JSON: {error}")))?;
    let name = loose::text(&body, "event_name").ok_or_else(|| Unreadable("the event has no `event_name`".into()))?;
    let notification = call.header(SERVER_HEADER).is_some_and(|server| !server.trim().is_empty());
    if notification || NOISE.iter().any(|noise| name.starts_with(noise)) {
        return Ok(Vec::new());
    }
    let Some(what) = Event { name, body: &body, own_oa }.read()? else { return Ok(Vec::new()) };
    Ok(vec![what])
}

struct Event<'a> {
    name: &'a str,
    body: &'a Value,
    own_oa: &'a str,
}

impl Event<'_> {
    fn read(&self) -> Result<Option<Inbound>, Unreadable> {
        let event = match self.name {
            "user_send_text" => self.by_user(|event| event.words()),
            "user_received_message" => self.by_oa(Self::received),
            "user_seen_message" => self.by_oa(Self::seen),
            "user_reacted_message" => self.by_user(Self::reacted),
            "follow" => self.by_user(|_| What::Followed),
            "unfollow" => self.by_user(|_| What::Unfollowed),
            "user_click_chatnow" => self.by_user(|_| What::Started { message: None, reference: None }),
            "user_submit_info" => self.by_user(Self::shared),
            name if name.starts_with("oa_send_") => self.by_oa(Self::echoed),
            name if attachments::KNOWN.contains(&name) => self.by_user(|event| What::Said(event.said())),
            name if name.starts_with("user_") => self.by_user(|event| What::Said(event.unsupported())),
            name if name.starts_with("oa_") => return Ok(None),
            _ if self.message().is_some_and(|message| message.get("msg_id").is_some()) => {
                self.by_user(|event| What::Said(event.unsupported()))
            }
            _ => return Ok(None),
        };
        event
            .map(Some)
            .ok_or_else(|| Unreadable(format!("`{}` does not say which customer it is about", loose::clip(self.name, 60))))
    }

    fn by_user(&self, what: impl Fn(&Self) -> What) -> Option<Inbound> {
        let direct = || self.body.get("user_id").and_then(loose::id);
        let customer = self.party("sender").or_else(|| self.party("follower")).or_else(direct)?;
        let account = self.body.get("oa_id").and_then(loose::id).or_else(|| self.party("recipient"));
        Some(self.inbound(customer, account, what(self)))
    }

    /// The OA is the sender, unless the event says it the other way round.
    fn by_oa(&self, what: impl Fn(&Self) -> What) -> Option<Inbound> {
        let (sender, recipient) = (self.party("sender")?, self.party("recipient")?);
        let reversed = recipient == self.own_oa;
        let (account, customer) = if reversed { (recipient, sender) } else { (sender, recipient) };
        Some(self.inbound(customer, Some(account), what(self)))
    }

    fn inbound(&self, customer: String, account: Option<String>, what: What) -> Inbound {
        let key = self.key(&customer, &what);
        let mut from = Sender::new(customer);
        if let What::Shared { name, .. } = &what {
            from.name.clone_from(name);
        }
        Inbound { key, account: account.map(AccountId), from, at: self.at(), what }
    }

    /// Event name and message id; where there is none, what else makes the event this one.
    fn key(&self, customer: &str, what: &What) -> String {
        let once = matches!(what, What::Said(_) | What::Pressed { .. } | What::EchoedByUs { .. } | What::EchoedByHuman(_));
        match self.msg_id().filter(|_| once) {
            Some(id) => format!("{}:{id}", self.name),
            None => format!("{}:{}", self.name, loose::digest(&[customer, &self.stamp(), &self.content()])),
        }
    }

    fn words(&self) -> What {
        let said = self.said();
        match compose::pressed(&said.text) {
            // Which message the button hung on is not told.
            Some((payload, label)) => What::Pressed { message: None, payload, label, acknowledge: None },
            None => What::Said(said),
        }
    }

    fn said(&self) -> Said {
        let empty = Value::Null;
        let message = self.message().unwrap_or(&empty);
        let mut said = Said::text(self.message_id(), message.get("text").and_then(Value::as_str).unwrap_or_default());
        said.reply_to = message.get("quote_msg_id").and_then(loose::id).map(PlatformMessageId);
        attachments::read_into(&mut said, self.name, message);
        said
    }

    fn unsupported(&self) -> Said {
        let what = match self.name {
            "user_withdraw" => "the customer asks Zalo to have their data deleted (user_withdraw)",
            name => name,
        };
        Said { message: self.novelty_id(), unsupported: Some(loose::clip(what, 80)), ..self.said() }
    }

    fn received(&self) -> What {
        What::Delivered { messages: self.named_messages(), until: None }
    }

    fn seen(&self) -> What {
        What::Seen { messages: self.named_messages(), until: None }
    }

    /// `msg_ids`, which may repeat themselves, or a single `msg_id`.
    fn named_messages(&self) -> Vec<PlatformMessageId> {
        let list = self.message().and_then(|message| message.get("msg_ids")).and_then(Value::as_array);
        let mut ids: Vec<_> =
            list.into_iter().flatten().filter_map(loose::id).chain(self.msg_id()).map(PlatformMessageId).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn reacted(&self) -> What {
        let icon = self.message().and_then(|message| loose::text(message, "react_icon")).unwrap_or_default();
        // How a removal is written is unverified: no icon, or the one that says so.
        let removed = icon.is_empty() || icon == "/-remove";
        What::Reacted { message: self.message_id(), emoji: attachments::emoji(icon), removed }
    }

    fn shared(&self) -> What {
        let info = &self.body["info"];
        let name = loose::text(info, "name").map(str::to_owned);
        match info.get("phone").and_then(loose::id) {
            // Typed into a form: Zalo does not say that it is the sender's own.
            Some(phone) => What::Shared { message: None, phone, own: false, name },
            None => What::Said(self.unsupported()),
        }
    }

    fn echoed(&self) -> What {
        let person = self.body["sender"].get("admin_id").and_then(loose::id).is_some();
        match person {
            true => What::EchoedByHuman(self.said()),
            false => What::EchoedByUs { message: self.message_id(), key: None, text: self.text() },
        }
    }

    fn text(&self) -> Option<String> {
        self.message().and_then(|message| loose::text(message, "text")).map(str::to_owned)
    }

    fn message(&self) -> Option<&Value> {
        self.body.get("message").filter(|message| message.is_object())
    }

    fn msg_id(&self) -> Option<String> {
        self.message().and_then(|message| loose::id(message.get("msg_id")?))
    }

    /// An event that is newer than this reader may name an earlier message, and is none of its copies.
    fn novelty_id(&self) -> PlatformMessageId {
        match self.msg_id() {
            Some(id) if !self.name.starts_with("user_send_") => format!("{}:{id}", self.name).into(),
            _ => self.message_id(),
        }
    }

    fn message_id(&self) -> PlatformMessageId {
        let made = || loose::digest(&[self.name, &self.party("sender").unwrap_or_default(), &self.stamp(), &self.content()]);
        self.msg_id().unwrap_or_else(made).into()
    }

    fn party(&self, name: &str) -> Option<String> {
        loose::id(self.body.get(name)?.get("id")?)
    }

    fn stamp(&self) -> String {
        self.body.get("timestamp").and_then(loose::id).unwrap_or_default()
    }

    fn content(&self) -> String {
        ["message", "info"].iter().filter_map(|name| self.body.get(*name)).map(Value::to_string).collect()
    }

    fn at(&self) -> Option<Millis> {
        self.body.get("timestamp").and_then(loose::instant)
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
