//! The log of an embedded database is folded beside its writer.

use crate::kit::{Engine, NOW, TestDb};
use onethread_core::channel::RawCall;
use onethread_core::ids::InboxId;
use onethread_store::Db;
use rstest::rstest;
use sqlx::{Connection, SqliteConnection};
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
    // Others write and read meanwhile.
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
