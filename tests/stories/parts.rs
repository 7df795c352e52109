//! An answer too long for one message of the platform.

use crate::kit::{Customer, Desk, Engine, TestGateway};
use onethread_simulator::{Act, Fault};
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

/// Lan, who asked for a person on this channel, the desk of one, and her thread.
async fn asked_for_a_person(gateway: &TestGateway, channel: &str) -> (Customer, Desk, String) {
    let lan = gateway.customer(channel, "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    desk.thread_is(&thread, "waiting").await;
    (lan, desk, thread)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_is_read_when_its_last_part_is(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let (lan, desk, thread) = asked_for_a_person(&gateway, "facebook").await;
    let faults = gateway.platform("facebook");
    faults.faults().slow_down(Duration::from_secs(1));
    let text = format!("{} phần cuối", "dạ shop xin kể rõ ạ. ".repeat(100));
    let said = desk.post(&format!("/threads/{thread}/messages"), json!({ "text": text })).await["id"].clone();
    lan.hears("xin kể rõ").await;
    // The first part is read while the second is on its way, which it does not reach the end of.
    let under_way = async || (gateway.gateway.db.read().await.ok()?.outbox_depth().await.ok()? == (0, 1)).then_some(());
    desk.until(under_way).await.expect("the second part is handed over");
    faults.faults().next(Fault::ServerError);
    lan.does(Act::Sees).await;
    lan.hears("phần cuối").await;
    faults.faults().lift();
    let settled = async || {
        let mut conn = gateway.gateway.db.read().await.ok()?;
        let quiet = conn.waiting_count().await.ok()? == 0 && conn.ledger_depth().await.ok()?.0 == 0;
        let message = desk.messages(&thread).await.into_iter().find(|message| message["id"] == said)?;
        (quiet && ["delivered", "read"].iter().any(|status| message["status"] == *status)).then_some(message)
    };
    let message = desk.until(settled).await.expect("the message arrives");
    assert_eq!(message["status"], "delivered", "only its first part was read: {message}");
    lan.does(Act::Sees).await;
    desk.message_where(&thread, |message| message["id"] == said && message["status"] == "read").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_of_the_bot_that_an_agent_cuts_short_says_what_was_seen(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let admin = gateway.desk("admin@demo.shop").await;
    let text = format!("{} phần cuối", "dạ shop xin kể rõ ạ. ".repeat(100));
    let answer = json!({ "title": "Chuyện kể", "enabled": true,
        "vi": { "questions": ["kể chuyện thành lập tiệm", "tiệm thành lập thế nào"], "text": text }, "en": { "questions": [], "text": "" } });
    admin.post("/answers", answer).await;
    let lan = gateway.customer("facebook", "Lan");
    let platform = gateway.platform("facebook");
    lan.says("kể chuyện thành lập tiệm").await;
    let question = lan.hears("phải không").await;
    let (label, payload) = question.buttons.first().cloned().expect("it is asked whether that is meant");
    let thread = admin.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    platform.faults().slow_down(Duration::from_secs(5));
    lan.does(Act::Presses { message: question.id.clone(), label, payload }).await;
    let under_way = async || (gateway.gateway.db.read().await.ok()?.outbox_depth().await.ok()? == (1, 1)).then_some(());
    admin.until(under_way).await.expect("the first part is handed over, and the second waits");
    admin.post(&format!("/threads/{thread}/take"), json!({})).await;
    platform.faults().lift();
    let message = admin.message_where(&thread, |message| message["status"] == "withheld").await;
    assert_eq!(message["error"]["code"], "cut_short", "{message}");
    let heard: Vec<String> = lan.screen().into_iter().map(|bubble| bubble.text).collect();
    assert_eq!(heard.len(), 2, "the question, and the answer's beginning alone: {heard:?}");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_that_fails_half_way_says_so_and_only_its_rest_is_sent_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values((Fault::Blocked, "failed", "blocked"), (Fault::AnswerLost, "uncertain", "uncertain"))] end: (Fault, &str, &str),
) {
    let (fault, status, code) = end;
    let gateway = TestGateway::start(engine).await;
    let (lan, desk, thread) = asked_for_a_person(&gateway, "telegram").await;
    let platform = gateway.platform("telegram");
    platform.faults().slow_down(Duration::from_secs(1));
    let text = format!("{} phần cuối", "dạ shop xin kể rõ ạ. ".repeat(200));
    let said = desk.post(&format!("/threads/{thread}/messages"), json!({ "text": text })).await["id"].clone();
    lan.hears("xin kể rõ").await;
    let under_way = async || (gateway.gateway.db.read().await.ok()?.outbox_depth().await.ok()? == (0, 1)).then_some(());
    desk.until(under_way).await.expect("the second part is handed over");
    platform.faults().next(fault);
    let message = desk.message_where(&thread, |message| message["id"] == said && message["status"] == status).await;
    assert_eq!(message["error"]["code"], code, "{message}");
    assert_eq!(message["error"]["in_part"], true, "{message}");
    platform.faults().lift();
    lan.says("dạ em đây").await;
    desk.message_where(&thread, |message| message["text"] == "dạ em đây").await;
    let heard = lan.screen().len();
    desk.post(&format!("/messages/{}/retry", said.as_str().expect("an id")), json!({})).await;
    let sent = ["sent", "delivered", "read"];
    desk.message_where(&thread, |message| message["id"] == said && sent.iter().any(|status| message["status"] == *status)).await;
    let again: Vec<String> = lan.screen().into_iter().skip(heard).map(|bubble| bubble.text).collect();
    assert_eq!(again.len(), 1, "{again:?}");
    assert!(again[0].ends_with("phần cuối"), "{again:?}");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_arrives_after_it_was_given_up_is_followed_by_the_rest(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let (lan, desk, thread) = asked_for_a_person(&gateway, "telegram").await;
    let platform = gateway.platform("telegram");
    platform.faults().slow_down(Duration::from_secs(3));
    let text = format!("{} phần cuối", "dạ shop xin kể rõ ạ. ".repeat(200));
    let said = desk.post(&format!("/threads/{thread}/messages"), json!({ "text": text })).await["id"].clone();
    let under_way = async || (gateway.gateway.db.read().await.ok()?.outbox_depth().await.ok()? == (1, 1)).then_some(());
    desk.until(under_way).await.expect("the first part is handed over");
    // As if whoever sends it were gone.
    onethread::outbox::adopt_orphans(&gateway.gateway, onethread_core::Millis::MAX).await.expect("a database");
    let message = desk.message_where(&thread, |message| message["id"] == said && message["status"] == "uncertain").await;
    assert_eq!(message["error"]["in_part"], false, "{message}");
    platform.faults().lift();
    lan.hears("xin kể rõ").await;
    lan.hears("phần cuối").await;
    let sent = ["sent", "delivered", "read"];
    desk.message_where(&thread, |message| message["id"] == said && sent.iter().any(|status| message["status"] == *status)).await;
    gateway.stop().await;
}
