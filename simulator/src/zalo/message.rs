//! Is this a message that Zalo takes, and what does the phone show of it?

use super::api::Refused;
use super::state::State;
use serde_json::{Value, json};

/// A message that was found good.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// What the echo of it is called.
    pub(super) event: &'static str,
    pub(super) text: String,
    pub(super) files: Vec<String>,
    pub(super) buttons: Vec<(String, String)>,
    /// What the silent ones among the buttons send.
    pub(super) silent: Vec<String>,
    pub(super) ask_phone: Option<String>,
    /// For the echo.
    pub(super) attachments: Vec<Value>,
}

const BAD: Refused = Refused(-201, "Params is invalid");

impl State {
    pub(super) fn check(&self, oa: &str, message: &Value) -> Result<Shown, Refused> {
        let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
        if text.chars().count() > 2000 {
            return Err(Refused(-201, "text is too long"));
        }
        let mut shown = Shown { event: "oa_send_text", text: text.to_owned(), ..Shown::default() };
        match message.get("attachment") {
            None if text.trim().is_empty() => return Err(Refused(-201, "text is required")),
            None => {}
            Some(attachment) => match attachment["type"].as_str() {
                Some("file") => self.file(oa, &attachment["payload"], &mut shown)?,
                Some("template") => self.template(oa, &attachment["payload"], &mut shown)?,
                _ => return Err(Refused(-210, "attachment type is not supported")),
            },
        }
        Ok(shown)
    }

    fn file(&self, oa: &str, payload: &Value, shown: &mut Shown) -> Result<(), Refused> {
        let upload = self.uploaded(oa, payload["token"].as_str(), &["file"])?;
        shown.event = "oa_send_file";
        shown.attachments.push(json!({ "type": "file", "payload": { "url": upload.link, "name": upload.name } }));
        shown.files.push(upload.name);
        Ok(())
    }

    fn template(&self, oa: &str, payload: &Value, shown: &mut Shown) -> Result<(), Refused> {
        match payload["template_type"].as_str() {
            Some("media") => self.media(oa, payload, shown),
            Some("request_user_info") => request_info(payload, shown),
            None if payload.get("buttons").is_some() => {
                if self.turn_down_buttons.load(std::sync::atomic::Ordering::Relaxed) || shown.text.is_empty() {
                    return Err(BAD);
                }
                buttons(payload, shown)
            }
            _ => Err(Refused(-210, "template is not supported")),
        }
    }

    fn media(&self, oa: &str, payload: &Value, shown: &mut Shown) -> Result<(), Refused> {
        let element = only_element(payload)?;
        let (kind, event) = match element["media_type"].as_str() {
            Some("image") => ("image", "oa_send_image"),
            Some("gif") => ("gif", "oa_send_gif"),
            Some("sticker") => ("sticker", "oa_send_sticker"),
            _ => return Err(BAD),
        };
        let (name, link) = match element["url"].as_str() {
            Some(url) => (url.rsplit('/').next().unwrap_or("image").to_owned(), url.to_owned()),
            None => {
                let upload = self.uploaded(oa, element["attachment_id"].as_str(), &[kind])?;
                (upload.name, upload.link)
            }
        };
        shown.event = event;
        shown.attachments.push(json!({ "type": kind, "payload": { "url": link, "thumbnail": link } }));
        shown.files.push(name);
        Ok(())
    }

    fn uploaded(&self, oa: &str, handle: Option<&str>, kinds: &[&str]) -> Result<super::state::Upload, Refused> {
        let upload = self.uploads.get(handle.ok_or(BAD)?).map(|upload| upload.clone());
        let alive =
            |upload: &super::state::Upload| upload.oa == oa && kinds.contains(&upload.kind) && self.clock.now() <= upload.until;
        upload.filter(alive).ok_or(Refused(-201, "attachment_id is invalid"))
    }
}

fn only_element(payload: &Value) -> Result<&Value, Refused> {
    match payload["elements"].as_array().map(Vec::as_slice) {
        Some([element]) => Ok(element),
        _ => Err(Refused(-201, "elements must have exactly one element")),
    }
}

/// The form that asks for name, phone and address. Whether it needs a picture is not known.
fn request_info(payload: &Value, shown: &mut Shown) -> Result<(), Refused> {
    let element = only_element(payload)?;
    let field = |name: &str| element[name].as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned).ok_or(BAD);
    let (title, subtitle) = (field("title")?, field("subtitle")?);
    shown.event = "oa_send_template";
    shown.text = subtitle;
    shown.ask_phone = Some(title);
    Ok(())
}

fn buttons(payload: &Value, shown: &mut Shown) -> Result<(), Refused> {
    let buttons = payload["buttons"].as_array().filter(|buttons| (1..=5).contains(&buttons.len())).ok_or(BAD)?;
    for button in buttons {
        let title = button["title"].as_str().filter(|title| !title.is_empty() && title.chars().count() <= 20).ok_or(BAD)?;
        let payload = &button["payload"];
        let sends = match button["type"].as_str() {
            Some("oa.open.url") => payload["url"].as_str().filter(|url| url.starts_with("http")).map(str::to_owned),
            Some("oa.query.show" | "oa.query.hide") => payload.as_str().map(str::to_owned),
            Some("oa.open.phone" | "oa.open.sms") => payload["phone_code"].as_str().map(|phone| format!("tel:{phone}")),
            _ => None,
        };
        let sends = sends.ok_or(BAD)?;
        if button["type"] == "oa.query.hide" {
            shown.silent.push(sends.clone());
        }
        shown.buttons.push((title.to_owned(), sends));
    }
    Ok(())
}
