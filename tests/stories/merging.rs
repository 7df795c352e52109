//! One person on two channels: one thread, and two again.

use crate::kit::{Engine, TestGateway};
use rstest::rstest;
use serde_json::{Value, json};

fn shown(messages: &[Value]) -> Vec<(String, i64, String)> {
    let one =
        |m: &Value| (m["id"].as_str().unwrap_or_default().to_owned(), m["seq"].as_i64().unwrap_or(0), m["text"].to_string());
    messages.iter().map(one).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_customers_become_one_thread_and_two_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let on_zalo = gateway.customer("zalo", "Lan Zalo");
    let on_telegram = gateway.customer("telegram", "Lan Tele");
    on_zalo.says("phí ship bao nhiêu vậy shop").await;
    on_zalo.hears("25.000").await;
    on_telegram.says("how much is shipping?").await;
    on_telegram.hears("25,000").await;
    on_zalo.says("cho gặp nhân viên").await;
    on_zalo.next().await.expect("the hand-over is told");

    let desk = gateway.desk("mai@demo.shop").await;
    let (zalo, telegram) = (desk.thread_of("Lan Zalo").await, desk.thread_of("Lan Tele").await);
    let (zalo_id, telegram_id) = (zalo["id"].as_str().expect("an id"), telegram["id"].as_str().expect("an id"));
    desk.thread_is(zalo_id, "waiting").await;
    desk.post(&format!("/threads/{telegram_id}/messages"), json!({ "text": "ghi chú bên Telegram", "note": true })).await;
    let before = (shown(&desk.messages(zalo_id).await), shown(&desk.messages(telegram_id).await));

    let into = zalo["customer"]["id"].as_str().expect("an id");
    desk.post(&format!("/customers/{into}/merge"), json!({ "from": telegram["customer"]["id"] })).await;
    let one = desk.messages(zalo_id).await;
    let seqs: Vec<i64> = one.iter().map(|m| m["seq"].as_i64().expect("a number")).collect();
    assert_eq!(seqs, (1..=i64::try_from(one.len()).expect("few")).collect::<Vec<_>>(), "one unbroken order");
    let channels: Vec<&str> = one.iter().filter_map(|m| m["channel"].as_str()).collect();
    assert!(channels.contains(&"zalo") && channels.contains(&"telegram"), "interleaved: {channels:?}");
    let list = desk.get("/threads?view=all&q=Lan").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "the list shows one thread: {list}");

    let merged = desk.get(&format!("/customers/{into}")).await;
    let other = merged["identities"]
        .as_array()
        .expect("identities")
        .iter()
        .find(|i| i["channel"] == "telegram")
        .expect("Telegram came over");
    let reply = json!({ "text": "Em trả lời qua Telegram ạ", "identity_id": other["id"] });
    desk.post(&format!("/threads/{zalo_id}/messages"), reply).await;
    on_telegram.hears("qua Telegram").await;

    desk.post(&format!("/customers/{into}/unmerge"), json!({})).await;
    let after = (shown(&desk.messages(zalo_id).await), shown(&desk.messages(telegram_id).await));
    assert_eq!(&after.1[..before.1.len()], &before.1[..], "the Telegram thread is as it was");
    assert_eq!(after.1.len(), before.1.len() + 1, "with what was said there since");
    assert_eq!(&after.0[..before.0.len()], &before.0[..], "the Zalo thread is as it was");
    gateway.stop().await;
}
