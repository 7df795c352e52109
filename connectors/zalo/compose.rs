//! What a text looks like on Zalo, with its buttons or the form that asks for
//! the phone number; and the same in plain words, because the form of v3
//! buttons is not officially documented and may be turned down.

use crate::loose;
use onethread_core::message::{Button, ButtonAction};
use onethread_core::parts::measure;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

pub const TEXT_LIMIT: usize = 2000;
pub const BUTTONS: usize = 5;
const TITLE_LIMIT: usize = 20;
/// A pressed button comes back as an ordinary text; this marks it as ours.
const PRESSED: &str = "#ot:";

/// Composed letters, as Zalo counts and shows them.
pub fn normal(text: &str) -> String {
    text.nfc().collect()
}

pub fn text(text: &str, buttons: &[Button], ask_phone: Option<&str>) -> Value {
    if let Some(label) = ask_phone {
        return request_info(text, label);
    }
    let mut message = json!({ "text": text });
    if !buttons.is_empty() {
        let buttons: Vec<Value> = buttons.iter().take(BUTTONS).map(button).collect();
        message["attachment"] = template(json!({ "buttons": buttons }));
    }
    message
}

fn button(button: &Button) -> Value {
    let title = loose::clip(&button.label, TITLE_LIMIT);
    match &button.action {
        ButtonAction::Url(url) => json!({ "title": title, "type": "oa.open.url", "payload": { "url": url } }),
        ButtonAction::Payload(payload) => {
            json!({ "title": title, "type": "oa.query.hide", "payload": press_of(payload, &title) })
        }
    }
}

/// What pressing sends: with the length of the payload, and the label behind it, because a press
/// does not tell which button it was.
fn press_of(payload: &str, title: &str) -> String {
    format!("{PRESSED}{}:{payload}{title}", payload.len())
}

/// The payload and the label of a pressed button, where the text is one of ours.
pub fn pressed(text: &str) -> Option<(String, Option<String>)> {
    let press = text.strip_prefix(PRESSED)?;
    let measured = press.split_once(':').and_then(|(length, rest)| rest.split_at_checked(length.parse().ok()?));
    let (payload, label) = measured.unwrap_or((press, ""));
    let label = Some(label.trim()).filter(|label| !label.is_empty());
    Some((payload.to_owned(), label.map(str::to_owned)))
}

/// Exactly one element. Its picture is left out: that a form without one is taken is unverified.
fn request_info(text: &str, label: &str) -> Value {
    let element = json!({ "title": loose::clip(label, 100), "subtitle": text });
    json!({ "attachment": template(json!({ "template_type": "request_user_info", "elements": [element] })) })
}

pub fn image(attachment_id: &str, media: &str) -> Value {
    let element = json!({ "media_type": media, "attachment_id": attachment_id });
    json!({ "attachment": template(json!({ "template_type": "media", "elements": [element] })) })
}

pub fn file(token: &str) -> Value {
    json!({ "attachment": { "type": "file", "payload": { "token": token } } })
}

fn template(payload: Value) -> Value {
    json!({ "type": "template", "payload": payload })
}

/// The same without anything but words.
pub fn plain(text: &str, buttons: &[Button]) -> Value {
    let mut written = text.to_owned();
    for button in buttons {
        written.push_str(&match &button.action {
            ButtonAction::Url(url) => format!("\n{}: {url}", button.label),
            ButtonAction::Payload(_) => format!("\n• {}", button.label),
        });
    }
    let fits = measure(&written, onethread_core::channel::TextUnit::Utf16) <= TEXT_LIMIT;
    json!({ "text": if fits { written } else { text.to_owned() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_silent_query_that_names_itself() {
        let message = text("Chọn nhé", &[Button::payload("Đơn hàng", "order"), Button::url("Xem", "https://a.vn")], None);
        let buttons = &message["attachment"]["payload"]["buttons"];
        assert_eq!(buttons[0], json!({ "title": "Đơn hàng", "type": "oa.query.hide", "payload": "#ot:5:orderĐơn hàng" }));
        assert_eq!(buttons[1], json!({ "title": "Xem", "type": "oa.open.url", "payload": { "url": "https://a.vn" } }));
    }

    #[test]
    fn a_press_comes_back_as_it_was_made() {
        for (payload, title) in [("order", "Đơn #DH1024"), ("a:b", "12:30"), ("", "Trống"), ("giá", "Giá")] {
            assert_eq!(pressed(&press_of(payload, title)), Some((payload.to_owned(), Some(title.to_owned()))));
        }
        for odd in ["order:list", "99:short", "1:đ", "x"] {
            assert_eq!(pressed(&format!("#ot:{odd}")), Some((odd.to_owned(), None)), "{odd}");
        }
        assert_eq!(pressed("đơn #ot:order"), None);
    }

    #[test]
    fn a_long_text_keeps_its_words_when_its_choices_find_no_room() {
        let button = [Button::payload("Gặp nhân viên", "person")];
        assert_eq!(plain("Chọn nhé", &button)["text"], "Chọn nhé\n• Gặp nhân viên");
        let long = "a".repeat(TEXT_LIMIT);
        assert_eq!(plain(&long, &button)["text"], long.as_str());
    }

    #[test]
    fn decomposed_vietnamese_is_composed_before_it_is_counted() {
        assert_eq!(normal("Đo\u{031b}n hàng"), "Đơn hàng");
    }
}
