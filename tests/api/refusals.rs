//! What a refusal looks like: always the same shape, always with what to do.

use crate::caller::{Caller, gateway};
use crate::kit::{Engine, TestGateway};
use onethread::auth::Role;
use rstest::rstest;
use serde_json::{Value, json};

#[tokio::test]
async fn every_refusal_says_what_is_wrong_and_where() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let mut refusals = Vec::new();
    for (method, path, body) in [
        ("GET", "/nowhere", None),
        ("DELETE", "/threads", None),
        ("GET", "/threads/thr_none", None),
        ("GET", "/threads/%ff", None),
        ("GET", "/threads?view=lost", None),
        ("GET", "/threads?limit=many", None),
        ("GET", "/threads?channel=pigeon", None),
        ("GET", "/threads?cursor=mine", None),
        ("GET", "/orders?status=lost", None),
        ("GET", "/dead-letters?cursor=x", None),
        ("POST", "/agents", Some(json!({ "email": "lan", "name": "Lan", "role": "agent", "password": "mật khẩu dài" }))),
        ("POST", "/agents", Some(json!({ "email": "lan@shop.vn", "name": "Lan", "role": "boss", "password": "mật khẩu dài" }))),
        ("POST", "/agents", Some(json!({ "email": "lan@shop.vn", "name": "Lan", "role": "agent" }))),
        ("POST", "/agents", Some(json!({ "email": "lan@shop.vn", "name": "Lan", "role": "agent", "password": "ngắn" }))),
        ("POST", "/canned-replies", Some(json!({ "shortcut": "a b", "text": "x", "colour": "red" }))),
        ("POST", "/canned-replies", Some(json!({ "shortcut": "a b", "text": "x" }))),
        ("PUT", "/orders/DH1", Some(json!({ "status": "shipped", "total": -5, "phone": "x" }))),
        ("POST", "/answers", Some(json!({ "title": "", "vi": { "questions": ["Phí ship?"] } }))),
        ("POST", "/inboxes", Some(json!({ "channel": "pigeon", "name": "Pigeon", "settings": {} }))),
    ] {
        let (status, problem) = admin.call(method, path, body).await;
        assert!(
            problem["type"].as_str().is_some_and(|kind| kind.starts_with("https://onethread.dev/problems/")),
            "{method} {path}: {problem}"
        );
        assert_eq!(problem["status"], status);
        refusals.push(json!({ "asked": format!("{method} {path}"), "problem": problem }));
    }
    insta::assert_json_snapshot!(refusals);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_by_its_kind() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let post =
        |kind: &'static str, body: Vec<u8>| admin.request("POST", "/agents").header("content-type", kind).body(body).send();
    assert_eq!(post("application/json", b"{".to_vec()).await.unwrap().status(), 400);
    assert_eq!(post("text/plain", b"{}".to_vec()).await.unwrap().status(), 415);
    let answer = post("application/json", vec![b' '; 1024 * 1024 + 1]).await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[rstest]
#[tokio::test]
async fn what_a_database_cannot_store_or_search_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let long = "x".repeat(60_000);
    for path in ["/threads?q=%00", "/customers?q=a%00", "/orders/%00", "/answers/ans%00", "/threads/thr_%00/messages"] {
        assert_eq!(admin.status("GET", path, None).await, 400, "{path}");
    }
    for path in ["/threads", "/customers", "/orders", "/answers"] {
        assert_eq!(admin.status("GET", &format!("{path}?q={long}"), None).await, 400, "{path}");
    }
    let canned = |text: &str| Some(json!({ "shortcut": "nul", "text": text }));
    assert_eq!(admin.status("POST", "/canned-replies", canned("a\0b")).await, 422);
    assert_eq!(admin.status("POST", "/canned-replies", canned("a\\u0000b")).await, 201, "a typed backslash is a backslash");
    let nul = "{\"code\":\"NUL1\",\"status\":\"placed\",\"customer_name\":\"La\\u0000n\"}";
    let import =
        admin.request("POST", "/orders/import").header("content-type", "application/jsonl").body(nul).send().await.unwrap();
    assert_eq!(import.json::<Value>().await.unwrap()["imported"], 1);
    assert_eq!(admin.get("/orders/NUL1").await["customer_name"], "Lan");
}

#[tokio::test]
async fn a_call_to_a_hook_that_is_none_or_too_large_is_refused_and_not_kept() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    assert_eq!(stranger.status("POST", "/raw/hooks/inb_none", Some(json!({}))).await, 404);
    let hook = format!("/raw/hooks/{}", gateway.inbox("telegram").await);
    let large = stranger.request("POST", &hook).body(vec![b'x'; 1024 * 1024 + 1]).send().await.unwrap();
    assert_eq!(large.status(), 413);
    assert_eq!(large.json::<Value>().await.unwrap()["status"], 413);
    assert_eq!(gateway.gateway.db.read().await.unwrap().ledger_depth().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn supervisors_are_told_how_it_is() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    assert_eq!(stranger.status("GET", "/raw/healthz", None).await, 200);
    assert_eq!(stranger.status("GET", "/raw/readyz", None).await, 200);
    let metrics = stranger.send("GET", "/raw/metrics", None).await.text().await.unwrap();
    assert!(metrics.contains("onethread_ledger_waiting 0"), "{metrics}");
    assert!(metrics.contains("route=\"/healthz\""), "{metrics}");
    assert_eq!(stranger.status("MADEUP", "/raw/healthz", None).await, 405);
    let metrics = stranger.send("GET", "/raw/metrics", None).await.text().await.unwrap();
    assert!(metrics.contains("method=\"other\"") && !metrics.contains("MADEUP"), "{metrics}");
}
