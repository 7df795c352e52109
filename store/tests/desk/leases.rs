//! Work that only one process may do at a time.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use onethread_store::Db;
use rstest::rstest;
use tokio::task::JoinSet;

#[rstest]
#[tokio::test]
async fn a_lease_has_one_holder_until_it_ends_or_is_dropped(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let hold = async |who: &str, until, now| db.write(async |tx| tx.hold_lease("sender", who, until, now).await).await.unwrap();
    assert!(hold("a", NOW + 10, NOW).await);
    assert!(!hold("b", NOW + 20, NOW + 5).await);
    assert!(hold("a", NOW + 15, NOW + 5).await, "its holder renews it");
    assert!(!hold("b", NOW + 20, NOW + 15).await, "until its end, the end included");
    assert!(hold("b", NOW + 30, NOW + 16).await);
    assert!(!hold("a", NOW + 40, NOW + 17).await, "who let it expire has lost it");

    db.write(async |tx| tx.drop_lease("sender", "a").await).await.unwrap();
    assert!(!hold("a", NOW + 40, NOW + 18).await, "only its holder can drop it");
    db.write(async |tx| tx.drop_lease("sender", "b").await).await.unwrap();
    assert!(hold("a", NOW + 40, NOW + 18).await);
    assert!(
        db.write(async |tx| tx.hold_lease("reader", "b", NOW + 40, NOW).await).await.unwrap(),
        "another name is another lease"
    );
    db.write(async |tx| tx.drop_leases_of("nobody").await).await.unwrap();
    assert!(!hold("y", NOW + 45, NOW + 18).await);
    db.write(async |tx| tx.drop_leases_of("a").await).await.unwrap();
    assert!(hold("y", NOW + 45, NOW + 18).await, "whoever stops lets go of all");
    db.write(async |tx| tx.drop_all_leases().await).await.unwrap();
    assert!(hold("z", NOW + 50, NOW + 18).await, "after a start nothing is held");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_who_want_it_at_once_one_holds_the_lease(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut rivals = JoinSet::new();
    for n in 0..10 {
        let db = Db::clone(&db);
        rivals.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let held = tx.hold_lease("sender", &n.to_string(), NOW + 10, NOW).await.unwrap();
            tx.commit(NOW).await.unwrap();
            held
        });
    }
    assert_eq!(rivals.join_all().await.into_iter().filter(|held| *held).count(), 1);
}
