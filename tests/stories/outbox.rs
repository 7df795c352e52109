//! What becomes of messages on their way out.

use crate::kit::{Customer, Engine, TestGateway};
use onethread_simulator::Fault;
use rstest::rstest;
use serde_json::json;
use std::time::{Duration, Instant};

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

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_is_told_before_anything_is_queued(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const LONG_AGO: i64 = 50 * 60 * 60 * 1000;
    let gateway = TestGateway::start(engine).await;
    let platform = gateway.world.zalo.clone();
    platform.advance(-LONG_AGO);
    let lan = gateway.customer("zalo", "Lan");
    lan.says("cho em gặp nhân viên với").await;
    lan.next().await.expect("the customer is told what happens next");
    platform.advance(LONG_AGO);
    platform.set_quota(2);
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    let path = format!("/threads/{thread}");
    let left = async |wanted: i64| {
        let quota = async || Some(desk.get(&path).await["identities"][0]["reachable"]["quota"]["remaining"].as_i64());
        desk.until(|| async { quota().await.filter(|left| *left == Some(wanted)) }).await
    };
    for (text, remains) in [("Em chào chị", 1), ("Chị còn cần gì không ạ", 0)] {
        desk.post(&format!("{path}/messages"), json!({ "text": text })).await;
        lan.hears(text).await;
        assert!(left(remains).await.is_some(), "what the platform said is shown: {remains}");
    }
    let (status, refused) = desk.call("POST", &format!("{path}/messages"), Some(json!({ "text": "Chị ơi" }))).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|why| why.contains("quota")), "{refused}");
    assert_eq!(lan.unheard(), 0);
    lan.says("dạ em đây").await;
    desk.message_where(&thread, |message| message["text"] == "dạ em đây").await;
    desk.post(&format!("{path}/messages"), json!({ "text": "Dạ vâng" })).await;
    lan.hears("Dạ vâng").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_channel_does_not_take_is_refused_before_it_is_queued(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("zalo", "Lan");
    lan.says("cho em gặp nhân viên với").await;
    lan.next().await.expect("the customer is told what happens next");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    // A picture within the channel's general limit, and beyond that of pictures.
    let now = gateway.gateway.clock.now();
    for (mime, size, why) in
        [("image/png", 1_200_000, "up to 1 MB"), ("video/mp4", 1000, "does not take files of the type video/mp4")]
    {
        let id = onethread_core::ids::FileId::fresh(now);
        let file = onethread_store::files::FileRow {
            id: id.0.clone(),
            kind: "file".into(),
            name: Some("mau".into()),
            mime: Some(mime.into()),
            size: Some(size),
            state: "stored".into(),
            inbox_id: None,
            source: None,
            message_id: None,
            created_at: now,
        };
        let mut tx = gateway.gateway.db.begin().await.expect("the database");
        tx.add_file(&file).await.expect("the file is noted");
        tx.commit(now).await.expect("it is written");
        let saying = json!({ "text": "", "attachments": [id.0] });
        let (status, refused) = desk.call("POST", &format!("/threads/{thread}/messages"), Some(saying)).await;
        assert_eq!((status, refused["errors"][0]["field"].as_str()), (422, Some("attachments")), "{refused}");
        assert!(refused["errors"][0]["detail"].as_str().is_some_and(|said| said.contains(why)), "{refused}");
    }
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn that_an_inbox_is_paused_is_told_to_who_writes_there(#[values(Engine::Sqlite)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("cho em gặp nhân viên với").await;
    lan.next().await.expect("the customer is told what happens next");
    let admin = gateway.desk("admin@demo.shop").await;
    let path = format!("/threads/{}", admin.thread_of("Lan").await["id"].as_str().expect("an id"));
    assert!(admin.get(&path).await["identities"][0]["reachable"]["paused"].is_null());
    let inbox = format!("/inboxes/{}", gateway.inbox("telegram").await);
    admin.call("PATCH", &inbox, Some(json!({ "paused": true }))).await;
    assert_eq!(admin.get(&path).await["identities"][0]["reachable"]["paused"], "paused by hand");
    admin.call("PATCH", &inbox, Some(json!({ "paused": false }))).await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_sends_no_faster_than_it_may_and_delays_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let admin = gateway.desk("admin@demo.shop").await;
    let path = format!("/inboxes/{}", gateway.inbox("facebook").await);
    let (status, wrong) = admin.call("PATCH", &path, Some(json!({ "settings": { "sends_per_second": 0 } }))).await;
    assert_eq!(status, 422, "{wrong}");
    let (status, changed) = admin.call("PATCH", &path, Some(json!({ "settings": { "sends_per_second": 2 } }))).await;
    assert_eq!(status, 200, "{changed}");
    // The names that it looks up do not count; what it says does.
    let crowd: Vec<Customer> = (0..8).map(|number| gateway.customer("facebook", &format!("Lan {number}"))).collect();
    let start = Instant::now();
    for lan in &crowd {
        lan.says("phí ship bao nhiêu vậy shop").await;
    }
    let minh = gateway.customer("zalo", "Minh");
    minh.says("phí ship bao nhiêu vậy shop").await;
    minh.hears("25.000").await;
    let answered = crowd.iter().filter(|lan| lan.texts().iter().any(|text| text.contains("25.000"))).count();
    assert!(answered < crowd.len(), "the other inbox did not wait for this one");
    for lan in &crowd {
        lan.hears("25.000").await;
        assert_eq!(lan.unheard(), 0);
    }
    // Two at once, then six at two a second: a lower bound, however slow the machine is.
    assert!(start.elapsed() >= Duration::from_millis(2900), "{:?}", start.elapsed());
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_lets_several_wait_is_left_alone_for_all(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let platform = gateway.platform("telegram");
    let crowd: Vec<Customer> = (0..3).map(|number| gateway.customer("telegram", &format!("Lan {number}"))).collect();
    let start = Instant::now();
    for lan in &crowd {
        platform.faults().next(Fault::Throttled { retry_after: 4000 });
        lan.says("phí ship bao nhiêu vậy shop").await;
    }
    let desk = gateway.desk("mai@demo.shop").await;
    let met = desk.until(async || (platform.faults().left() == 0).then_some(())).await;
    assert!(met.is_some(), "the replies were sent and met the faults");
    let minh = gateway.customer("telegram", "Minh");
    minh.says("phí ship bao nhiêu vậy shop").await;
    minh.hears("25.000").await;
    // A lower bound, however slow the machine is.
    assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
    for lan in &crowd {
        lan.hears("25.000").await;
        assert_eq!(lan.unheard(), 0);
    }
    gateway.stop().await;
}
