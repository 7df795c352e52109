//! Committed, and kept.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use onethread_store::live::Told;
use rstest::rstest;
use std::pin::pin;
use std::time::Duration;

/// Whether it is there already.
async fn is_there<T>(word: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::ZERO, word).await.is_ok()
}

#[rstest]
#[tokio::test]
async fn nobody_is_told_of_a_transaction_before_it_is_kept(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut told = pin!(db.told());
    let mut tx = db.begin().await.unwrap();
    tx.tell(Told::Thread { thread: "t".into() });
    let committed = tx.write(NOW).await.unwrap();
    assert!(!is_there(told.as_mut()).await);
    // The next one builds on it, and need not wait for it.
    let mut next = db.begin().await.unwrap();
    assert_eq!(next.live_events_after(0, 10).await.unwrap().len(), 1);
    next.commit(NOW).await.unwrap();
    assert!(!is_there(told.as_mut()).await, "the next one said nothing");
    committed.kept().await.unwrap();
    db.all_kept().await.unwrap();
    assert!(is_there(told).await);
    assert!(!is_there(db.broken()).await, "this disk keeps what it is given");
}

/// Whoever waited for an answer may hang up.
#[rstest]
#[tokio::test]
async fn what_is_committed_is_told_even_if_nobody_waits_for_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let told = db.told();
    let mut tx = db.begin().await.unwrap();
    tx.tell(Told::Thread { thread: "t".into() });
    drop(tx.write(NOW).await.unwrap());
    assert!(is_there(told).await);
}
