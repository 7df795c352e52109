//! A person is asked for, answers, and gives the thread back.

use crate::kit::{Engine, TestGateway};
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn from_the_request_for_a_person_to_the_bot_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.says("cho em gặp nhân viên với").await;
    lan.next().await.expect("the customer is told what happens next");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id").to_owned();
    let waiting = desk.thread_is(&id, "waiting").await;
    assert_eq!(waiting["handoff_reason"], "asked");

    lan.says("phí ship bao nhiêu").await;
    desk.message_where(&id, |message| message["text"] == "phí ship bao nhiêu").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(lan.unheard(), 0, "the bot is silent while the queue holds the thread");

    desk.post(&format!("/threads/{id}/take"), json!({})).await;
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "Dạ em Mai đây ạ", "client_id": "one" })).await;
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "Dạ em Mai đây ạ", "client_id": "one" })).await;
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "khách quen", "note": true })).await;
    lan.hears("em Mai đây").await;
    let answered = desk.message_where(&id, |message| message["text"] == "Dạ em Mai đây ạ" && message["status"] != "queued").await;
    assert_eq!(answered["author"]["name"], "Ngọc Mai");
    assert_eq!(lan.unheard(), 0, "the same client id is one message, and a note reaches nobody");

    desk.post(&format!("/threads/{id}/resolve"), json!({})).await;
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let handoffs = desk.get(&format!("/threads/{id}")).await["handoffs"].clone();
    assert!(handoffs[0]["resolved_at"].is_i64(), "{handoffs}");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_order_in_trouble_is_told_and_handed_over(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let quan = gateway.customer("zalo", "Quân");
    quan.says("đơn DH1026 sđt đuôi 2345 sao rồi shop").await;
    quan.hears("chưa thành công").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Quân").await;
    let thread = desk.thread_is(thread["id"].as_str().expect("an id"), "waiting").await;
    assert_eq!(thread["handoff_reason"], "order_in_trouble");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_in_the_platforms_own_inbox_silences_the_bot(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.says("phí ship bao nhiêu").await;
    lan.hears("25.000").await;
    lan.does(onethread_simulator::Act::BusinessAnswers { text: "Chị ơi em ở cửa hàng đây".into() }).await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id").to_owned();
    desk.message_where(&id, |message| message["text"] == "Chị ơi em ở cửa hàng đây" && message["author"]["kind"] == "agent")
        .await;
    desk.thread_is(&id, "waiting").await;
    let shown = lan.screen().len();
    lan.says("phí ship bao nhiêu nữa ạ").await;
    desk.message_where(&id, |message| message["text"] == "phí ship bao nhiêu nữa ạ").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(lan.screen().len(), shown, "the bot does not speak over a person");
    gateway.stop().await;
}

/// The reply is queued and waits for the platform; meanwhile an agent takes the thread.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_reply_that_an_agent_overtook_is_withheld_and_the_thread_says_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    gateway.platform("telegram").faults().next(onethread_simulator::Fault::Throttled { retry_after: 3000 });
    lan.says("phí ship bao nhiêu vậy shop").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id").to_owned();
    desk.message_where(&id, |message| message["author"]["kind"] == "bot" && message["status"] == "queued").await;
    desk.post(&format!("/threads/{id}/take"), json!({})).await;
    desk.message_where(&id, |message| message["author"]["kind"] == "bot" && message["status"] == "withheld").await;
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "Dạ 25.000đ ạ, em Mai đây" })).await;
    lan.hears("em Mai đây").await;
    assert_eq!(lan.screen().len(), 1, "only the person was heard");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn with_the_bot_switched_off_the_customer_hears_once_what_happens_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let admin = gateway.desk("admin@demo.shop").await;
    let mut settings = admin.get("/settings").await;
    settings["bot_enabled"] = json!(false);
    // Open for one minute a week, a minute that is not now.
    let weekday = jiff::Timestamp::now().in_tz("Asia/Ho_Chi_Minh").expect("a zone").weekday().to_monday_one_offset();
    settings["opening_hours"] = json!([{ "days": [(weekday + 2) % 7 + 1], "from": "08:00", "to": "08:01" }]);
    assert_eq!(admin.call("PUT", "/settings", Some(settings)).await.0, 200);
    let lan = gateway.customer("zalo", "Lan");
    lan.says("phí ship bao nhiêu vậy shop").await;
    let notice = lan.hears("đã nhận được tin nhắn").await;
    assert!(notice.text.contains("giờ làm việc: 8:00–8:01"), "the opening hours are named: {}", notice.text);
    let thread = admin.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id").to_owned();
    admin.thread_is(&id, "waiting").await;
    lan.says("alo shop ơi").await;
    admin.message_where(&id, |message| message["text"] == "alo shop ơi").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(lan.unheard(), 0, "once is enough");

    let anna = gateway.customer("telegram", "Anna");
    anna.says("how much is the delivery fee?").await;
    anna.hears("we have received your message").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_has_seen_is_seen_on_the_phone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    lan.says("cho em gặp nhân viên với").await;
    lan.next().await.expect("the customer is told what happens next");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let ticks = || {
        let own = |bubble: &onethread_simulator::Bubble| bubble.from == onethread_simulator::BubbleFrom::Customer;
        gateway.platform("facebook").phones().of(&lan.user).bubbles.into_iter().find(own).map(|bubble| bubble.ticks)
    };
    assert_ne!(ticks().as_deref(), Some("seen"), "nobody has looked yet");
    desk.post(&format!("/threads/{}/seen", thread["id"].as_str().expect("an id")), json!({ "seq": thread["last_seq"] })).await;
    let seen = desk.until(|| async { ticks().filter(|ticks| ticks == "seen") }).await;
    assert!(seen.is_some(), "the customer sees that somebody looked");
    gateway.stop().await;
}
