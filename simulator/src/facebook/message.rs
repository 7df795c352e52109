//! Is this a message that Messenger takes, and what does the phone show of it?

use super::api::GraphError;
use serde_json::{Value, json};

/// A file that came with the call.
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) bytes: bytes::Bytes,
}

/// A message that was found good.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) buttons: Vec<(String, String)>,
    pub(super) quick: bool,
    pub(super) ask_phone: Option<String>,
    pub(super) attachments: Vec<Media>,
    pub(super) metadata: Option<String>,
    /// The attachments of the echo, where they are no files.
    pub(super) template: Option<Value>,
}

#[derive(Debug, Clone)]
pub(super) struct Media {
    pub(super) kind: String,
    pub(super) from: MediaFrom,
}

#[derive(Debug, Clone)]
pub(super) enum MediaFrom {
    Upload,
    Link(String),
    Earlier(String),
}

type Checked<T> = Result<T, GraphError>;

pub(super) fn check(message: &Value, upload: bool) -> Checked<Shown> {
    let mut shown = Shown { metadata: limited(message, "metadata", 1000)?, ..Shown::default() };
    let text = message.get("text").and_then(Value::as_str);
    let attachments = message.get("attachment").map(std::slice::from_ref);
    let several = message.get("attachments").and_then(Value::as_array).map(Vec::as_slice);
    match (text, attachments.or(several)) {
        (Some(_), Some(_)) => {
            return Err(GraphError::parameter("Only one of the text, attachment, and dynamic_text fields can be specified"));
        }
        (None, None) => return Err(GraphError::parameter("Must specify a non-empty message: text or attachment")),
        (Some(_), None) => shown.text = required(message, "text", 2000)?,
        (None, Some(list)) if list.is_empty() || list.len() > 30 => {
            return Err(GraphError::parameter("Param message[attachments] must have between 1 and 30 elements"));
        }
        (None, Some(list)) => list.iter().try_for_each(|attachment| shown.attach(attachment, upload))?,
    }
    shown.offer(message)?;
    Ok(shown)
}

impl Shown {
    fn attach(&mut self, attachment: &Value, upload: bool) -> Checked<()> {
        let kind = attachment["type"].as_str().unwrap_or_default();
        let payload = &attachment["payload"];
        let from = match kind {
            "template" => return self.template(payload),
            "image" | "audio" | "video" | "file" => {
                let link = payload["url"].as_str().map(|url| MediaFrom::Link(url.to_owned()));
                let earlier = payload["attachment_id"].as_str().map(|id| MediaFrom::Earlier(id.to_owned()));
                link.or(earlier).or_else(|| upload.then_some(MediaFrom::Upload))
            }
            _ => {
                return Err(GraphError::parameter(
                    "Param message[attachment][type] must be one of {audio,video,image,file,template}",
                ));
            }
        };
        let from =
            from.ok_or_else(|| GraphError::new(100, 2_018_074, "Invalid attachment: no url, attachment_id or filedata"))?;
        self.attachments.push(Media { kind: kind.to_owned(), from });
        Ok(())
    }

    fn template(&mut self, payload: &Value) -> Checked<()> {
        match payload["template_type"].as_str() {
            Some("button") => {
                self.text = required(payload, "text", 640)?;
                self.buttons = template_buttons(payload, 1)?;
            }
            Some("generic") => self.cards(payload)?,
            _ => return Err(GraphError::parameter("Param template_type must be one of {button,generic}")),
        }
        self.template = Some(json!([{ "type": "template", "payload": payload }]));
        Ok(())
    }

    fn cards(&mut self, payload: &Value) -> Checked<()> {
        let cards = payload["elements"].as_array().filter(|cards| (1..=10).contains(&cards.len()));
        for card in cards.ok_or_else(|| GraphError::parameter("A generic template has 1 to 10 elements"))? {
            let title = required(card, "title", 80)?;
            let subtitle = limited(card, "subtitle", 80)?.unwrap_or_default();
            self.text = format!("{}\n{title}\n{subtitle}", self.text).trim().to_owned();
            self.buttons.extend(template_buttons(card, 0)?);
        }
        Ok(())
    }

    fn offer(&mut self, message: &Value) -> Checked<()> {
        let Some(replies) = message.get("quick_replies").and_then(Value::as_array) else { return Ok(()) };
        if replies.is_empty() || replies.len() > 13 {
            return Err(GraphError::parameter("Param message[quick_replies] must have between 1 and 13 elements"));
        }
        self.quick = true;
        for reply in replies {
            match reply["content_type"].as_str() {
                Some("text") => self.buttons.push((required(reply, "title", 20)?, required(reply, "payload", 1000)?)),
                Some("user_phone_number") => self.ask_phone = Some("Gửi số điện thoại".into()),
                Some("user_email") => {}
                _ => {
                    return Err(GraphError::parameter("Param content_type must be one of {TEXT, USER_EMAIL, USER_PHONE_NUMBER}"));
                }
            }
        }
        Ok(())
    }
}

fn template_buttons(holder: &Value, least: usize) -> Checked<Vec<(String, String)>> {
    let buttons = holder.get("buttons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if buttons.len() < least || buttons.len() > 3 {
        return Err(GraphError::parameter("A template has 1 to 3 buttons"));
    }
    let read = |button: &Value| {
        let title = required(button, "title", 20)?;
        let sends = match button["type"].as_str() {
            Some("postback") => required(button, "payload", 1000)?,
            Some("phone_number") => required(button, "payload", 20)?,
            Some("web_url") => required(button, "url", 2000)?,
            _ => return Err(GraphError::parameter("Param buttons[type] must be one of {postback,web_url,phone_number}")),
        };
        let link = sends.starts_with("http://") || sends.starts_with("https://");
        match button["type"] == "web_url" && !link {
            true => Err(GraphError::parameter("Button url must be an http or https url")),
            false => Ok((title, sends)),
        }
    };
    buttons.iter().map(read).collect()
}

fn required(holder: &Value, name: &str, limit: usize) -> Checked<String> {
    let text = limited(holder, name, limit)?.filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| GraphError::parameter(&format!("The parameter {name} is required")))
}

fn limited(holder: &Value, name: &str, limit: usize) -> Checked<Option<String>> {
    match holder.get(name).and_then(Value::as_str) {
        Some(text) if text.chars().count() > limit => {
            Err(GraphError::parameter(&format!("Length of param {name} must be less than or equal to {limit}")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}
