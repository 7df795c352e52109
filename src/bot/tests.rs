//! Conversations with the bot, in the words of the desk. The readings are made
//! by hand, so that no test depends on how well the matcher does.

mod disclosure;
mod handing_over;
mod order_talk;
mod questions;
mod with_matcher;

use super::*;
use onethread_core::clock::{DAY, HOUR, MINUTE};
use onethread_core::message::{ButtonAction, Content};
use onethread_core::order::{Journey, Order, OrderItem};
use onethread_core::thread::HandoffReason;
use onethread_intents::{Entity, EntityValue, Intent, Language, Reading, Scored};
use std::collections::BTreeMap;

/// Sunday 2026-11-22, 10:00 in Vietnam.
const NOW: i64 = 1_795_316_400_000;

/// One customer writing to the bot.
#[derive(Debug)]
struct Chat {
    context: BotContext,
    orders: OrdersView,
    answers: Answers,
    shop: ShopView,
    verified_phone: Option<&'static str>,
    locked: bool,
    buttons: usize,
    asks_phone: bool,
}

#[derive(Debug, Default)]
struct Answers(BTreeMap<&'static str, (&'static str, &'static str)>);

impl AnswersView for Answers {
    fn title(&self, id: &str, _: Language) -> Option<String> {
        self.0.get(id).map(|(title, _)| (*title).to_owned())
    }

    fn text(&self, id: &str, language: Language) -> Option<String> {
        self.0.get(id).filter(|_| language == Language::Vi).map(|(_, text)| (*text).to_owned())
    }
}

fn order(code: &str, status: Journey, phone: &str) -> Order {
    Order {
        code: code.to_owned(),
        status,
        phone: Some(phone.to_owned()),
        customer_name: Some("Trần Ngọc Diệp".to_owned()),
        carrier: Some("GHN".to_owned()),
        tracking_code: Some(format!("GY{code}VN")),
        tracking_url: Some(format!("https://donhang.example/?c=GY{code}VN")),
        expected_at: Some(NOW + 8 * HOUR),
        currency: "VND".to_owned(),
        total: 459_000,
        items: vec![OrderItem { name: "Chăn cotton hoa nhí".to_owned(), quantity: 2, price: 229_500 }],
        address: Some("58 Ngõ Huyện, Hoàn Kiếm, Hà Nội".to_owned()),
        updated_at: NOW - 10 * MINUTE,
    }
}

fn shop() -> ShopView {
    ShopView {
        name: "Nhà Mộc".to_owned(),
        open_now: true,
        opening_hours_vi: "8:00–21:30 hằng ngày".to_owned(),
        opening_hours_en: "8:00–21:30 daily".to_owned(),
        opens_next: None,
        code_example: "DH1024".to_owned(),
    }
}

fn answers() -> Answers {
    Answers(BTreeMap::from([
        ("fee", ("Phí giao hàng", "Phí giao hàng là 25.000đ ạ.")),
        ("time", ("Thời gian giao", "Giao trong 2–4 ngày ạ.")),
        ("returns", ("Chính sách đổi trả", "Đổi trả trong 7 ngày ạ.")),
    ]))
}

impl Chat {
    fn begin() -> Self {
        let known = [
            order("DH1024", Journey::OutForDelivery, "0912345678"),
            order("DH1025", Journey::InTransit, "0912345678"),
            order("DH1026", Journey::AttemptFailed, "0987000111"),
        ];
        Self {
            context: BotContext::default(),
            orders: OrdersView {
                by_code: known.into_iter().map(|order| (order.code.clone(), order)).collect(),
                ..OrdersView::default()
            },
            answers: answers(),
            shop: shop(),
            verified_phone: None,
            locked: false,
            buttons: 3,
            asks_phone: false,
        }
    }

    fn verified(phone: &'static str) -> Self {
        let mut chat = Self::begin();
        chat.orders.by_phone =
            chat.orders.by_code.values().filter(|order| order.phone.as_deref() == Some(phone)).cloned().collect();
        chat.verified_phone = Some(phone);
        chat
    }

    fn hears<'h>(&mut self, reading: &'h Reading, what: impl FnOnce(&mut Heard<'h>)) -> Decision {
        let mut heard = Heard {
            text: "",
            payload: None,
            shared_phone: None,
            attachments: 0,
            reading,
            identity: IdentityView {
                verified_phone: self.verified_phone,
                lookups_locked: self.locked,
                channel_buttons: self.buttons,
                channel_asks_phone: self.asks_phone,
            },
        };
        what(&mut heard);
        let decision =
            decide(&self.context, &Turn { heard, orders: &self.orders, answers: &self.answers, shop: &self.shop, now: NOW });
        let stored = serde_json::to_string(&decision.context).expect("a context is JSON");
        self.context = BotContext::load(&stored);
        decision
    }

    /// A message in Vietnamese that is nobody's in particular, but for its codes and digits.
    fn says(&mut self, text: &str) -> Decision {
        self.hears(&read(text), |heard| heard.text = text)
    }

    fn means(&mut self, text: &str, intent: Intent) -> Decision {
        self.hears(&intending(read(text), intent, 0.9), |heard| heard.text = text)
    }

    fn asks(&mut self, text: &str, answers: &[(&str, f32)]) -> Decision {
        let reading = Reading { answers: scored(answers), ..intending(read(text), Intent::Shipping, 0.8) };
        self.hears(&reading, |heard| heard.text = text)
    }

    fn presses(&mut self, payload: &str) -> Decision {
        self.hears(&read(""), |heard| heard.payload = Some(payload))
    }

    fn shares_phone(&mut self, phone: &str, own: bool) -> Decision {
        self.hears(&read(""), |heard| heard.shared_phone = Some((phone, own)))
    }

    fn sends_photo(&mut self) -> Decision {
        self.hears(&read(""), |heard| heard.attachments = 1)
    }
}

fn wrong_tail(code: &str) -> Effect {
    Effect::WrongTail { code: code.to_owned() }
}

fn scored(answers: &[(&str, f32)]) -> Vec<Scored<String>> {
    answers.iter().map(|(id, probability)| Scored { value: (*id).to_owned(), probability: *probability }).collect()
}

fn intending(reading: Reading, intent: Intent, probability: f32) -> Reading {
    Reading { intents: vec![Scored { value: intent, probability }], not_mine: 1.0 - probability, ..reading }
}

/// Codes, phones and lone digits of a text; no intent.
fn read(text: &str) -> Reading {
    let mut entities = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let from = word.as_ptr() as usize - text.as_ptr() as usize;
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let value = match (word.to_uppercase(), digits) {
            (code, 3..) if code.starts_with("DH") => EntityValue::OrderCode(code),
            (all, 4) if all.len() == 4 => EntityValue::Digits4(all),
            (all, 10) if all.len() == 10 => EntityValue::Phone(all),
            _ => continue,
        };
        entities.push(Entity { span: from..from + word.len(), value });
    }
    Reading { language: Language::Vi, intents: Vec::new(), not_mine: 1.0, entities, answers: Vec::new() }
}

fn text_of(decision: &Decision) -> String {
    decision.replies.iter().map(|reply| reply.text.as_str()).collect::<Vec<_>>().join("\n---\n")
}

fn payloads(content: &Content) -> Vec<&str> {
    let payload = |action: &'_ ButtonAction| matches!(action, ButtonAction::Payload(_));
    content
        .buttons
        .iter()
        .filter(|button| payload(&button.action))
        .map(|button| match &button.action {
            ButtonAction::Payload(payload) | ButtonAction::Url(payload) => payload.as_str(),
        })
        .collect()
}

#[track_caller]
fn assert_says(decision: &Decision, parts: &[&str]) {
    let text = text_of(decision);
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[track_caller]
fn assert_keeps(decision: &Decision, parts: &[&str]) {
    let text = text_of(decision);
    for part in parts {
        assert!(!text.contains(part), "`{part}` is in:\n{text}");
    }
}

fn hand_off(decision: &Decision) -> Option<HandoffReason> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::HandOff(reason) => Some(*reason),
        _ => None,
    })
}
