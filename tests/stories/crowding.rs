//! A new customer's first messages, all at once and of every kind.

use crate::kit::{Engine, TestGateway};
use onethread_core::channel::RawCall;
use onethread_simulator::{Act, platform::SentFile};
use rstest::rstest;
use serde_json::{Value, json};

/// One transparent pixel.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// The beginning of an Ogg stream, which is all that a type is told from.
const SOUND: &str = "T2dnUwACAAAAAAAAAAAAAAAAAAAAAAAAAAABHgF2b3JiaXMAAAAAAkSsAAAAAAAAgLsAAAAAAAC4AQ==";
const TEXTS: usize = 50;

fn sends(kind: &str, bytes: &str, mime: &str, names: &[&str]) -> Act {
    let file = |name: &&str| SentFile { name: (*name).into(), mime: mime.into(), bytes: bytes.into() };
    Act::SendsFiles { kind: kind.into(), files: names.iter().map(file).collect(), caption: None }
}

fn said(messages: &[Value]) -> impl Iterator<Item = &Value> {
    messages.iter().filter(|message| message["author"]["kind"] == "customer")
}

/// How many of the customer's files of this kind are stored.
fn stored(messages: &[Value], kind: &str) -> usize {
    let files = said(messages).filter_map(|message| message["attachments"].as_array()).flatten();
    files.filter(|file| file["kind"] == kind && file["state"] == "stored").count()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_texts_an_album_a_picture_and_a_sound_at_once_make_one_customer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    let mut acts: Vec<Act> = (0..TEXTS).map(|n| Act::Says { text: format!("tin nhắn số {n} của em"), reply_to: None }).collect();
    acts.insert(10, sends("image", PICTURE, "image/png", &["1.png", "2.png", "3.png"]));
    acts.insert(20, sends("image", PICTURE, "image/png", &["4.png"]));
    acts.insert(21, sends("audio", SOUND, "audio/ogg", &["5.ogg"]));
    futures::future::join_all(acts.into_iter().map(|act| lan.does(act))).await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let id = thread["id"].as_str().expect("an id");
    let all = |messages: &[Value]| {
        let texts =
            said(messages).filter(|message| message["text"].as_str().is_some_and(|text| text.starts_with("tin nhắn số"))).count();
        texts == TEXTS && stored(messages, "image") == 4 && stored(messages, "audio") == 1
    };
    let arrived = desk.until(|| async { Some(desk.messages(id).await).filter(|messages| all(messages)) }).await;
    let arrived = match arrived {
        Some(arrived) => arrived,
        None => panic!("not everything arrived: {:#?}", desk.messages(id).await),
    };
    let seqs: Vec<i64> = arrived.iter().filter_map(|message| message["seq"].as_i64()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "the order has no gap: {seqs:?}");
    let customers = desk.get("/customers?q=Lan").await;
    assert_eq!(customers["items"].as_array().map(Vec::len), Some(1), "one customer");
    let threads = desk.get(&format!("/threads?view=all&channel={channel}")).await;
    assert_eq!(threads["items"].as_array().map(Vec::len), Some(1), "one thread");
    gateway.stop().await;
}

/// More at once than is taken in together: what does not fit is stored first, and nothing overtakes anything.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_stored_and_taken_in_in_order(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const FLOOD: usize = 900;
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.says("cho em gặp nhân viên với").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
    // From now on the bot is silent.
    desk.thread_is(&thread, "waiting").await;
    let inbox = gateway.inbox("telegram").await.as_str().into();
    let user: i64 = lan.user.parse().expect("a user's id is a number");
    let calls = (0..FLOOD).map(|n| {
        let person = json!({ "id": user, "is_bot": false, "first_name": "Lan" });
        let body = json!({ "update_id": 990_000 + n, "message": {
            "message_id": 990_000 + n, "date": 1_795_000_000, "text": format!("lũ {n}"),
            "chat": { "id": user, "type": "private", "first_name": "Lan" }, "from": person,
        }});
        onethread::intake::keep(&gateway.gateway, &inbox, vec![RawCall::fetched(body.to_string())], None)
    });
    for kept in futures::future::join_all(calls).await {
        kept.expect("it is kept");
    }
    let last = format!("lũ {}", FLOOD - 1);
    desk.message_where(&thread, |message| message["text"] == last).await;
    let thread = thread.as_str().into();
    let messages =
        gateway.gateway.db.read().await.expect("the database").messages_after(&thread, 0, 5000).await.expect("the thread");
    let flood: Vec<&str> = messages.iter().map(|row| row.content.text.as_str()).filter(|text| text.starts_with("lũ")).collect();
    assert_eq!(flood, (0..FLOOD).map(|n| format!("lũ {n}")).collect::<Vec<_>>());
    gateway.stop().await;
}
