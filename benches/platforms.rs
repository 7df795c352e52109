//! How each platform calls the gateway: bodies as on the wire, signed.

use crate::gateway::Gateway;
use crate::sink::Sink;
use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const SECRET: &str = "bench-secret-0123456789abcdef";

/// One inbox of the gateway, and how its platform speaks.
pub struct Inbox {
    pub channel: &'static str,
    hook: String,
    http: reqwest::Client,
    sent: AtomicU64,
    run: u64,
}

/// Make an inbox on every channel that calls by webhook, and give the shop its answers.
pub async fn connect(gateway: &Gateway, sink: &Sink) -> anyhow::Result<Vec<Arc<Inbox>>> {
    let base = format!("http://{}", sink.address);
    let settings = [
        ("telegram", json!({ "token": "1:bench", "webhook_secret": SECRET, "api_url": base })),
        ("facebook", json!({ "page_id": "3000", "page_token": "p", "app_secret": SECRET, "verify_token": "v", "api_url": base })),
        (
            "zalo",
            json!({ "oa_id": "4000", "app_id": "40", "app_secret": "s", "oa_secret_key": SECRET, "access_token": "a",
                "refresh_token": "r", "api_url": base, "oauth_url": base }),
        ),
    ];
    for (title, text, questions) in ANSWERS {
        let wording = json!({ "text": text, "questions": questions });
        let none = json!({ "text": "", "questions": [] });
        gateway.post("/answers", json!({ "title": title, "enabled": true, "vi": wording, "en": none })).await?;
    }
    let http = reqwest::Client::builder().pool_max_idle_per_host(512).build()?;
    let mut inboxes = Vec::new();
    for (channel, settings) in settings {
        let made = gateway.post("/inboxes", json!({ "channel": channel, "name": channel, "settings": settings })).await?;
        let hook = made["hook_url"].as_str().context("an inbox has a hook")?.to_owned();
        inboxes.push(Arc::new(Inbox { channel, hook, http: http.clone(), sent: AtomicU64::new(1), run: now() }));
    }
    Ok(inboxes)
}

const ANSWERS: [(&str, &str, [&str; 4]); 3] = [
    (
        "Phí giao hàng",
        "Dạ phí giao hàng là 25.000đ ạ.",
        ["phí ship bao nhiêu", "phí giao hàng bao nhiêu vậy shop", "ship bao nhiêu tiền", "tiền ship tính sao"],
    ),
    (
        "Giờ mở cửa",
        "Dạ shop mở cửa từ 8:00 đến 21:30 ạ.",
        ["mấy giờ shop mở cửa", "shop mở cửa đến mấy giờ", "giờ làm việc của shop", "shop có mở cửa chủ nhật không"],
    ),
    (
        "Đổi trả",
        "Dạ shop nhận đổi trả trong 7 ngày ạ.",
        ["chính sách đổi trả thế nào", "shop có cho đổi trả không", "đổi trả trong mấy ngày", "muốn đổi hàng thì làm sao"],
    ),
];

/// What customers ask, in turn: all of it has an answer.
pub const QUESTIONS: [&str; 6] = [
    "phí ship bao nhiêu vậy shop",
    "shop mở cửa đến mấy giờ ạ",
    "chính sách đổi trả thế nào shop ơi",
    "phi giao hang bao nhieu",
    "may gio shop mo cua",
    "đổi trả trong mấy ngày vậy",
];

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| u64::try_from(span.as_millis()).unwrap_or(0))
}

impl Inbox {
    /// The platform's id of a customer.
    pub fn customer(&self, number: usize) -> String {
        (self.run * 1000 % 1_000_000_000_000 + number as u64).to_string()
    }

    /// Say it as the platform would; answers when the gateway has answered 200.
    pub async fn say(&self, customer: &str, text: &str) -> anyhow::Result<()> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let call = self.http.post(&self.hook).header("content-type", "application/json");
        let call = match self.channel {
            "telegram" => call.header("x-telegram-bot-api-secret-token", SECRET).body(update(number, customer, text).to_string()),
            "facebook" => {
                let body = page_event(number, customer, text).to_string();
                call.header("x-hub-signature-256", format!("sha256={}", signature(&body))).body(body)
            }
            _ => {
                let (at, body) = oa_event(number, customer, text);
                let mac = hex::encode(Sha256::digest(format!("40{body}{at}{SECRET}")));
                call.header("x-zevent-signature", format!("mac={mac}")).body(body)
            }
        };
        call.send().await?.error_for_status()?;
        Ok(())
    }
}

fn update(number: u64, customer: &str, text: &str) -> Value {
    let id: u64 = customer.parse().unwrap_or(0);
    json!({ "update_id": number, "message": {
        "message_id": number, "from": { "id": id, "is_bot": false, "first_name": "Khách" },
        "chat": { "id": id, "type": "private", "first_name": "Khách" }, "date": now() / 1000, "text": text } })
}

fn page_event(number: u64, customer: &str, text: &str) -> Value {
    json!({ "object": "page", "entry": [{ "id": "3000", "time": now(), "messaging": [{
        "sender": { "id": customer }, "recipient": { "id": "3000" }, "timestamp": now(),
        "message": { "mid": format!("m_in_{number}"), "text": text } }] }] })
}

fn oa_event(number: u64, customer: &str, text: &str) -> (String, String) {
    let at = now().to_string();
    let body = json!({ "app_id": "40", "sender": { "id": customer }, "recipient": { "id": "4000" }, "event_name": "user_send_text",
        "message": { "text": text, "msg_id": format!("in_{number}") }, "timestamp": at });
    (at, body.to_string())
}

fn signature(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length of key will do");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
