//! What platforms tell of many replies at once.

use crate::early::{arrive, event};
use crate::kit::{Engine, TestGateway};
use onethread_core::ids::MessageId;
use rstest::rstest;
use serde_json::{Value, json};

fn of_mai(messages: &Value) -> Vec<&Value> {
    let items = messages["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter(|message| message["author"]["kind"] == "agent").collect()
}

/// More than a thread is looked back on beyond what is known to be read.
const ANSWERS: usize = 14;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_names_the_newest_and_covers_all_before_it_reads_them_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let path = format!("/threads/{}/messages", thread["id"].as_str().expect("an id"));
    for n in 0..ANSWERS {
        desk.post(&path, json!({ "text": format!("dạ, câu {n}.") })).await;
        lan.hears(&format!("câu {n}.")).await;
    }
    let all_are = async |status: &str| {
        let all = desk.until(|| async {
            let messages = desk.get(&path).await;
            let answers = of_mai(&messages);
            let all = answers.len() == ANSWERS && answers.iter().all(|message| message["status"] == status);
            all.then(|| answers.iter().filter_map(|message| Some(message["id"].as_str()?.to_owned())).collect::<Vec<_>>())
        });
        all.await.unwrap_or_else(|| panic!("not all are {status}"))
    };
    let newest: MessageId = all_are("delivered").await.into_iter().max().expect("there are some").as_str().into();
    let db = &gateway.gateway.db;
    let mut conn = db.read().await.expect("the database is there");
    let identity = conn.message(&newest).await.expect("the message").identity_id.expect("it went to somebody");
    let mid = conn.platform_id_of(&identity.into(), &newest).await.expect("the database is there").expect("it has gone");
    drop(conn);
    let now = gateway.gateway.clock.now();
    arrive(&gateway, &[event(&lan.user, now, &json!({ "read": { "mids": [mid], "watermark": now } }))]).await;
    all_are("read").await;
    gateway.stop().await;
}
