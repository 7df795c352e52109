//! What one webhook call says: every entry (a Page), every event in it, each
//! told by the one key that is there. Threads that another app holds (`standby`)
//! and Page feeds (`changes`) are not ours. A strange event never takes its
//! neighbours down, and is told beside them, so that the call is kept; a call
//! with nothing but strange events is unreadable.

use super::said::{self, said};
use crate::loose;
use onethread_core::channel::{Inbound, Sender, Unreadable, What};
use onethread_core::clock::Millis;
use onethread_core::ids::{AccountId, PlatformMessageId};
use onethread_core::phone;
use serde_json::Value;

/// Events in which no customer speaks.
const NOISE: [&str; 9] = [
    "optin",
    "account_linking",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "app_roles",
    "policy_enforcement",
    "policy-enforcement",
    "messaging_feedback",
];

pub fn read(body: &[u8]) -> Result<Vec<Inbound>, Unreadable> {
    let call = loose::json(body)?;
    match call.get("object").and_then(Value::as_str) {
        Some("page") => {}
        Some(_) => return Ok(Vec::new()),
        // The dashboard's "Test" button sends a bare sample.
        None if call.get("field").is_some() => return Ok(Vec::new()),
        None => return Err(Unreadable("the call names no `object`".into())),
    }
    let entries = call.get("entry").and_then(Value::as_array).ok_or_else(|| Unreadable("the call has no `entry` list".into()))?;
    let mut events = Vec::new();
    let mut strange = Vec::new();
    for entry in entries {
        for body in entry.get("messaging").and_then(Value::as_array).into_iter().flatten() {
            match Event::of(entry, body) {
                Ok(Some(event)) => events.extend(event.read()),
                Ok(None) => {}
                Err(why) => strange.push(why),
            }
        }
    }
    match strange.first() {
        Some(why) if events.is_empty() => Err(Unreadable((*why).to_owned())),
        Some(why) => {
            events.push(beside(body, why));
            Ok(events)
        }
        None => Ok(events),
    }
}

/// The strange part of a call that could be read otherwise.
fn beside(body: &[u8], why: &str) -> Inbound {
    let key = format!("strange:{}", loose::digest(&[&String::from_utf8_lossy(body)]));
    let why = format!("a part of the call could not be read: {why}");
    Inbound { key, account: None, from: Sender::new(""), at: None, what: What::Strange { why } }
}

/// One event, with the customer's side found.
struct Event<'a> {
    body: &'a Value,
    page: String,
    customer: String,
    from_page: bool,
    /// The event's own clock as it was written: a redelivery may come in an entry of another time.
    stamp: String,
    at: Option<Millis>,
}

