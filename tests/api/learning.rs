//! Learning from the shop by the API: what is refused, what the draft and its versions are, and that the
//! bot learns more than the very texts.

use crate::caller::{Caller, gateway};
use onethread::auth::Role;
use serde_json::{Value, json};

async fn file(caller: &Caller, target: &str, texts: &[&str]) -> (u16, Value) {
    caller.call("POST", "/learning/phrases", Some(json!({ "kind": "intent", "target": target, "texts": texts }))).await
}

async fn publish(caller: &Caller) -> (u16, Value) {
    let standing = caller.get("/learning").await;
    let body = json!({ "draft": standing["draft"], "live": standing["live"], "note": "thử" });
    caller.call("POST", "/learning/versions", Some(body)).await
}

#[tokio::test]
async fn the_bot_learns_more_than_the_very_texts() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let top = async |text: &str| -> (String, f64) {
        let reading = admin.call("POST", "/answers/try", Some(json!({ "text": text }))).await.1;
        let best = &reading["intents"][0];
        (best["intent"].as_str().unwrap().to_owned(), best["probability"].as_f64().unwrap())
    };
    let taught = [
        "hôm nay có blorp không",
        "shop đang chạy blorp gì thế",
        "blorp tháng này ra sao",
        "khi nào có blorp nữa ạ",
        "blorp mới của shop",
    ];
    let unseen = "tuần này có blorp nào không";
    let (_, before) = top(unseen).await;
    assert_eq!(file(&admin, "promo", &taught).await, (201, json!({ "phrases": 5, "settled": 0 })));
    assert_eq!(top(unseen).await.1.to_bits(), before.to_bits(), "a draft changes nothing");
    assert_eq!(publish(&admin).await.0, 201);
    let (intent, probability) = top(unseen).await;
    assert!(intent == "promo" && probability > 0.5, "{intent} {probability}");
    let (intent, probability) = top("Shop đang chạy BLORP gì thế ạ??").await;
    assert!(intent == "promo" && probability > 0.9, "{intent} {probability}");
}

#[tokio::test]
async fn what_cannot_be_learnt_is_refused_with_its_field() {
    let gateway = gateway().await;
    let agent = Caller::program(&gateway, Role::Agent).await;
    let long = "a".repeat(1001);
    let many: Vec<String> = (0..2001).map(|n| format!("msg_{n}")).collect();
    for (body, field) in [
        (json!({ "kind": "intent", "target": "sing", "texts": ["la la la"] }), "target"),
        (json!({ "kind": "answer", "target": "ans_gone", "texts": ["la la la"] }), "target"),
        (json!({ "kind": "answer", "target": "", "texts": ["la la la"] }), "target"),
        (json!({ "kind": "mood", "target": "glad", "texts": ["la la la"] }), "kind"),
        (json!({ "kind": "not_mine", "texts": ["🙂", " ", "0912345678"] }), "texts"),
        (json!({ "kind": "not_mine", "texts": [long] }), "texts"),
        (json!({ "kind": "not_mine", "texts": ["la la"], "language": "fr" }), "language"),
        (json!({ "kind": "not_mine", "message_ids": ["msg_none"] }), "texts"),
        (json!({ "kind": "not_mine", "message_ids": many }), "message_ids"),
    ] {
        let (status, problem) = agent.call("POST", "/learning/phrases", Some(body)).await;
        assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some(field)), "{problem}");
    }
    assert_eq!(agent.get("/learning/phrases").await, json!({ "items": [], "removed": [] }));
    assert_eq!(agent.status("DELETE", "/learning/phrases/phr_none", None).await, 404);
    assert_eq!(agent.status("GET", "/learning/missed?days=-1", None).await, 400);
    assert_eq!(agent.status("GET", "/learning/missed?days=100000", None).await, 200, "90 days at most");
}

#[tokio::test]
async fn only_what_was_looked_at_is_published() {
    let gateway = gateway().await;
    let (admin, agent) = (Caller::program(&gateway, Role::Admin).await, Caller::program(&gateway, Role::Agent).await);
    let nothing = publish(&admin).await;
    assert_eq!(nothing.0, 409, "{}", nothing.1);
    file(&agent, "promo", &["blorp ơi"]).await;
    let seen = agent.get("/learning/rehearsal").await;
    file(&agent, "promo", &["blorp nữa"]).await;
    let late = json!({ "draft": seen["draft"], "live": 0 });
    let (status, problem) = admin.call("POST", "/learning/versions", Some(late)).await;
    assert_eq!((status, problem["type"].as_str()), (409, Some("https://onethread.dev/problems/draft-changed")), "{problem}");
    assert_eq!(publish(&agent).await.0, 403);
    assert_eq!(publish(&admin).await.0, 201);
    let stale = json!({ "draft": admin.get("/learning").await["draft"], "live": 0 });
    assert_eq!(admin.status("POST", "/learning/versions", Some(stale)).await, 409);
    assert_eq!(admin.status("POST", "/learning/versions/0/restore", Some(json!({ "live": 0 }))).await, 409);
    assert_eq!(admin.status("POST", "/learning/versions/7/restore", Some(json!({ "live": 1 }))).await, 404);
    assert_eq!(admin.get("/learning").await["live"], 1, "what was refused changed nothing");
}

#[tokio::test]
async fn the_draft_says_what_waits_and_what_leaves_and_can_be_thrown_away() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let hostile = "<img src=x onerror=alert(1)> blorp \u{202e}evil";
    file(&admin, "promo", &["blorp một", hostile]).await;
    publish(&admin).await;
    file(&admin, "price", &["BLORP một!", "blorp ba"]).await;
    let phrases = admin.get("/learning/phrases").await;
    let items = phrases["items"].as_array().unwrap();
    let of = |text: &str| items.iter().find(|item| item["text"] == text).unwrap_or_else(|| panic!("{text} in {phrases}")).clone();
    assert_eq!(items.len(), 3, "the same words mean one thing: {phrases}");
    assert_eq!((&of("BLORP một!")["target"], &of("BLORP một!")["live"]), (&json!("price"), &json!(false)));
    assert_eq!(of(hostile)["live"], true, "text is text");
    let gone = of(hostile)["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.status("DELETE", &format!("/learning/phrases/{gone}"), None).await, 204);
    let standing = admin.get("/learning").await;
    assert_eq!((&standing["phrases"], &standing["added"], &standing["removed"]), (&json!(2), &json!(2), &json!(1)), "{standing}");
    assert_eq!(admin.get("/learning/phrases").await["removed"][0]["text"], hostile);

    assert_eq!(admin.status("DELETE", "/learning/draft", None).await, 204);
    let standing = admin.get("/learning").await;
    assert_eq!((&standing["phrases"], &standing["added"], &standing["removed"]), (&json!(2), &json!(0), &json!(0)), "{standing}");
}

#[tokio::test]
async fn versions_come_in_pages_newest_first() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    for text in ["blorp một", "blorp hai", "blorp ba"] {
        file(&admin, "promo", &[text]).await;
        assert_eq!(publish(&admin).await.0, 201);
    }
    let first = admin.get("/learning/versions?limit=2").await;
    let numbers =
        |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["number"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!((numbers(&first), first["items"][0]["phrases"].as_i64()), (vec![3, 2], Some(3)));
    let rest = admin.get(&format!("/learning/versions?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &Value::Null));
    assert_eq!(admin.status("GET", "/learning/versions?cursor=x", None).await, 400);
}
