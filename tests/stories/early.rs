//! What comes in the wrong order: an edit before its message, a receipt before
//! the answer to our own call, our own message shown to us instead of an answer.

use crate::kit::{Engine, TestGateway};
use onethread_core::channel::RawCall;
use onethread_simulator::{Fault, Stumble};
use onethread_store::waiting::Waiting;
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

const PAGE: &str = "104000000000001";

/// Calls as the Page's webhook brings them, one for each event, put into the ledger as if their signature had been checked.
pub async fn arrive(gateway: &TestGateway, events: &[Value]) {
    keep(gateway, &events.iter().map(std::slice::from_ref).collect::<Vec<_>>()).await;
}

/// The same as one call with all events.
pub async fn arrive_as_one(gateway: &TestGateway, events: &[Value]) {
    keep(gateway, &[events]).await;
}

async fn keep(gateway: &TestGateway, calls: &[&[Value]]) {
    let call = |events: &&[Value]| {
        let body = json!({ "object": "page", "entry": [{ "id": PAGE, "time": 1_795_000_000_500_i64, "messaging": events }] });
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        RawCall { method: "POST".into(), path: String::new(), query: String::new(), headers, body: body.to_string().into() }
    };
    let inbox = gateway.inbox("facebook").await.as_str().into();
    let calls = calls.iter().map(call).collect();
    onethread::intake::keep(&gateway.gateway, &inbox, calls, None).await.expect("the ledger takes them");
}

/// The OA's webhook shows us what was sent to this person just now, as if its signature had been checked.
async fn shows_us(gateway: &TestGateway, person: &str, text: &str) {
    let inbox = gateway.inbox("zalo").await.as_str().into();
    let row = gateway.gateway.db.read().await.expect("the database is there").inbox(&inbox).await.expect("the inbox");
    let body = json!({
        "app_id": row.app, "event_name": "oa_send_text", "timestamp": gateway.gateway.clock.now().to_string(),
        "sender": { "id": row.account }, "recipient": { "id": person }, "message": { "msg_id": "8f00", "text": text }
    });
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let call =
        RawCall { method: "POST".into(), path: String::new(), query: String::new(), headers, body: body.to_string().into() };
    onethread::intake::keep(&gateway.gateway, &inbox, vec![call], None).await.expect("the ledger takes it");
}

pub fn event(person: &str, at: i64, what: &Value) -> Value {
    let mut event = json!({ "sender": { "id": person }, "recipient": { "id": PAGE }, "timestamp": at });
    event.as_object_mut().expect("an object").extend(what.as_object().expect("an object").clone());
    event
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn edits_reactions_and_deletions_wait_for_their_message(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    let at = 1_795_000_000_123;
    let edit = |text: &str, nth: i64| {
        event(&lan.user, at + nth, &json!({ "message_edit": { "mid": "m_early", "text": text, "num_edit": nth } }))
    };
    let said = |mid: &str, text: &str| event(&lan.user, at, &json!({ "message": { "mid": mid, "text": text } }));
    arrive(
        &gateway,
        &[
            edit("lần hai", 2),
            edit("lần một", 1),
            event(
                &lan.user,
                at + 30,
                &json!({ "reaction": { "mid": "m_early", "action": "react", "reaction": "love", "emoji": "❤" } }),
            ),
            event(&lan.user, at + 40, &json!({ "message": { "mid": "m_gone", "is_deleted": true } })),
        ],
    )
    .await;
    // They are understood, and nobody is made known by them.
    let desk = gateway.desk("mai@demo.shop").await;
    let waiting = desk.until(|| async { (gateway.gateway.db.read().await.ok()?.waiting_count().await.ok()? == 4).then_some(()) });
    waiting.await.expect("all four wait");
    arrive(&gateway, &[said("m_early", "lần đầu"), said("m_gone", "gửi nhầm")]).await;
    // Known by what was written alone: the platform tells the name only of those who wrote there.
    let thread = desk.until(|| async { desk.get("/threads").await["items"].get(0).cloned() }).await.expect("a thread");
    let id = thread["id"].as_str().expect("an id");
    let edited = desk.message_where(id, |m| m["text"] == "lần hai" && m["reactions"][0]["emoji"] == "❤").await;
    assert_eq!(edited["seq"], 1, "{edited}");
    desk.message_where(id, |m| m["seq"] != 1 && m["author"]["kind"] == "customer" && !m["deleted_at"].is_null()).await;
    assert_eq!(gateway.gateway.db.read().await.expect("a database").waiting_count().await.expect("a count"), 0);
    gateway.stop().await;
}

/// The platform took the message and its answer got lost; then it shows us the message.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn where_the_platform_shows_us_our_message_a_lost_answer_is_settled_by_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    gateway.platform(channel).faults().next(Fault::AnswerLost);
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id");
    let settled = ["sent", "delivered", "read"];
    desk.message_where(id, |m| m["author"]["kind"] == "bot" && settled.iter().any(|status| m["status"] == *status)).await;
    assert_eq!(lan.unheard(), 0, "it is on the phone once");
    gateway.stop().await;
}

