//! A new customer's first messages, all at once and of every kind.

use crate::kit::{Engine, TestGateway};
use onethread_simulator::{Act, platform::SentFile};
use rstest::rstest;
use serde_json::Value;

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
