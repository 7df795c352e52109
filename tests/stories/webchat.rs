//! The shop's own chat.

use crate::kit::{Engine, TestGateway, Visitor};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_asked_for_and_a_person_answers_on_the_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let visitor = Visitor::arrive(&gateway).await;
    visitor.says("đơn DH1024 của em tới đâu rồi ạ").await;
    visitor.hears("4 số cuối").await;
    visitor.says("5678").await;
    visitor.hears("GHN").await;
    visitor.says("cho em gặp nhân viên").await;
    visitor.hears("").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let list = desk.get("/threads?view=waiting&channel=webchat").await;
    let id = list["items"][0]["id"].as_str().expect("the thread waits").to_owned();
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "Em chào chị <b>Lan</b>", "client_id": "a" })).await;
    let reply = visitor.hears("<b>Lan</b>").await;
    assert_eq!(reply["from"], "agent");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_page_sends_again_is_one_message(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let visitor = Visitor::arrive(&gateway).await;
    let id = uuid::Uuid::now_v7().to_string();
    for _ in 0..3 {
        assert!(visitor.says_as(&id, "phí ship bao nhiêu vậy shop").await < 300);
    }
    visitor.hears("25.000").await;
    let said = visitor.history().await.into_iter().filter(|entry| entry["from"] == "customer").count();
    assert_eq!(said, 1);
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn agents_see_that_a_visitor_types(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let visitor = Visitor::arrive(&gateway).await;
    visitor.says("cho em gặp nhân viên").await;
    visitor.hears("").await;
    let mut console = onethread::live::watch(gateway.gateway.clone(), None).await.expect("a console may watch");
    let stored = async || {
        let mut tx = gateway.gateway.db.begin().await.expect("the database");
        tx.prune_calls(i64::MAX, 1000).await.expect("the ledger can be pruned")
    };
    let before = stored().await;
    for _ in 0..10 {
        assert_eq!(visitor.types().await, 202);
    }
    let told = async {
        while let Some(shown) = console.next().await {
            if shown.data.contains("\"typing\"") {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(crate::kit::PATIENCE, told).await.expect("it is told in time"));
    gateway.gateway.bells.calls.notify_one();
    let rest = async {
        while gateway.gateway.db.read().await.expect("the database").ledger_depth().await.expect("the ledger").0 > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::kit::PATIENCE, rest).await.expect("the ledger is read");
    assert!(stored().await <= before + 3, "however fast they type, little is stored");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_was_sending_is_sent_again_however_long_ago_that_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let visitor = Visitor::arrive(&gateway).await;
    visitor.says("cho em gặp nhân viên").await;
    visitor.hears("").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let waiting = async || desk.get("/threads?view=waiting&channel=webchat").await["items"].get(0).cloned();
    let id = desk.until(waiting).await.expect("the thread waits")["id"].as_str().expect("an id").to_owned();
    let inbox = gateway.inbox("webchat").await.as_str().into();
    let (db, now) = (&gateway.gateway.db, gateway.gateway.clock.now());
    let mut tx = db.begin().await.expect("the database");
    tx.pause_inbox(&inbox, Some("so that nobody else sends it"), now).await.expect("paused");
    tx.commit(now).await.expect("written");
    desk.post(&format!("/threads/{id}/messages"), json!({ "text": "Em chào chị Lan" })).await;
    let mut tx = db.begin().await.expect("the database");
    tx.pause_inbox(&inbox, None, now).await.expect("it goes on");
    let claimed = tx.claim_parcels(&inbox, "a process that died", now - 300_000, now + 60_000, 9).await.expect("claimed");
    tx.commit(now).await.expect("written");
    assert_eq!(claimed.len(), 1);
    assert_eq!(visitor.hears("chị Lan").await["from"], "agent");
    desk.message_where(&id, |m| m["text"] == "Em chào chị Lan" && m["status"] != "queued" && m["status"] != "uncertain").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_file_is_read_once_the_page_has_shown_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let visitor = Visitor::arrive(&gateway).await;
    visitor.says("cho em gặp nhân viên").await;
    visitor.hears("").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let waiting = async || desk.get("/threads?view=waiting&channel=webchat").await["items"].get(0).cloned();
    let id = desk.until(waiting).await.expect("the thread waits")["id"].as_str().expect("an id").to_owned();
    let kept = onethread::media::keep(&gateway.gateway, Some("bảng giá.txt"), "khăn lụa 350.000".into()).await.expect("kept");
    let saying = json!({ "text": "Dạ bảng giá đây ạ", "attachments": [kept.id.0] });
    let said = desk.post(&format!("/threads/{id}/messages"), saying).await["id"].clone();
    let entry = visitor.hears("bảng giá").await;
    desk.message_where(&id, |message| message["id"] == said && message["status"] == "sent").await;
    visitor.sees(&entry).await;
    desk.message_where(&id, |message| message["id"] == said && message["status"] == "read").await;
    gateway.stop().await;
}
