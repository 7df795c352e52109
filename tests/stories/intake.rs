//! What platforms send: forged, doubled, malformed, unknown, all at once.

use crate::kit::{Engine, TestGateway, Visitor};
use onethread_simulator::{Act, platform::SentFile};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_messages_at_once_make_one_customer_and_lose_none(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "telegram")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    let sends = (0..50).map(|n| {
        let lan = &lan;
        async move { lan.says(&format!("tin nhắn số {n} của em")).await }
    });
    futures::future::join_all(sends).await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id");
    let arrived = desk
        .until(|| async {
            let messages = desk.messages(id).await;
            let said = messages.iter().filter(|m| m["author"]["kind"] == "customer").count();
            (said == 50).then_some(messages)
        })
        .await
        .expect("every message arrives");
    let seqs: Vec<i64> = arrived.iter().filter_map(|m| m["seq"].as_i64()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "the order has no gap: {seqs:?}");
    let customers = desk.get("/customers?q=Lan").await;
    assert_eq!(customers["items"].as_array().map(Vec::len), Some(1));
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_call_is_refused_and_leaves_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    for channel in ["zalo", "facebook", "telegram"] {
        let inbox = gateway.inbox(channel).await;
        let body = r#"{"object":"page","event_name":"user_send_text","update_id":1,"message":{"text":"xin chào"}}"#;
        let answer =
            gateway.http.post(format!("{}/hooks/{inbox}", gateway.url)).body(body).send().await.expect("the gateway answers");
        assert!([401, 403].contains(&answer.status().as_u16()), "{channel}: {}", answer.status());
    }
    let depth = gateway.gateway.db.read().await.expect("the database").ledger_depth().await.expect("the ledger");
    assert_eq!(depth, (0, 0));
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_a_mebibyte_is_refused(#[values(Engine::Sqlite)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let inbox = gateway.inbox("zalo").await;
    let body = vec![b'a'; 1024 * 1024 + 1];
    let answer =
        gateway.http.post(format!("{}/hooks/{inbox}", gateway.url)).body(body).send().await.expect("the gateway answers");
    assert_eq!(answer.status(), 413);
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn something_newer_than_this_code_is_shown_as_unsupported(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.does(Act::DoesSomethingNew).await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    desk.message_where(thread["id"].as_str().expect("an id"), |message| !message["unsupported"].is_null()).await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_fetched_and_shown_only_to_agents(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    // One transparent pixel.
    let bytes = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let file = SentFile { name: "anh.png".into(), mime: "image/png".into(), bytes: bytes.into() };
    lan.does(Act::SendsFiles { kind: "image".into(), files: vec![file], caption: None }).await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let stored = |message: &serde_json::Value| message["attachments"][0]["state"] == "stored";
    let message = desk.message_where(thread["id"].as_str().expect("an id"), stored).await;
    let path = message["attachments"][0]["url"].as_str().expect("a link").to_owned();
    assert_eq!(message["attachments"][0]["mime"], "image/png");
    let stranger = gateway.http.get(format!("{}{path}", gateway.url)).send().await.expect("the gateway answers");
    assert_eq!(stranger.status(), 401, "nobody sees it without signing in");
    let (status, _) = desk.call("GET", path.trim_start_matches("/api/v1"), None).await;
    assert_eq!(status, 200);
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_a_reaction_and_a_deletion_change_the_message(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("discord", "Lan");
    let id = lan.says("cho em hỏi size M còn hk").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let thread = thread["id"].as_str().expect("an id");
    lan.does(Act::Edits { message: id.clone(), text: "cho em hỏi size L còn không".into() }).await;
    desk.message_where(thread, |m| m["text"] == "cho em hỏi size L còn không" && !m["edited_at"].is_null()).await;
    lan.does(Act::Deletes { message: id }).await;
    desk.message_where(thread, |m| !m["deleted_at"].is_null()).await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_sense_is_acknowledged_kept_and_can_be_replayed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let visitor = Visitor::arrive(&gateway).await;
    for nonsense in ["{\"id\":", "[[[[[[", "\"just a text\"", "{\"id\": 7}"] {
        assert!((200..300).contains(&visitor.posts(nonsense).await), "{nonsense} is acknowledged");
    }
    let admin = gateway.desk("admin@demo.shop").await;
    let dead = admin
        .until(|| async {
            let letters = admin.get("/dead-letters").await["items"].as_array().cloned().unwrap_or_default();
            (letters.len() == 4).then_some(letters)
        })
        .await
        .expect("all four are dead letters");
    assert!(dead.iter().any(|letter| letter["body"] == "[[[[[["), "the body is kept as it came: {dead:?}");
    let path =
        format!("/dead-letters/{}/replay", dead[0]["id"].as_str().map_or_else(|| dead[0]["id"].to_string(), str::to_owned));
    admin.post(&path, serde_json::json!({})).await;
    let again = admin
        .until(|| async {
            let letters = admin.get("/dead-letters").await["items"].as_array().cloned().unwrap_or_default();
            (letters.len() == 4).then_some(letters)
        })
        .await;
    assert!(again.is_some(), "what still makes no sense is a dead letter again");
    let together = async |which| admin.post("/dead-letters/replay", which).await["queued"].clone();
    assert_eq!(
        together(serde_json::json!({ "inbox_id": gateway.inbox("zalo").await })).await,
        0,
        "none of them is of that inbox"
    );
    assert_eq!(together(serde_json::json!({ "inbox_id": gateway.inbox("webchat").await })).await, 4);
    visitor.says("phí ship bao nhiêu vậy shop").await;
    visitor.hears("25.000").await;
    gateway.stop().await;
}
