//! What platforms send: forged, doubled, malformed, unknown, all at once.

use crate::early::{arrive, event};
use crate::kit::{Engine, TestGateway, Visitor, database};
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

/// At once, right afterwards, and from a platform that heard no answer until the gateway was back.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_twice_counts_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    lan.says("alo shop").await;
    lan.next().await.expect("the bot answers");
    let at = gateway.gateway.clock.now() - 1_000;
    let of_lan = |what: &serde_json::Value| event(&lan.user, at, what);
    let all = [
        serde_json::json!({ "message": { "mid": "m_asks", "text": "phí ship bao nhiêu vậy shop" } }),
        serde_json::json!({ "postback": { "title": "Bắt đầu lại", "payload": "start" } }),
        serde_json::json!({ "message_edit": { "mid": "m_asks", "text": "phí ship đi Huế bao nhiêu vậy shop", "num_edit": 1 } }),
        serde_json::json!({ "reaction": { "mid": "m_asks", "action": "react", "emoji": "👍", "reaction": "like" } }),
        serde_json::json!({ "read": { "watermark": at } }),
    ];
    let all: Vec<serde_json::Value> = all.iter().map(of_lan).collect();
    let twice: Vec<serde_json::Value> = all.iter().chain(&all).cloned().collect();
    let told = async |gateway: &TestGateway| {
        let desk = gateway.desk("mai@demo.shop").await;
        let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
        let read = desk.until(|| async {
            let depth = gateway.gateway.db.read().await.ok()?.ledger_depth().await.ok()?;
            let messages = desk.messages(&thread).await;
            let on_its_way = messages.iter().any(|message| message["status"] == "queued");
            (depth == (0, 0) && !on_its_way).then_some(messages)
        });
        let messages = read.await.expect("all is taken in, and answered");
        let line =
            |m: &serde_json::Value| (m["seq"].clone(), m["author"]["kind"].clone(), m["text"].clone(), m["reactions"].clone());
        messages.iter().map(line).collect::<Vec<_>>()
    };
    arrive(&gateway, &twice).await;
    lan.hears("25.000").await;
    let once = told(&gateway).await;
    let asked = once.iter().filter(|(_, _, text, _)| *text == "phí ship đi Huế bao nhiêu vậy shop").count();
    assert_eq!(asked, 1, "{once:?}");
    arrive(&gateway, &all).await;
    assert_eq!(told(&gateway).await, once);
    let gateway = gateway.restart().await;
    arrive(&gateway, &twice).await;
    assert_eq!(told(&gateway).await, once);
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

/// What the platform posts, put into the ledger as if its signature had been checked.
async fn posted(gateway: &TestGateway, channel: &str, body: serde_json::Value) {
    let inbox = gateway.inbox(channel).await;
    let call = onethread_core::channel::RawCall { method: "POST".into(), body: body.to_string().into(), ..Default::default() };
    onethread::intake::keep(&gateway.gateway, &inbox.as_str().into(), vec![call], None).await.expect("the call is kept");
}

