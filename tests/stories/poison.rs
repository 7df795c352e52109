//! The database refuses one message: whoever wrote beside it must not suffer.

use crate::kit::{Engine, TestGateway, database};
use rstest::rstest;
use serde_json::json;

const ON_SQLITE: &[&str] = &[
    "CREATE TRIGGER refusing BEFORE INSERT ON messages WHEN NEW.content LIKE '%không ghi được%' BEGIN SELECT RAISE(ABORT, 'refused'); END",
];
const ON_POSTGRES: &[&str] = &[
    "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER refusing BEFORE INSERT ON messages FOR EACH ROW WHEN (CAST(NEW.content AS TEXT) LIKE '%không ghi được%') EXECUTE FUNCTION refuse()",
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_written_becomes_a_dead_letter_and_holds_up_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    gateway.forgive_errors();
    let url = gateway.gateway.config.database_url();
    let (refuse, allow) = match engine {
        Engine::Sqlite => (ON_SQLITE, "DROP TRIGGER refusing"),
        Engine::Postgres => (ON_POSTGRES, "DROP TRIGGER refusing ON messages"),
    };
    database::execute(url, refuse).await;
    let people: Vec<_> = (0..12).map(|n| gateway.customer("telegram", &format!("Khách {n}"))).collect();
    let says = people.iter().enumerate().map(|(n, one)| async move {
        match n {
            5 => one.says("tin này không ghi được").await,
            _ => one.says("xin chào shop").await,
        }
    });
    futures::future::join_all(says).await;
    for (n, one) in people.iter().enumerate().filter(|(n, _)| *n != 5) {
        assert!(one.next().await.is_some(), "customer {n} is answered");
    }
    let admin = gateway.desk("admin@demo.shop").await;
    let dead = admin.until(|| async { admin.get("/dead-letters").await["items"].as_array()?.first().cloned() }).await;
    let dead = dead.expect("it is kept as a dead letter");
    assert!(dead["error"].as_str().is_some_and(|why| why.contains("refused")), "{dead}");
    assert_eq!(admin.get("/dead-letters").await["items"].as_array().map(Vec::len), Some(1), "nothing else is");

    database::execute(url, &[allow]).await;
    let id = dead["id"].as_str().expect("an id");
    admin.post(&format!("/dead-letters/{id}/replay"), json!({})).await;
    let thread = admin.thread_of("Khách 5").await;
    let thread = thread["id"].as_str().expect("an id");
    admin.message_where(thread, |message| message["text"] == "tin này không ghi được").await;
    for (n, one) in people.iter().enumerate().filter(|(n, _)| *n != 5) {
        assert_eq!(one.screen().len(), 1, "customer {n} is answered once");
    }
    gateway.stop().await;
}
