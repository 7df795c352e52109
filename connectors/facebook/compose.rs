//! What a text looks like on Messenger: quick replies for choices, a button
//! template where a link is among them, links in the text where neither fits.

use crate::loose;
use onethread_core::message::{Button, ButtonAction};
use serde_json::{Value, json};

pub const TEXT_LIMIT: usize = 2000;
pub const TEMPLATE_TEXT_LIMIT: usize = 640;
pub const QUICK_REPLIES: usize = 13;
const TEMPLATE_BUTTONS: usize = 3;
const TITLE_LIMIT: usize = 20;

/// The `message` of a text with its buttons and, where asked for, the control that gives the phone number.
pub fn text(text: &str, buttons: &[Button], ask_phone: bool) -> Value {
    let links = buttons.iter().any(|button| matches!(button.action, ButtonAction::Url(_)));
    let short = text.chars().count() <= TEMPLATE_TEXT_LIMIT;
    if links && short && !ask_phone && buttons.len() <= TEMPLATE_BUTTONS {
        return template(text, buttons);
    }
    let mut message = json!({ "text": with_links(text, buttons) });
    let mut replies: Vec<Value> = buttons.iter().filter_map(quick_reply).collect();
    replies.truncate(QUICK_REPLIES - usize::from(ask_phone));
    if ask_phone {
        replies.push(json!({ "content_type": "user_phone_number" }));
    }
    if !replies.is_empty() {
        message["quick_replies"] = replies.into();
    }
    message
}

fn template(text: &str, buttons: &[Button]) -> Value {
    let button = |button: &Button| {
        let title = loose::clip(&button.label, TITLE_LIMIT);
        match &button.action {
            ButtonAction::Url(url) => json!({ "type": "web_url", "url": url, "title": title }),
            ButtonAction::Payload(payload) => json!({ "type": "postback", "title": title, "payload": payload }),
        }
    };
    let buttons: Vec<Value> = buttons.iter().map(button).collect();
    let payload = json!({ "template_type": "button", "text": text, "buttons": buttons });
    json!({ "attachment": { "type": "template", "payload": payload } })
}

fn quick_reply(button: &Button) -> Option<Value> {
    let ButtonAction::Payload(payload) = &button.action else { return None };
    Some(json!({ "content_type": "text", "title": loose::clip(&button.label, TITLE_LIMIT), "payload": payload }))
}

fn with_links(text: &str, buttons: &[Button]) -> String {
    let mut written = text.to_owned();
    for button in buttons {
        if let ButtonAction::Url(url) = &button.action {
            written.push_str(&format!("\n{}: {url}", button.label));
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_quick_replies_and_the_phone_is_one_more() {
        let buttons: Vec<_> =
            (0..14).map(|n| Button::payload(format!("Chọn đơn hàng số {n} của tôi"), format!("order:{n}"))).collect();
        let message = text("Đơn nào ạ?", &buttons, true);
        let replies = message["quick_replies"].as_array().expect("quick replies");
        assert_eq!(replies.len(), QUICK_REPLIES);
        assert_eq!(replies[12]["content_type"], "user_phone_number");
        assert!(replies[..12].iter().all(|reply| reply["title"].as_str().expect("a title").chars().count() <= TITLE_LIMIT));
        assert_eq!(text("Chào", &[], false), json!({ "text": "Chào" }));
    }

    #[test]
    fn a_link_makes_a_template_where_it_fits_and_a_line_where_it_does_not() {
        let link = Button::url("Theo dõi", "https://ghn.vn/x");
        let choice = Button::payload("Gặp nhân viên", "person");
        let message = text("Đơn đang giao", &[link.clone(), choice.clone()], false);
        let buttons = &message["attachment"]["payload"]["buttons"];
        assert_eq!((&buttons[0]["type"], &buttons[1]["type"]), (&json!("web_url"), &json!("postback")));
        let message = text(&"a".repeat(700), &[link.clone(), choice.clone()], false);
        assert!(message["text"].as_str().expect("a text").ends_with("\nTheo dõi: https://ghn.vn/x"));
        assert_eq!(message["quick_replies"][0]["payload"], "person");
        let message = text("Nhiều", &[link, choice.clone(), choice.clone(), choice], false);
        assert_eq!(message["quick_replies"].as_array().map(Vec::len), Some(3));
    }
}
