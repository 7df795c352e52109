//! What becomes of messages on their way out.

use crate::kit::{Engine, TestGateway};
use onethread_simulator::Fault;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_send_says_so_and_retry_really_sends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id");
    desk.thread_is(id, "waiting").await;
    gateway.platform(channel).faults().next(Fault::Blocked);
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "Chị còn đó không ạ" })).await;
    let failed = desk.message_where(id, |m| m["text"] == "Chị còn đó không ạ" && m["status"] == "failed").await;
    assert_eq!(failed["error"]["code"], "blocked", "{failed}");
    assert_eq!(lan.unheard(), 0);
    lan.says("dạ em đây").await;
    desk.message_where(id, |m| m["text"] == "dạ em đây").await;
    desk.post(&format!("/messages/{}/retry", failed["id"].as_str().expect("an id")), json!({})).await;
    lan.hears("Chị còn đó").await;
    desk.message_where(id, |m| m["id"] == failed["id"] && m["status"] != "failed" && m["status"] != "queued").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_reply_waits_as_told_and_arrives_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    gateway.platform(channel).faults().next(Fault::Throttled { retry_after: 1000 });
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    assert_eq!(lan.unheard(), 0);
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_is_never_sent_blindly_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    gateway.platform("telegram").faults().next(Fault::AnswerLost);
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id");
    let uncertain = desk.message_where(id, |m| m["status"] == "uncertain").await;
    assert_eq!(lan.unheard(), 0, "it is on the phone once");
    desk.post(&format!("/messages/{}/arrived", uncertain["id"].as_str().expect("an id")), json!({})).await;
    desk.message_where(id, |m| m["id"] == uncertain["id"] && m["status"] == "sent").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn where_the_platform_drops_doubles_a_lost_answer_is_asked_for_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("discord", "Lan");
    gateway.platform("discord").faults().next(Fault::AnswerLost);
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    desk.message_where(thread["id"].as_str().expect("an id"), |m| m["author"]["kind"] == "bot" && m["status"] == "sent").await;
    assert_eq!(lan.unheard(), 0, "it is on the phone once");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_pauses_the_inbox_and_keeps_its_queue(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    gateway.forgive_errors();
    gateway.platform("telegram").faults().stand(Some(Fault::TokenRevoked));
    lan.says("phí ship bao nhiêu vậy shop").await;
    let admin = gateway.desk("admin@demo.shop").await;
    let inbox = gateway.inbox("telegram").await;
    let path = format!("/inboxes/{inbox}");
    let paused = admin.until(|| async { Some(admin.get(&path).await).filter(|inbox| inbox["state"] == "paused") }).await;
    assert!(paused.is_some(), "the inbox pauses and says so");
    gateway.platform("telegram").faults().stand(None);
    let (status, _) = admin.call("PATCH", &path, Some(json!({ "paused": false }))).await;
    assert_eq!(status, 200);
    lan.hears("25.000").await;
    gateway.stop().await;
}