async fn account(gateway: &TestGateway, channel: &str) -> String {
    let inbox = gateway.inbox(channel).await;
    let row = gateway.gateway.db.read().await.expect("the database").inbox(&inbox.as_str().into()).await.expect("the inbox");
    row.account.expect("the platform names the account")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_a_person_sends_from_the_platforms_own_inbox_is_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("zalo", "Lan");
    lan.says("cho em xem mẫu áo với").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    let pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let picture = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, pixel).expect("a picture");
    let link = gateway.world.zalo.keep_picture(picture);
    let echo = serde_json::json!({
        "event_name": "oa_send_image", "timestamp": "1795000000123", "recipient": { "id": lan.user },
        "sender": { "id": account(&gateway, "zalo").await, "admin_id": "4021" },
        "message": { "msg_id": "echo-1", "text": "mẫu đây ạ",
            "attachments": [{ "type": "image", "payload": { "url": link } }] },
    });
    posted(&gateway, "zalo", echo).await;
    let kept = desk
        .message_where(&thread, |message| message["text"] == "mẫu đây ạ" && message["attachments"][0]["state"] == "stored")
        .await;
    assert_eq!((&kept["author"]["kind"], &kept["attachments"][0]["mime"]), (&"agent".into(), &"image/png".into()), "{kept}");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_strange_part_of_a_call_is_kept_and_its_good_parts_are_taken_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    lan.says("alo shop").await;
    lan.next().await.expect("the bot answers");
    let page = account(&gateway, "facebook").await;
    let good = serde_json::json!({ "sender": { "id": lan.user }, "recipient": { "id": page }, "timestamp": 1_795_000_000_123_i64,
        "message": { "mid": "m_good", "text": "vẫn đọc được" } });
    let strange = serde_json::json!({ "recipient": { "id": page }, "mystery": {} });
    let call = serde_json::json!({ "object": "page", "entry": [{ "id": page, "time": 1_795_000_000_500_i64, "messaging": [strange, good] }] });
    posted(&gateway, "facebook", call).await;
    let desk = gateway.desk("admin@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    desk.message_where(&thread, |message| message["text"] == "vẫn đọc được").await;
    let dead = desk.until(|| async { desk.get("/dead-letters").await["items"].as_array()?.first().cloned() }).await;
    let dead = dead.expect("the call stays, with its strange part");
    assert!(dead["error"].as_str().is_some_and(|why| why.contains("an event has no sender")), "{dead}");
    desk.post("/dead-letters/replay", serde_json::json!({})).await;
    let again =
        desk.until(|| async { (gateway.gateway.db.read().await.ok()?.ledger_depth().await.ok()? == (0, 1)).then_some(()) }).await;
    assert!(again.is_some(), "it still cannot be read");
    let said = desk.messages(&thread).await.into_iter().filter(|message| message["text"] == "vẫn đọc được").count();
    assert_eq!(said, 1, "a replay takes nothing in twice");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_starts_the_window_anew_where_the_platform_says_so_and_turning_away_never_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let desk = gateway.desk("mai@demo.shop").await;
    let last = async |name: &str| {
        desk.get(&format!("/threads/{}", desk.thread_of(name).await["id"].as_str().expect("an id"))).await
        ["identities"][0]["last_interaction_at"]
        .as_i64()
        .expect("the customer has written")
    };
    // Whoever was heard just now is not noted again.
    let minute_passes = "UPDATE identities SET last_interaction_at = last_interaction_at - 60000";
    let lan = gateway.customer("facebook", "Lan");
    lan.says("phí ship bao nhiêu").await;
    let fee = lan.hears("25.000").await;
    database::execute(gateway.gateway.config.database_url(), &[minute_passes]).await;
    let before = last("Lan").await;
    lan.does(Act::Reacts { message: fee.id, emoji: "❤️".into(), removed: false }).await;
    let later = desk.until(|| async { Some(last("Lan").await).filter(|at| *at > before) }).await;
    assert!(later.is_some(), "a reaction is an action of theirs");

    let hoa = gateway.customer("zalo", "Hoa");
    hoa.says("phí ship bao nhiêu").await;
    hoa.hears("25.000").await;
    database::execute(gateway.gateway.config.database_url(), &[minute_passes]).await;
    let before = last("Hoa").await;
    hoa.does(Act::Unfollows).await;
    let thread = desk.thread_of("Hoa").await["id"].as_str().expect("an id").to_owned();
    desk.message_where(&thread, |message| message["event"]["type"] == "unfollowed").await;
    assert_eq!(last("Hoa").await, before, "who turns away does not ask for an answer");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_given_up_says_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    use onethread_core::message::{Attachment, Content, FileKind, FileState};
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("em gửi hình sau ạ").await;
    let desk = gateway.desk("admin@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    let message = desk.message_where(&thread, |message| message["text"] == "em gửi hình sau ạ").await;
    let message = message["id"].as_str().expect("an id").to_owned();
    let inbox = gateway.inbox("telegram").await;
    desk.call("DELETE", &format!("/inboxes/{inbox}"), None).await;

    // A picture whose inbox was disabled before it was fetched, on its last try.
    let now = gateway.gateway.clock.now();
    let id = onethread_core::ids::FileId::fresh(now);
    let file = onethread_store::files::FileRow {
        id: id.0.clone(),
        kind: "image".into(),
        name: None,
        mime: None,
        size: None,
        state: "fetching".into(),
        inbox_id: Some(inbox),
        source: Some("file_1".into()),
        message_id: Some(message.clone()),
        created_at: now,
    };
    let picture = Attachment::File {
        id: id.clone(),
        kind: FileKind::Image,
        name: None,
        mime: None,
        size: None,
        state: FileState::Fetching,
    };
    let mut tx = gateway.gateway.db.begin().await.expect("the database");
    tx.add_file(&file).await.expect("the file is noted");
    let content = Content { attachments: vec![picture], ..Content::text("em gửi hình sau ạ") };
    tx.set_content(&message.as_str().into(), &content).await.expect("the message shows it");
    // Later, so that the gateway's own worker leaves it until it was tried that often.
    let later = now + 60_000;
    tx.queue_job("fetch_file", id.as_str(), serde_json::json!({}), later, now);
    tx.commit(now).await.expect("the job is written");
    let mut tx = gateway.gateway.db.begin().await.expect("the database");
    for _ in 0..8 {
        tx.claim_jobs(now, later, 10).await.expect("a worker tries");
    }
    tx.commit(now).await.expect("all of it is written");
    desk.message_where(&thread, |message| message["attachments"][0]["state"] == "failed").await;
    gateway.stop().await;
}