impl<'a> Event<'a> {
    /// `None` for what nobody said.
    fn of(entry: &Value, body: &'a Value) -> Result<Option<Self>, &'static str> {
        // The documentation's own curl test has a text where the message should be, and no ids.
        let noise = NOISE.iter().any(|key| body.get(key).is_some());
        if noise || body.get("message").is_some_and(Value::is_string) {
            return Ok(None);
        }
        let party = |name: &str| body.get(name).and_then(|party| loose::id(party.get("id")?));
        let (sender, recipient) = (party("sender").ok_or("an event has no sender")?, party("recipient"));
        let echo = body["message"]["is_echo"] == true;
        let page = entry.get("id").and_then(loose::id);
        let from_page = echo || page.as_ref() == Some(&sender);
        let page = page.or_else(|| if from_page { Some(sender.clone()) } else { recipient.clone() });
        let page = page.ok_or("an event names no Page")?;
        let customer = if from_page { recipient.ok_or("an echo has no recipient")? } else { sender };
        let at = [body.get("timestamp"), entry.get("time")].into_iter().flatten().find_map(loose::instant);
        let stamp = body.get("timestamp").and_then(loose::id).unwrap_or_default();
        Ok(Some(Self { body, page, customer, from_page, stamp, at }))
    }

    fn read(&self) -> Vec<Inbound> {
        let (key, what) = if let Some(message) = self.body.get("message") {
            return self.message(message);
        } else if let Some(postback) = self.body.get("postback") {
            self.postback(postback)
        } else if let Some(referral) = self.body.get("referral") {
            (self.named("referral"), started(None, Some(referral)))
        } else if let Some(edit) = self.body.get("message_edit") {
            self.edit(edit)
        } else if let Some(reaction) = self.body.get("reaction") {
            self.reaction(reaction)
        } else if let Some(delivery) = self.body.get("delivery") {
            (self.named("delivery"), What::Delivered { messages: said::ids(delivery, "mids"), until: until(delivery) })
        } else if let Some(read) = self.body.get("read") {
            (self.named("read"), What::Seen { messages: said::ids(read, "mids"), until: until(read) })
        } else {
            return self.unknown();
        };
        vec![self.inbound(key, what)]
    }

    fn message(&self, message: &Value) -> Vec<Inbound> {
        let mid = message.get("mid").and_then(loose::id).unwrap_or_else(|| self.named("message"));
        if message["is_deleted"] == true {
            return vec![self.inbound(format!("deleted:{mid}"), What::Deleted { message: mid.into() })];
        }
        if self.from_page {
            return vec![self.inbound(format!("echo:{mid}"), echoed(&mid, message))];
        }
        let mut events = Vec::new();
        if let Some(referral) = message.get("referral") {
            events.push(self.inbound(format!("referral:{mid}"), started(None, Some(referral))));
        }
        let what = match shared_phone(message) {
            // The profile's number, as typed there once: Meta does not say that it is checked.
            Some(phone) => What::Shared { message: Some(mid.clone().into()), phone, own: false, name: None },
            None => What::Said(said(&mid, message)),
        };
        events.push(self.inbound(mid, what));
        events
    }

    fn postback(&self, postback: &Value) -> (String, What) {
        let payload = loose::text(postback, "payload").unwrap_or_default().to_owned();
        let label = loose::text(postback, "title").map(str::to_owned);
        let mid = postback.get("mid").and_then(loose::id);
        let key = mid.clone().unwrap_or_else(|| self.named("postback"));
        let referral = postback.get("referral");
        if referral.is_some() || payload.to_ascii_uppercase().starts_with("GET_STARTED") {
            return (key, started(mid.map(PlatformMessageId), referral));
        }
        // The mid is the press's own; which message the button hung on is not told.
        (key, What::Pressed { message: None, payload, label, acknowledge: None })
    }

    fn edit(&self, edit: &Value) -> (String, What) {
        let mid = edit.get("mid").and_then(loose::id).unwrap_or_default();
        let count = edit.get("num_edit").and_then(loose::id).unwrap_or_else(|| self.stamp.clone());
        let text = edit.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        (format!("edit:{mid}:{count}"), What::Edited { message: mid.into(), text })
    }

    fn reaction(&self, reaction: &Value) -> (String, What) {
        let mid = reaction.get("mid").and_then(loose::id).unwrap_or_default();
        let emoji = loose::text(reaction, "emoji").or_else(|| loose::text(reaction, "reaction")).unwrap_or_default().to_owned();
        let removed = reaction["action"] == "unreact";
        (self.named("reaction"), What::Reacted { message: mid.into(), emoji, removed })
    }

    /// Newer than this code: kept where a customer did it.
    fn unknown(&self) -> Vec<Inbound> {
        let base = ["sender", "recipient", "timestamp"];
        let name = self.body.as_object().and_then(|body| body.keys().find(|key| !base.contains(&key.as_str())));
        match name {
            Some(name) if !self.from_page => {
                let id = self.named(name);
                vec![self.inbound(id.clone(), What::Said(said::unsupported(&id, name)))]
            }
            _ => Vec::new(),
        }
    }

    /// A key for an event that has no id of its own.
    fn named(&self, name: &str) -> String {
        let content = self.body.get(name).map(Value::to_string).unwrap_or_default();
        format!("{name}:{}", loose::digest(&[&self.page, &self.customer, &self.stamp, &content]))
    }

    fn inbound(&self, key: String, what: What) -> Inbound {
        let account = Some(AccountId(self.page.clone()));
        Inbound { key, account, from: Sender::new(self.customer.as_str()), at: self.at, what }
    }
}

/// Ours carries the parcel's key; anything else on the Page's side was not said by this house.
fn echoed(mid: &str, message: &Value) -> What {
    match loose::text(message, "metadata").filter(|metadata| is_parcel_key(metadata)) {
        Some(key) => What::EchoedByUs { message: mid.into(), key: Some(key.to_owned()), text: None },
        None => What::EchoedByHuman(said(mid, message)),
    }
}

fn is_parcel_key(metadata: &str) -> bool {
    metadata.strip_prefix("out_").is_some_and(|rest| rest.len() == 26 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn started(message: Option<PlatformMessageId>, referral: Option<&Value>) -> What {
    What::Started { message, reference: referral.and_then(|referral| loose::text(referral, "ref")).map(str::to_owned) }
}

fn until(receipt: &Value) -> Option<Millis> {
    receipt.get("watermark").and_then(loose::instant)
}

/// The number behind a tapped phone quick reply. Nothing marks it as one but what it looks like,
/// and no payload of ours looks like a phone number.
fn shared_phone(message: &Value) -> Option<String> {
    let payload = loose::text(message.get("quick_reply")?, "payload")?.trim();
    let number = payload.strip_prefix('+').unwrap_or(payload);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let phone_like = number.bytes().all(|byte| byte.is_ascii_digit() || b" -().".contains(&byte)) && (9..=15).contains(&digits);
    let marked = payload.starts_with(['+', '0']) || loose::text(message, "text") == Some(payload);
    (phone_like && marked && phone::fold(payload).is_some()).then(|| payload.to_owned())
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
