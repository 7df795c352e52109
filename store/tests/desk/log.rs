//! The log of an embedded database is folded beside its writer.

use crate::kit::{Engine, NOW, TestDb};
use onethread_core::channel::RawCall;
use onethread_core::ids::InboxId;
use onethread_store::Db;
use rstest::rstest;
use sqlx::{Connection, SqliteConnection};
use std::time::Duration;
use tokio::task::JoinSet;

/// Before this version two connections that fold the log could lose pages.
#[tokio::test]
async fn sqlite_is_new_enough_for_a_folder_beside_the_writer() {
    let mut memory = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(&mut memory).await.unwrap();
    let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version >= vec![3, 51, 3], "{version:?}");
}

async fn store_some(db: &TestDb) {
    let (inbox, call) = (InboxId::from("inb_1"), RawCall::fetched(vec![b'x'; 5000]));
    db.write(async |tx| tx.append_calls(&[(&inbox, &call); 20], false, NOW).await).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_has_grown_long_is_folded_and_nothing_is_lost(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let embedded = engine == Engine::Sqlite;
    let db = TestDb::open(engine).await;
    store_some(&db).await;
    assert!(!db.fold_log(100_000, 0).await.unwrap(), "it is short");
    assert_eq!(db.fold_log(20, 0).await.unwrap(), embedded);
    assert!(!db.fold_log(1, 0).await.unwrap(), "nothing is left to fold");
    // Others write meanwhile.
    let mut folding = JoinSet::new();
    let beside = Db::clone(&db);
    folding.spawn(async move {
        for long in 0..20 {
            beside.fold_log(1, long * 50).await.unwrap();
        }
    });
    for _ in 0..20 {
        store_some(&db).await;
    }
    folding.join_all().await;
    assert_eq!(db.read().await.unwrap().ledger_depth().await.unwrap(), (420, 0));
}

/// All pages of the log, and how many of them are in the file.
async fn look(beside: &mut SqliteConnection) -> (i64, i64) {
    let (_, pages, folded): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(beside).await.unwrap();
    (pages, folded)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_folded_beside_whoever_writes() {
    let db = TestDb::open(Engine::Sqlite).await;
    let mut beside = SqliteConnection::connect(&db.url()).await.unwrap();
    store_some(&db).await;
    let writing = db.begin().await.unwrap();
    let folded = tokio::time::timeout(Duration::from_secs(20), db.fold_log(1, i64::MAX)).await;
    assert!(folded.expect("it waits for nobody").unwrap());
    let (pages, folded) = look(&mut beside).await;
    assert_eq!(pages, folded);
    writing.commit(NOW).await.unwrap();
}

/// A transaction that began before the log was folded cannot begin it anew, so what it wrote is left for the fold for
/// which the writer waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_log_begins_anew_although_somebody_writes_all_the_time() {
    let db = TestDb::open(Engine::Sqlite).await;
    let mut beside = SqliteConnection::connect(&db.url()).await.unwrap();
    store_some(&db).await;
    let (inbox, call) = (InboxId::from("inb_1"), RawCall::fetched(vec![b'x'; 5000]));
    let mut writing = db.begin().await.unwrap();
    let mut folding = JoinSet::new();
    let folder = Db::clone(&db);
    folding.spawn(async move { folder.fold_log(1, 0).await.unwrap() });
    let all_folded = async {
        while look(&mut beside).await.0 != look(&mut beside).await.1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_folded).await.expect("it is folded beside the writer");
    let (before, _) = look(&mut beside).await;
    writing.append_calls(&[(&inbox, &call); 20], false, NOW).await.unwrap();
    writing.commit(NOW).await.unwrap();
    assert_eq!(folding.join_all().await, [true]);
    let (long, folded) = look(&mut beside).await;
    assert!(long > before, "the log went on: {before} and {long} pages");
    assert_eq!(long, folded, "the writer waited for the rest");
    store_some(&db).await;
    let (anew, _) = look(&mut beside).await;
    assert!(anew < long, "the log begins anew: {anew} pages after {long}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_writer_does_not_wait_for_a_log_that_somebody_still_reads() {
    let db = TestDb::open(Engine::Sqlite).await;
    let mut reader = SqliteConnection::connect(&db.url()).await.unwrap();
    store_some(&db).await;
    let mut reading = reader.begin().await.unwrap();
    let (then,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM ledger").fetch_one(&mut *reading).await.unwrap();
    assert!(db.fold_log(1, i64::MAX).await.unwrap());
    store_some(&db).await;
    let writing = db.begin().await.unwrap();
    let folded = tokio::time::timeout(Duration::from_secs(20), db.fold_log(1, 0)).await;
    assert!(folded.expect("it does not wait for the writer's turn").unwrap());
    writing.commit(NOW).await.unwrap();
    let (now,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM ledger").fetch_one(&mut *reading).await.unwrap();
    assert_eq!(then, now, "what was read stays");
    reading.rollback().await.unwrap();
    assert!(db.fold_log(1, 0).await.unwrap());
    assert_eq!(db.read().await.unwrap().ledger_depth().await.unwrap(), (40, 0));
}
