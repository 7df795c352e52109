//! Work that follows a transaction.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use onethread_store::Db;
use onethread_store::jobs::JobRow;
use rstest::rstest;
use serde_json::json;
use std::collections::HashSet;
use tokio::task::JoinSet;

async fn queue(db: &TestDb, key: &str, run_at: i64) {
    db.write(async |tx| {
        tx.queue_job("fetch", key, json!({ "key": key }), run_at, NOW);
        Ok(())
    })
    .await
    .unwrap();
}

async fn claim(db: &TestDb, until: i64, now: i64, limit: i64) -> Vec<JobRow> {
    let mut jobs = db.write(async |tx| tx.claim_jobs(until, now, limit).await).await.unwrap();
    jobs.sort_by(|a, b| a.key.cmp(&b.key));
    jobs
}

fn keys(jobs: &[JobRow]) -> Vec<&str> {
    jobs.iter().map(|job| job.key.as_str()).collect()
}

#[rstest]
#[tokio::test]
async fn a_job_is_done_when_it_is_due_and_then_gone(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let next = async || db.read().await.unwrap().next_job_at().await.unwrap();
    assert_eq!(next().await, None);
    queue(&db, "b", NOW + 10).await;
    queue(&db, "a", NOW + 5).await;
    assert_eq!(next().await, Some(NOW + 5));
    assert!(claim(&db, NOW + 100, NOW + 4, 10).await.is_empty());
    let due = claim(&db, NOW + 100, NOW + 9, 10).await;
    assert_eq!((keys(&due), &due[0].payload.0, due[0].attempts), (vec!["a"], &json!({ "key": "a" }), 1));
    assert_eq!(due[0].kind, "fetch");
    db.write(async |tx| tx.finish_job(&due[0].id).await).await.unwrap();
    assert_eq!(keys(&claim(&db, NOW + 300, NOW + 200, 10).await), ["b"]);
    assert_eq!(next().await, Some(NOW + 300));
}

#[rstest]
#[tokio::test]
async fn the_same_job_is_queued_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for _ in 0..3 {
        queue(&db, "a", NOW).await;
    }
    db.write(async |tx| {
        tx.queue_job("profile", "a", json!({}), NOW, NOW);
        Ok(())
    })
    .await
    .unwrap();
    let kinds: HashSet<String> = claim(&db, NOW + 1, NOW, 10).await.into_iter().map(|job| job.kind).collect();
    assert_eq!(kinds, HashSet::from(["fetch".to_owned(), "profile".to_owned()]));
}

#[rstest]
#[tokio::test]
async fn a_job_whose_worker_is_gone_comes_up_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    queue(&db, "a", NOW).await;
    assert_eq!(claim(&db, NOW + 60, NOW, 10).await[0].attempts, 1);
    assert!(claim(&db, NOW + 60, NOW + 59, 10).await.is_empty());
    let again = claim(&db, NOW + 120, NOW + 60, 10).await;
    assert_eq!(again[0].attempts, 2);
    db.write(async |tx| tx.postpone_job(&again[0].id, NOW + 999, "the platform is away").await).await.unwrap();
    assert_eq!(db.read().await.unwrap().next_job_at().await.unwrap(), Some(NOW + 999));
    assert!(claim(&db, NOW + 2000, NOW + 998, 10).await.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_never_claim_the_same_job(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for n in 0..30 {
        queue(&db, &n.to_string(), NOW).await;
    }
    let mut workers = JoinSet::new();
    for db in [Db::clone(&db), db.another().await, db.another().await] {
        workers.spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..15 {
                let mut tx = db.begin().await.unwrap();
                let jobs = tx.claim_jobs(NOW + 60, NOW, 4).await.unwrap();
                tx.commit(NOW).await.unwrap();
                assert!(jobs.len() <= 4, "no more than it asked for");
                mine.extend(jobs.into_iter().map(|job| job.key));
            }
            mine
        });
    }
    let all = workers.join_all().await.concat();
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (30, 30));
}
