//! The process is killed without warning, again and again, while customers
//! write; then everything that was acknowledged is in its thread once and in
//! order, and no reply was said twice where the platform can tell.
//!
//! `ONETHREAD_CRASHES` says how often it is killed (default: a short form).

#![expect(clippy::disallowed_methods, reason = "tests are outside the house's rules for tasks, clients and the environment")]

#[path = "../kit/database.rs"]
mod database;
mod program;

use database::{Database, Engine};
use onethread_simulator::{Act, BubbleFrom, Fault, Platform, World};
use program::Program;
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Customers on each platform.
const CUSTOMERS: usize = 3;

/// One customer who numbers what they write.
struct Writer {
    platform: Arc<dyn Platform>,
    user: String,
    name: String,
}

impl Writer {
    /// Write until told to stop; answers the texts that the gateway acknowledged, in order.
    async fn write(&self, stop: Arc<AtomicBool>) -> Vec<String> {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let text = format!("phí ship bao nhiêu vậy shop, câu {number} của {}", self.name);
            let act = Act::Says { text: text.clone(), reply_to: None };
            // While the gateway is down nothing is acknowledged, and the platform may try again later.
            if self.platform.act(&self.user, act).await.is_ok() {
                acknowledged.push(text);
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        acknowledged
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill_once_and_in_order(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kills = std::env::var("ONETHREAD_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let world = World::start(([127, 0, 0, 1], 0).into()).await.expect("the simulated platforms start");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database = Database::make(engine, folder.path()).await;
    let mut program = Program::start(folder.path(), &database.url).await;
    program.seed().await;
    for platform in world.platforms() {
        let hook = program.connect(platform.kind(), platform.settings(&world.base(platform.as_ref()))).await;
        platform.point_at(&hook);
    }
    let writers: Vec<Arc<Writer>> =
        world.platforms().into_iter().flat_map(|platform| (0..CUSTOMERS).map(move |n| writer(&platform, n))).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let writing: Vec<_> = writers
        .iter()
        .map(|writer| {
            tokio::spawn({
                let (writer, stop) = (writer.clone(), stop.clone());
                async move { writer.write(stop).await }
            })
        })
        .collect();
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(700 + 331 * (kill % 5))).await;
        for platform in world.platforms() {
            platform.faults().next(if kill % 2 == 0 { Fault::ServerError } else { Fault::Throttled { retry_after: 200 } });
        }
        program.kill().await;
        program = program.again().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for writing in writing {
        acknowledged.push(writing.await.expect("a writer does not panic"));
    }
    program.wait_until_quiet().await;
    let mut total = 0;
    for (writer, acknowledged) in writers.iter().zip(acknowledged) {
        assert!(!acknowledged.is_empty(), "{} was heard at all", writer.name);
        total += acknowledged.len();
        let messages = program.messages_of(&writer.name).await;
        everything_is_there_once_and_in_order(&writer.name, &messages, &acknowledged);
        no_reply_was_said_twice(writer, &messages);
    }
    println!("{total} acknowledged messages survived {kills} kills on {engine:?}");
    program.kill().await;
}

fn writer(platform: &Arc<dyn Platform>, number: usize) -> Arc<Writer> {
    let name = format!("Khách{number} {}", platform.kind());
    Arc::new(Writer { platform: platform.clone(), user: platform.introduce(&name), name })
}

fn everything_is_there_once_and_in_order(name: &str, messages: &[Value], acknowledged: &[String]) {
    let seqs: Vec<i64> = messages.iter().filter_map(|m| m["seq"].as_i64()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{name}: the thread has no gap: {seqs:?}");
    let said: Vec<&str> =
        messages.iter().filter(|m| m["author"]["kind"] == "customer").filter_map(|m| m["text"].as_str()).collect();
    for text in acknowledged {
        let times = said.iter().filter(|said| *said == text).count();
        assert_eq!(times, 1, "{name}: {text:?} is in the thread {times} times");
    }
    // A message that came back on a later try may stand later, but never before an older acknowledged one.
    let places: Vec<usize> = acknowledged.iter().filter_map(|text| said.iter().position(|said| said == text)).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{name}: acknowledged messages keep their order");
}

fn no_reply_was_said_twice(writer: &Writer, messages: &[Value]) {
    let replies: Vec<&Value> = messages.iter().filter(|m| m["author"]["kind"] == "bot").collect();
    let with = |statuses: &[&str]| replies.iter().filter(|m| m["status"].as_str().is_some_and(|s| statuses.contains(&s))).count();
    let (sent, uncertain) = (with(&["sent", "delivered", "read"]), with(&["uncertain"]));
    let heard =
        writer.platform.phones().of(&writer.user).bubbles.iter().filter(|bubble| bubble.from == BubbleFrom::Business).count();
    assert_eq!(sent + uncertain + with(&["failed", "withheld"]), replies.len(), "{}: nothing is left under way", writer.name);
    assert!(
        (sent..=sent + uncertain).contains(&heard),
        "{}: {heard} replies on the phone, {sent} sent, {uncertain} uncertain",
        writer.name
    );
}
