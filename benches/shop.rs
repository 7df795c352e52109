//! What the shop under load knows and what its customers ask: the demo shop's
//! answers, some thousand orders, and a mixture of messages as a shop gets them.

use serde::Deserialize;
use serde_json::{Value, json};

/// Orders that are there to be asked for.
pub const ORDERS: u32 = 5000;
const ANSWERS: &str = include_str!("../src/demo/answers.toml");
/// Journeys that the bot tells by itself; the others go to a person.
const JOURNEYS: [&str; 5] = ["placed", "picking", "in_transit", "out_for_delivery", "delivered"];

/// What customers say, in turn. `{order}` becomes an order's code with the last digits of its
/// phone. Of twenty: eleven known questions in Vietnamese, three of them typed without diacritics,
/// three in English, four orders, two greetings. None hands over to a person, since the bot would
/// be silent from then on, and none is of the kind that the bot answers with two messages.
const SAYINGS: [&str; 20] = [
    "phí ship bao nhiêu vậy shop",
    "đơn {order} của em tới đâu rồi ạ",
    "shop mở cửa đến mấy giờ ạ",
    "xin chào shop",
    "phi giao hang bao nhieu",
    "how much is shipping",
    "shop có gói quà giúp em không",
    "kiểm tra giúp mình đơn {order} với",
    "bao lâu thì nhận được hàng vậy shop",
    "nhận hàng rồi trả tiền được không ạ",
    "may gio shop mo cua",
    "what time do you open",
    "đặt hôm nay khi nào có hàng",
    "where is my order {order}",
    "shop có ship ra đảo Phú Quốc không",
    "hello",
    "bao lau thi nhan duoc hang",
    "how long does delivery take",
    "bên nào giao hàng vậy shop",
    "don {order} giao chua shop",
];

/// What this customer says at this turn.
pub fn saying(customer: u32, turn: u32) -> String {
    // Spread, so that neighbours, who are on other channels, do not all say the same.
    let start = customer.wrapping_mul(2_654_435_761) >> 16;
    let saying = SAYINGS[(start as usize + turn as usize) % SAYINGS.len()];
    let number = customer % ORDERS;
    saying.replace("{order}", &format!("{} {}", code(number), tail(number)))
}

fn code(number: u32) -> String {
    format!("DH{}", 100_000 + number)
}

/// Distinct from any code, and not the same for neighbours.
fn tail(number: u32) -> String {
    format!("{:04}", number * 7919 % 10_000)
}

/// The orders as lines of JSON, as they are imported.
pub fn orders() -> String {
    let line = |number: u32| {
        let journey = JOURNEYS[number as usize % JOURNEYS.len()];
        json!({ "code": code(number), "status": journey, "phone": format!("090{:03}{}", number % 1000, tail(number)),
            "customer_name": "Nguyễn Thị Lan", "carrier": "GHN", "tracking_code": format!("GYN{number:06}"),
            "tracking_url": format!("https://donhang.ghn.vn/?order_code=GYN{number:06}"), "currency": "VND", "total": 520_000,
            "items": [{ "name": "Váy lanh tay phồng, size M", "quantity": 1, "price": 520_000 }],
            "address": "Số 18 phố Hoàng Ngân, Thanh Xuân, Hà Nội" })
        .to_string()
    };
    (0..ORDERS).map(line).collect::<Vec<_>>().join("\n")
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    title: String,
    vi: Value,
    en: Value,
}

/// The answers as the API takes them.
pub fn answers() -> anyhow::Result<Vec<Value>> {
    let known: Answers = toml::from_str(ANSWERS)?;
    let shape = |answer: Answer| json!({ "title": answer.title, "enabled": true, "vi": answer.vi, "en": answer.en });
    Ok(known.answers.into_iter().map(shape).collect())
}
