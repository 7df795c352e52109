//! The demo shop and the real matcher: whole conversations, as typed.

use super::*;
use onethread_intents::{AnswerEntry, Matcher, Pack};
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Faq {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    id: String,
    title: String,
    vi: Wording,
    en: Wording,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wording {
    text: String,
    questions: Vec<String>,
}

#[derive(Deserialize)]
struct Told {
    #[serde(flatten)]
    order: Order,
    expected_in_days: Option<i64>,
    updated_minutes_ago: i64,
}

static FAQ: LazyLock<Faq> =
    LazyLock::new(|| toml::from_str(include_str!("../../demo/answers.toml")).expect("the answers are TOML"));

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let asked = |answer: &Answer| {
        let of = |language, wording: &Wording| wording.questions.iter().map(|q| (language, q.clone())).collect::<Vec<_>>();
        [of(Language::Vi, &answer.vi), of(Language::En, &answer.en)].concat()
    };
    let entries: Vec<AnswerEntry> =
        FAQ.answers.iter().map(|answer| AnswerEntry { id: answer.id.clone(), questions: asked(answer) }).collect();
    Matcher::train(&Pack::shipped().expect("the shipped pack is well written"), &entries).expect("the matcher can be trained")
});

struct DemoAnswers;

impl AnswersView for DemoAnswers {
    fn title(&self, id: &str, language: Language) -> Option<String> {
        let answer = FAQ.answers.iter().find(|answer| answer.id == id)?;
        Some(if language == Language::Vi { answer.title.clone() } else { answer.en.questions[0].clone() })
    }

    fn text(&self, id: &str, language: Language) -> Option<String> {
        let answer = FAQ.answers.iter().find(|answer| answer.id == id)?;
        Some(if language == Language::Vi { answer.vi.text.clone() } else { answer.en.text.clone() })
    }
}

fn demo_orders() -> Vec<Order> {
    let lines = include_str!("../../demo/orders.jsonl").lines();
    lines
        .map(|line| {
            let told: Told = serde_json::from_str(line).expect("each line is an order");
            let expected_at = told.expected_in_days.map(|days| NOW + days * DAY);
            Order { expected_at, updated_at: NOW - told.updated_minutes_ago * MINUTE, ..told.order }
        })
        .collect()
}

fn shop_talk() -> Chat {
    let mut chat = Chat::begin();
    chat.shop.name = "Tiệm Mây".to_owned();
    chat.orders.by_code = demo_orders().into_iter().map(|order| (order.code.clone(), order)).collect();
    chat
}

impl Chat {
    fn types(&mut self, text: &str) -> Decision {
        let reading = MATCHER.read(text, &self.context.for_reading());
        let identity = IdentityView { channel_buttons: self.buttons, ..IdentityView::default() };
        let heard = Heard { text, payload: None, shared_phone: None, attachments: 0, reading: &reading, identity };
        let decision =
            decide(&self.context, &Turn { heard, orders: &self.orders, answers: &DemoAnswers, shop: &self.shop, now: NOW });
        self.context = decision.context.clone();
        decision
    }
}

#[test]
fn an_order_is_asked_for_without_marks_and_in_one_breath() {
    let mut lan = shop_talk();
    assert_says(&lan.types("don cua e toi dau r shop oi"), &["Tiệm Mây", "mã đơn"]);
    assert_says(&lan.types("dh1024"), &["đơn DH1024", "4 số cuối"]);
    assert_says(&lan.types("so cuoi 5678"), &["đang giao", "GHN", "GYN4K8LA", "hôm nay"]);

    assert_says(&shop_talk().types("kiểm tra giúp mình đơn #100020, sđt 0951402581"), &["100020", "đang trung chuyển", "J&T"]);
}

#[test]
fn the_same_in_english() {
    let mut lan = shop_talk();
    assert_says(&lan.types("Hi, where is my order DH1024?"), &["DH1024", "last 4 digits"]);
    assert_says(&lan.types("5678"), &["out for delivery", "GYN4K8LA"]);
    assert_says(&lan.types("thanks!"), &["!"]);
}

#[test]
fn common_questions_are_answered_in_their_language() {
    let asked = [
        ("phí ship về Đà Nẵng bao nhiêu ạ?", "25.000đ"),
        ("có COD không shop", "COD"),
        ("mấy giờ mở cửa v ad", "8:00"),
        ("tra gop dc ko", "trả góp"),
        ("do you have gift wrapping?", "20,000 VND"),
        ("can I pay by card?", "Visa"),
    ];
    for (question, part) in asked {
        assert_says(&shop_talk().types(question), &[part]);
    }
}

#[test]
fn people_are_called_for_people_complaints_and_requests() {
    let wanted = [
        ("cho em gặp nhân viên với ạ", HandoffReason::Asked),
        ("i want to talk to a human please", HandoffReason::Asked),
        ("làm ăn kiểu gì vậy, quá thất vọng", HandoffReason::Complaint),
        ("hủy đơn DH1036 giúp em", HandoffReason::NeedsPerson),
        ("DH1026 2345", HandoffReason::OrderInTrouble),
    ];
    for (text, reason) in wanted {
        assert_eq!(hand_off(&shop_talk().types(text)), Some(reason), "{text}");
    }
}

#[test]
fn what_is_nobodys_is_not_answered_and_the_second_time_a_person_comes() {
    let mut lan = shop_talk();
    assert_says(&lan.types("bạn có người yêu chưa"), &["gặp nhân viên"]);
    assert_eq!(hand_off(&lan.types("thế bạn có người yêu chưa")), Some(HandoffReason::NotUnderstood));
}

#[test]
fn the_demo_shop_is_well_stocked() {
    let orders = demo_orders();
    assert!(orders.len() >= 32 && Journey::ALL.iter().all(|state| orders.iter().any(|order| order.status == *state)));
    for order in &orders {
        let goods: i64 = order.items.iter().map(|item| item.quantity * item.price).sum();
        assert!([goods, goods + 25_000].contains(&order.total), "{}", order.code);
        assert_eq!(order.code, onethread_core::order::fold_code(&order.code));
    }
    assert!(FAQ.answers.len() >= 28);
    for answer in &FAQ.answers {
        assert!(answer.title.chars().count() <= 20, "{}", answer.title);
        assert!(answer.vi.questions.len() >= 4 && answer.en.questions.len() >= 4, "{}", answer.id);
    }
}
