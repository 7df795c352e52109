//! How inboxes are, and how that is told.

use crate::kit::{Desk, Engine, TestGateway};
use onethread_core::channel::RawCall;
use onethread_simulator::Fault;
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

/// Wait until the inbox's health is in this state.
async fn health_is(admin: &Desk, inbox: &str, state: &str) -> Value {
    let path = format!("/inboxes/{inbox}");
    admin
        .until(|| async { Some(admin.get(&path).await["health"].clone()).filter(|health| health["state"] == state) })
        .await
        .unwrap_or_else(|| panic!("the inbox never became {state}"))
}

async fn metrics(gateway: &TestGateway) -> String {
    let answer = gateway.http.get(format!("{}/metrics", gateway.url)).send().await.expect("the gateway answers");
    answer.text().await.expect("metrics are text")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_line_is_bad_health_until_it_stands_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let admin = gateway.desk("admin@demo.shop").await;
    let inbox = gateway.inbox("discord").await;
    let lan = gateway.customer("discord", "Lan");
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    health_is(&admin, &inbox, "healthy").await;
    let measured = |text: &str, value: u8| {
        text.contains(&format!("onethread_inbox_healthy{{inbox=\"{inbox}\",channel=\"discord\"}} {value}\n"))
    };
    let text = metrics(&gateway).await;
    assert!(measured(&text, 1), "{text}");
    assert!(text.contains(&format!("onethread_inbox_last_heard_seconds{{inbox=\"{inbox}\"")), "{text}");

    gateway.world.discord.leave_identifies(0);
    gateway.world.discord.forget_sessions();
    let broken = health_is(&admin, &inbox, "unhealthy").await;
    assert!(broken["reason"].as_str().is_some_and(|why| why.contains("new sessions are used up")), "{broken}");
    let probed = admin.post(&format!("/inboxes/{inbox}/probe"), json!({})).await;
    assert_eq!(probed["health"]["state"], "unhealthy", "the token is good, the line is not: {probed}");
    assert_eq!(probed["health"]["since"], broken["since"]);
    assert!(measured(&metrics(&gateway).await, 0));

    gateway.world.discord.leave_identifies(100);
    let mended = health_is(&admin, &inbox, "healthy").await;
    assert_eq!(mended["reason"], "");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_connected_again_knows_its_people(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let admin = gateway.desk("admin@demo.shop").await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let inbox = gateway.inbox("telegram").await;
    let (status, _) = admin.call("DELETE", &format!("/inboxes/{inbox}"), None).await;
    assert_eq!(status, 204);
    let listed = async |path: &str| {
        let items = admin.get(path).await["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|one| one["id"] == inbox.as_str())
    };
    assert_eq!(listed("/inboxes").await, None);
    assert_eq!(listed("/inboxes?disabled=true").await.expect("it is kept")["state"], "disabled");

    // What came in the meantime waits.
    let said = json!({ "update_id": 990_001, "message": {
        "message_id": 990_001, "date": 1_795_000_000, "text": "em hỏi lúc shop nghỉ",
        "chat": { "id": lan.user.parse::<i64>().expect("a chat's id is a number"), "type": "private", "first_name": "Lan" },
        "from": { "id": lan.user.parse::<i64>().expect("a user's id is a number"), "is_bot": false, "first_name": "Lan" },
    }});
    let mut tx = gateway.gateway.db.begin().await.expect("the database");
    let (to, call) = (inbox.as_str().into(), RawCall::fetched(said.to_string()));
    tx.append_calls(&[(&to, &call)], false, 1_795_000_000_000).await.expect("it is kept");
    tx.commit(1_795_000_000_000).await.expect("it is kept");
    let dead = admin.until(|| async { admin.get("/dead-letters").await["items"].as_array()?.first().cloned() }).await;
    assert!(dead.expect("it is a dead letter")["error"].as_str().is_some_and(|why| why.contains("the inbox is disabled")));

    let base = format!("http://{}/telegram", gateway.world.address);
    let settings = gateway.platform("telegram").settings(&base);
    let again = admin.post("/inboxes", json!({ "channel": "telegram", "name": "Bot mới", "settings": settings })).await;
    assert_eq!(
        (again["id"].as_str(), again["state"].as_str(), again["name"].as_str()),
        (Some(&*inbox), Some("active"), Some("Bot mới"))
    );
    let replayed = admin.post("/dead-letters/replay", json!({ "inbox_id": inbox, "error": "the inbox is disabled" })).await;
    assert_eq!(replayed["queued"], 1);
    let thread = admin.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    admin.message_where(&thread, |message| message["text"] == "em hỏi lúc shop nghỉ").await;

    admin.call("PATCH", &format!("/inboxes/{inbox}"), Some(json!({ "disabled": true }))).await;
    assert_eq!(listed("/inboxes?disabled=true").await.expect("it is kept")["state"], "disabled");
    let (_, renamed) =
        admin.call("PATCH", &format!("/inboxes/{inbox}"), Some(json!({ "name": "Bot cũ", "paused": false }))).await;
    assert_eq!((renamed["name"].as_str(), renamed["state"].as_str()), (Some("Bot cũ"), Some("disabled")));
    let (_, back) = admin.call("PATCH", &format!("/inboxes/{inbox}"), Some(json!({ "disabled": false }))).await;
    assert_eq!((back["state"].as_str(), back["health"]["state"].as_str()), (Some("active"), Some("healthy")));
    let heard = lan.screen().len();
    lan.says("phí ship bao nhiêu vậy shop").await;
    let answered = admin.until(|| async { (lan.screen().len() > heard).then_some(()) }).await;
    assert!(answered.is_some(), "the bot answers again: {:?}", lan.texts());
    assert_eq!(admin.get("/customers?q=Lan").await["items"].as_array().map(Vec::len), Some(1), "the same people stay the same");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_an_inbox_fails_when_it_is_disabled_and_goes_once_it_is_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let admin = gateway.desk("admin@demo.shop").await;
    let thread = admin.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    admin.thread_is(&thread, "waiting").await;
    let (said, inbox) = (format!("/threads/{thread}/messages"), format!("/inboxes/{}", gateway.inbox("telegram").await));
    let switch = async |change: Value| assert_eq!(admin.call("PATCH", &inbox, Some(change)).await.0, 200);
    switch(json!({ "paused": true })).await;
    let message = admin.post(&said, json!({ "text": "Chị chờ em chút ạ" })).await;
    assert_eq!(message["status"], "queued");

    switch(json!({ "disabled": true })).await;
    let failed = admin.message_where(&thread, |m| m["id"] == message["id"] && m["status"] == "failed").await;
    assert_eq!(failed["error"]["code"], "inbox_disabled", "{failed}");
    let retry = format!("/messages/{}/retry", message["id"].as_str().expect("an id"));
    for (path, body) in [(&said, json!({ "text": "Chị ơi" })), (&retry, json!({}))] {
        let (status, refused) = admin.call("POST", path, Some(body)).await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("inbox_disabled")), "{refused}");
        assert!(refused["detail"].as_str().is_some_and(|why| why.contains("disabled")), "{refused}");
    }
    assert_eq!(gateway.gateway.db.read().await.expect("a database").outbox_depth().await.expect("counted"), (0, 0));

    switch(json!({ "disabled": false })).await;
    assert_eq!(lan.unheard(), 0);
    admin.post(&retry, json!({})).await;
    lan.hears("Chị chờ em").await;
    admin.message_where(&thread, |m| m["id"] == message["id"] && m["status"] == "sent").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_into_the_queue_of_a_disabled_inbox_fails_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let admin = gateway.desk("admin@demo.shop").await;
    let thread = admin.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    admin.thread_is(&thread, "waiting").await;
    let platform = gateway.platform("telegram");
    platform.faults().slow_down(Duration::from_secs(1));
    platform.faults().next(Fault::Throttled { retry_after: 1000 });
    let message = admin.post(&format!("/threads/{thread}/messages"), json!({ "text": "Dạ em đây" })).await;
    let under_way = async || (gateway.gateway.db.read().await.ok()?.outbox_depth().await.ok()? == (0, 1)).then_some(());
    admin.until(under_way).await.expect("it is on its way");
    let inbox = format!("/inboxes/{}", gateway.inbox("telegram").await);
    assert_eq!(admin.call("PATCH", &inbox, Some(json!({ "disabled": true }))).await.0, 200);
    let failed = admin.message_where(&thread, |m| m["id"] == message["id"] && m["status"] == "failed").await;
    assert_eq!(failed["error"]["code"], "inbox_disabled", "{failed}");
    assert_eq!((platform.faults().unmet(), lan.unheard()), (0, 0));
    gateway.stop().await;
}
