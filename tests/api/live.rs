//! The live stream: hello, what was missed, what happens.

use crate::caller::{Caller, gateway};
use futures::StreamExt;
use onethread::auth::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// One console's stream.
struct Stream {
    bytes: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Stream {
    async fn open(caller: &Caller, last: Option<i64>) -> Self {
        let caller = last.map_or_else(|| caller.clone(), |last| caller.with("last-event-id", last.to_string()));
        let answer = caller.send("GET", "/live", None).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(!answer.headers().contains_key("content-encoding"), "a compressed stream arrives late");
        Self { bytes: answer.bytes_stream().boxed(), text: String::new() }
    }

    /// The next event: its id and its data. `None` at the end.
    async fn next(&mut self) -> Option<(Option<i64>, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let Some(data) = field("data:") else { continue };
                return Some((field("id:").and_then(|id| id.parse().ok()), serde_json::from_str(data).unwrap()));
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(10), self.bytes.next()).await.expect("something is told in time")?;
            self.text.push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        }
    }

    /// The next event of this type.
    async fn next_of(&mut self, kind: &str) -> (i64, Value) {
        loop {
            let (id, data) = self.next().await.expect("the stream goes on");
            if data["type"] == kind {
                return (id.expect("a recorded event has an id"), data);
            }
        }
    }
}

async fn rename(admin: &Caller, agent: &str, name: &str) {
    assert_eq!(admin.status("PATCH", &format!("/agents/{agent}"), Some(json!({ "name": name }))).await, 200);
}

async fn an_agent(admin: &Caller) -> String {
    admin.get("/agents").await["items"][1]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_change_is_told_at_once_with_the_thing_as_it_stands() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let agent = an_agent(&admin).await;
    let mut stream = Stream::open(&admin, None).await;
    let (id, hello) = stream.next().await.unwrap();
    assert_eq!((hello["type"].as_str(), hello["fresh"].as_bool(), hello["cursor"].as_i64()), (Some("hello"), Some(true), id));

    rename(&admin, &agent, "Ngọc Mai Trần").await;
    let (_, told) = stream.next_of("agent").await;
    assert_eq!(told["agent"]["name"], "Ngọc Mai Trần");

    gateway.customer("zalo", "Lan").says("shop ơi").await;
    let (_, told) = stream.next_of("message").await;
    assert_eq!(told["message"]["text"], "shop ơi");
    let (_, told) = stream.next_of("thread").await;
    assert_eq!(told["thread"]["id"], admin.get("/threads").await["items"][0]["id"]);
}

#[tokio::test]
async fn what_was_missed_is_told_first_and_nothing_twice() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let agent = an_agent(&admin).await;
    let mut first = Stream::open(&admin, None).await;
    rename(&admin, &agent, "Một").await;
    let (seen, _) = first.next_of("agent").await;
    drop(first);

    rename(&admin, &agent, "Hai").await;
    let mut second = Stream::open(&admin, Some(seen)).await;
    let (_, hello) = second.next().await.unwrap();
    assert_eq!((hello["fresh"].as_bool(), hello["cursor"].as_i64()), (Some(false), Some(seen)));
    rename(&admin, &agent, "Ba").await;
    let (one, _) = second.next_of("agent").await;
    let (two, told) = second.next_of("agent").await;
    assert_eq!((one, two), (seen + 1, seen + 2));
    assert_eq!(told["agent"]["name"], "Ba");
}

#[tokio::test]
async fn a_cursor_from_the_future_starts_afresh() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let (_, hello) = Stream::open(&admin, Some(1_000_000)).await.next().await.unwrap();
    assert_eq!(hello["fresh"], true);
}

#[tokio::test]
async fn another_process_on_the_same_database_is_heard() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let agent = an_agent(&admin).await;
    let mut stream = Stream::open(&admin, None).await;
    stream.next().await.unwrap();
    let other = onethread_store::Db::open(gateway.gateway.config.database_url()).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    tx.tell(onethread_store::live::Told::Agent { agent: agent.clone() });
    tx.commit(1).await.unwrap();
    assert_eq!(stream.next_of("agent").await.1["agent"]["id"], agent);
}

#[tokio::test]
async fn a_stop_ends_every_stream_and_waits_for_none() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let mut stream = Stream::open(&admin, None).await;
    stream.next().await.unwrap();
    let started = std::time::Instant::now();
    gateway.stop().await;
    assert!(stream.next().await.is_none());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
