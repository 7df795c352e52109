//! The bot misses something, people say what it means, and from the next version on it understands.

use crate::kit::{Desk, Engine, TestGateway};
use onethread::brain::Brain;
use rstest::rstest;
use serde_json::{Value, json};

/// What the demo shop answers with: 25.000đ.
const FEE: &str = "ans_shipping_fee";
const STRANGE: &str = "xqz blorp vnmtr kkp";

/// The first group of missed messages, once the bot has missed something.
async fn missed(desk: &Desk) -> Value {
    let groups = || async { desk.get("/learning/missed").await["groups"].as_array().and_then(|groups| groups.first().cloned()) };
    desk.until(groups).await.expect("what the bot missed is listed")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_filed_published_understood_and_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    // What another process on this database would know.
    let db = &gateway.gateway.db;
    let elsewhere = Brain::load(db, 0).await.expect("another brain learns the same");
    let lan = gateway.customer("zalo", "Lan");
    lan.says(STRANGE).await;
    let unsure = lan.hears("nhân viên").await;
    assert!(!unsure.text.contains("25.000"), "{}", unsure.text);

    // An agent files it under an answer; customers notice nothing yet.
    let mai = gateway.desk("mai@demo.shop").await;
    let group = missed(&mai).await;
    assert_eq!(group["examples"][0]["text"], STRANGE);
    assert_eq!(group["examples"][0]["thread_id"], mai.thread_of("Lan").await["id"]);
    let filing = json!({ "kind": "answer", "target": FEE, "message_ids": group["message_ids"] });
    assert_eq!(mai.post("/learning/phrases", filing).await, json!({ "phrases": 1, "settled": 1 }));
    assert_eq!(mai.get("/learning/missed").await["messages"], 0);
    let hoa = gateway.customer("telegram", "Hoa");
    hoa.says("XQZ, blorp vnmtr kkp ạ??").await;
    hoa.hears("nhân viên").await;
    assert_eq!(mai.get("/learning/missed").await["messages"], 0, "its like waits for the publishing, not for a filing");

    // An admin sees what would change, and publishes it.
    let admin = gateway.desk("admin@demo.shop").await;
    let rehearsal = admin.get("/learning/rehearsal?days=7").await;
    assert_eq!(rehearsal["figures"]["gained"], 2, "{rehearsal}");
    assert_eq!((&rehearsal["figures"]["lost"], &rehearsal["figures"]["changed"]), (&json!(0), &json!(0)), "{rehearsal}");
    let change = &rehearsal["changes"][0];
    assert_eq!((&change["before"]["does"], &change["after"]["does"]), (&json!("misses"), &json!("tells")), "{change}");
    assert_eq!((&change["after"]["target"], &change["taught"]), (&json!(FEE), &json!(true)), "{change}");
    let publishing = json!({ "draft": rehearsal["draft"], "live": rehearsal["live"], "note": "vụ blorp" });
    let standing = admin.post("/learning/versions", publishing).await;
    assert_eq!((&standing["live"], &standing["learnt"], &standing["added"]), (&json!(1), &json!(1), &json!(0)), "{standing}");
    let minh = gateway.customer("discord", "Minh");
    minh.says(STRANGE).await;
    minh.hears("25.000").await;
    let dung = gateway.customer("facebook", "Dung");
    dung.says("shop ơi cho em hỏi xqz blorp vnmtr kkp với ạ").await;
    dung.hears("25.000").await;
    assert_eq!(elsewhere.mind().version, 0);
    elsewhere.refresh(db).await.expect("another process looks now and then");
    assert_eq!(elsewhere.mind().version, 1, "and takes it up");

    // One click, and it is as before; the draft stays.
    let standing = admin.post("/learning/versions/0/restore", json!({ "live": 1 })).await;
    assert_eq!((&standing["live"], &standing["learnt"], &standing["added"]), (&json!(2), &json!(2), &json!(1)), "{standing}");
    let tam = gateway.customer("zalo", "Tâm");
    tam.says(STRANGE).await;
    let again = tam.hears("nhân viên").await;
    assert!(!again.text.contains("25.000"), "{}", again.text);
    let versions = admin.get("/learning/versions").await;
    assert_eq!((&versions["items"][0]["restores"], &versions["items"][1]["note"]), (&json!(0), &json!("vụ blorp")), "{versions}");
    assert_eq!(versions["items"][1]["figures"]["gained"], 2, "{versions}");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taught_outlives_a_restart(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let admin = gateway.desk("admin@demo.shop").await;
    admin.post("/learning/phrases", json!({ "kind": "answer", "target": FEE, "texts": [STRANGE] })).await;
    let standing = admin.get("/learning").await;
    admin.post("/learning/versions", json!({ "draft": standing["draft"], "live": 0 })).await;
    let before = admin.post("/answers/try", json!({ "text": STRANGE })).await;
    assert_eq!(before["answers"][0]["id"], json!(FEE), "{before}");
    let gateway = gateway.restart().await;
    let admin = gateway.desk("admin@demo.shop").await;
    assert_eq!(admin.post("/answers/try", json!({ "text": STRANGE })).await, before);
    gateway.stop().await;
}