/// An echo without a key comes late, while an equal message is being handed over: with the answer to that it is clear that
/// the older one is meant.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_late_echo_settles_the_message_that_it_shows_and_not_a_newer_equal_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("zalo", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let id = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    let zalo = gateway.platform("zalo");
    let faults = zalo.faults();
    let said = async || desk.post(&format!("/threads/{id}/messages"), json!({ "text": "dạ vâng ạ" })).await["id"].clone();
    faults.next(Fault::AnswerLost);
    faults.trip(Stumble::Late { by: 1_500 });
    let first = said().await;
    desk.message_where(&id, |message| message["id"] == first && message["status"] == "uncertain").await;
    faults.slow_down(Duration::from_secs(3));
    let second = said().await;
    let settled = ["sent", "delivered", "read"];
    let is_settled = |message: &Value| settled.iter().any(|status| message["status"] == *status);
    desk.message_where(&id, |message| message["id"] == second && is_settled(message)).await;
    desk.message_where(&id, |message| message["id"] == first && is_settled(message)).await;
    faults.lift();
    gateway.stop().await;
}

/// By the clock the echo could be of either; the newer one is refused in the end, and was never on the phone.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_echo_waits_while_an_equal_message_is_being_handed_over(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("zalo", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let id = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    let zalo = gateway.platform("zalo");
    let faults = zalo.faults();
    let said = async || desk.post(&format!("/threads/{id}/messages"), json!({ "text": "dạ vâng ạ" })).await["id"].clone();
    faults.next(Fault::AnswerLost);
    // Longer than the story: the echo below comes instead.
    faults.trip(Stumble::Late { by: 60_000 });
    let first = said().await;
    desk.message_where(&id, |message| message["id"] == first && message["status"] == "uncertain").await;
    faults.slow_down(Duration::from_secs(2));
    faults.next(Fault::BadContent);
    let second = said().await;
    let is_under_way = async || {
        let (sending, depth) = (1, gateway.gateway.db.read().await.ok()?.outbox_depth().await.ok()?);
        (depth.1 == sending).then_some(())
    };
    desk.until(is_under_way).await.expect("the second is being handed over");
    shows_us(&gateway, &lan.user, "dạ vâng ạ").await;
    desk.message_where(&id, |message| message["id"] == second && message["status"] == "failed").await;
    desk.message_where(&id, |message| message["id"] == first && message["status"] == "sent").await;
    faults.lift();
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_followed_an_uncertain_part_is_sent_once_it_is_known_to_have_arrived(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id");
    gateway.platform("telegram").faults().next(Fault::AnswerLost);
    let long = format!("{} phần cuối", "dạ shop xin kể rõ ạ. ".repeat(230));
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": long })).await;
    let uncertain = desk.message_where(id, |m| m["status"] == "uncertain").await;
    lan.hears("xin kể rõ").await;
    assert_eq!(lan.unheard(), 0, "the second part does not overtake a first that may be missing");
    desk.post(&format!("/messages/{}/arrived", uncertain["id"].as_str().expect("an id")), json!({})).await;
    lan.hears("phần cuối").await;
    desk.message_where(id, |m| m["id"] == uncertain["id"] && m["status"] == "sent").await;
    gateway.stop().await;
}

/// Only where several transactions write at once can one begin to wait while another makes its message known.
#[tokio::test(flavor = "multi_thread")]
async fn who_begins_to_wait_while_the_message_comes_is_not_forgotten() {
    let gateway = TestGateway::start(Engine::Postgres).await;
    let lan = gateway.customer("facebook", "Lan");
    let inbox = gateway.inbox("facebook").await.as_str().into();
    let db = &gateway.gateway.db;
    let mut slow = db.begin().await.expect("a transaction");
    let waiting = Waiting { inbox: &inbox, address: &lan.user, platform_id: "m_crossing", position: 1, key: "an edit" };
    slow.let_wait(&waiting, gateway.gateway.clock.now()).await.expect("it waits");
    arrive(&gateway, &[event(&lan.user, 1_795_000_000_123, &json!({ "message": { "mid": "m_crossing", "text": "chào" } }))])
        .await;
    let desk = gateway.desk("mai@demo.shop").await;
    desk.until(|| async { desk.get("/threads").await["items"].get(0).cloned() }).await.expect("the message is there");
    slow.commit(gateway.gateway.clock.now()).await.expect("only now others see that it waits");
    let released = desk.until(|| async { (db.read().await.ok()?.waiting_count().await.ok()? == 0).then_some(()) });
    released.await.expect("it is read once more");
    gateway.stop().await;
}
