//! What platforms tell of many replies at once.

use crate::early::{arrive, arrive_as_one, event};
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

/// A call whose edit had to wait is read once more. What else it said was true when it came, and is not said again.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_not_taken_in_again_with_what_waited_beside_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    lan.says("cho em gặp nhân viên").await;
    lan.next().await.expect("the hand-over is told");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    let path = format!("/threads/{thread}/messages");
    let answers = async |text: &str, status: &str| {
        desk.post(&path, json!({ "text": text })).await;
        lan.hears(text).await;
        desk.message_where(&thread, |message| message["text"] == text && message["status"] == status).await;
    };
    answers("dạ, em là Mai.", "delivered").await;
    let now = gateway.gateway.clock.now();
    let edit = json!({ "message_edit": { "mid": "m_late", "text": "à không, đơn DH1025", "num_edit": 1 } });
    // Nothing that comes in this story is newer.
    let seen = json!({ "read": { "watermark": now + 3_600_000 } });
    arrive_as_one(&gateway, &[event(&lan.user, now, &edit), event(&lan.user, now, &seen)]).await;
    desk.message_where(&thread, |message| message["text"] == "dạ, em là Mai." && message["status"] == "read").await;
    answers("Mình chờ em một chút ạ.", "delivered").await;
    let late = json!({ "message": { "mid": "m_late", "text": "đơn DH1024" } });
    arrive(&gateway, &[event(&lan.user, now, &late)]).await;
    desk.message_where(&thread, |message| message["text"] == "à không, đơn DH1025").await;
    let answer = desk.message_where(&thread, |message| message["text"] == "Mình chờ em một chút ạ.").await;
    assert_eq!(answer["status"], "delivered", "nobody has read it: {answer}");
    gateway.stop().await;
}
