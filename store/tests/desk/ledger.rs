//! The record of every call: kept in order, understood once, dead letters visible.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::RawCall;
use onethread_core::ids::InboxId;
use onethread_store::{Db, StoreError};
use rstest::rstest;
use tokio::task::JoinSet;

fn call(body: &[u8]) -> (InboxId, RawCall) {
    let headers = vec![("x-signature".to_owned(), "sha256=ab'\"\\".to_owned())];
    let call =
        RawCall { method: "POST".into(), path: "a/b".into(), query: "x=1&y=%00".into(), headers, body: body.to_vec().into() };
    ("inb_1".into(), call)
}

fn lent(calls: &[(InboxId, RawCall)]) -> Vec<(&InboxId, &RawCall)> {
    calls.iter().map(|(inbox, call)| (inbox, call)).collect()
}

async fn append(db: &TestDb, bodies: &[&str]) {
    let calls: Vec<_> = bodies.iter().map(|body| call(body.as_bytes())).collect();
    db.write(async |tx| tx.append_calls(&lent(&calls), false, NOW).await).await.unwrap();
}

async fn open(db: &Db) -> Vec<(i64, String)> {
    let entries = db.read().await.unwrap().open_calls(1000).await.unwrap();
    entries.into_iter().map(|entry| (entry.position, String::from_utf8_lossy(&entry.call.body).into_owned())).collect()
}

#[rstest]
#[tokio::test]
async fn a_call_is_kept_byte_for_byte(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (inbox, raw) = call(&[0, 0xff, b'{', 0xc3, 0x28]);
    db.write(async |tx| tx.append_calls(&[(&inbox, &raw)], false, NOW).await).await.unwrap();
    let entry = db.read().await.unwrap().open_calls(10).await.unwrap().remove(0);
    assert_eq!((entry.position, entry.inbox_id, entry.received_at, entry.attempts, entry.error), (1, inbox, NOW, 0, None));
    assert_eq!((entry.call.method, entry.call.path, entry.call.query), (raw.method, raw.path, raw.query));
    assert_eq!((entry.call.headers, entry.call.body), (raw.headers, raw.body));
}

#[rstest]
#[tokio::test]
async fn a_call_that_is_taken_in_as_it_is_stored_waits_for_nobody(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    append(&db, &["later"]).await;
    let (inbox, raw) = call(b"at once");
    let first = db.write(async |tx| tx.append_calls(&[(&inbox, &raw), (&inbox, &raw)], true, NOW).await).await.unwrap();
    assert_eq!(first, 2);
    assert_eq!(open(&db).await, [(1, "later".into())]);
    assert_eq!(db.write(async |tx| tx.claim_calls(&[2, 3], NOW).await).await.unwrap(), 0, "nobody takes them in again");
    db.write(async |tx| tx.bury_call(3, "no `text`", NOW).await).await.unwrap();
    let dead = db.read().await.unwrap().dead_calls(None, 9).await.unwrap().items;
    assert_eq!(dead.iter().map(|entry| (entry.position, entry.call.body.as_ref())).collect::<Vec<_>>(), [(3, &b"at once"[..])]);
    assert_eq!(db.write(async |tx| tx.prune_calls(NOW + 1, 9).await).await.unwrap(), 1, "it is forgotten in its time");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_written_together_keep_their_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut writers = JoinSet::new();
    for group in 0..20 {
        let db = Db::clone(&db);
        writers.spawn(async move {
            let calls: Vec<_> = (0..5).map(|n| call(format!("{group}.{n}").as_bytes())).collect();
            let mut tx = db.begin().await.unwrap();
            tx.append_calls(&lent(&calls), false, NOW).await.unwrap();
            tx.commit(NOW).await.unwrap();
        });
    }
    writers.join_all().await;
    let entries = open(&db).await;
    assert_eq!(entries.iter().map(|(position, _)| *position).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
    for group in entries.chunks(5) {
        let own: Vec<&str> = group.iter().map(|(_, body)| body.split_once('.').unwrap().0).collect();
        let order: Vec<&str> = group.iter().map(|(_, body)| body.split_once('.').unwrap().1).collect();
        assert_eq!((order, own.windows(2).all(|pair| pair[0] == pair[1])), (vec!["0", "1", "2", "3", "4"], true));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_is_understood_once_however_many_try(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    append(&db, &["một", "hai"]).await;
    let mut readers = JoinSet::new();
    for _ in 0..10 {
        let db = Db::clone(&db);
        readers.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let mine = tx.claim_calls(&[1], NOW).await.unwrap() == 1;
            tx.commit(NOW).await.unwrap();
            mine
        });
    }
    assert_eq!(readers.join_all().await.into_iter().filter(|mine| *mine).count(), 1);
    assert_eq!(open(&db).await, [(2, "hai".to_owned())]);
    let wanted = [99, 2, 1];
    let claimed = db.write(async |tx| tx.claim_calls(&wanted, NOW).await).await.unwrap();
    assert_eq!(claimed, 1, "of many, those that are there and open");
}

#[rstest]
#[tokio::test]
async fn a_call_that_was_not_understood_to_the_end_is_open_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    append(&db, &["một"]).await;
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.claim_calls(&[1], NOW).await.unwrap(), 1);
    drop(tx);
    assert_eq!(open(&db).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_dead_letter_is_visible_until_it_is_replayed(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    append(&db, &["hỏng", "tốt"]).await;
    db.write(async |tx| tx.bury_call(1, "no `message` in the update", NOW + 1).await).await.unwrap();
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.ledger_depth().await.unwrap(), (1, 1));
    let dead = conn.dead_calls(None, 10).await.unwrap().items;
    assert_eq!((dead[0].position, dead[0].attempts), (1, 1));
    assert_eq!(dead[0].error.as_deref(), Some("no `message` in the update"));
    let claimed = db.write(async |tx| tx.claim_calls(&[1], NOW).await).await.unwrap();
    assert_eq!(claimed, 0, "the dead are not understood by chance");

    db.write(async |tx| tx.replay_call(1).await).await.unwrap();
    assert_eq!(open(&db).await[0], (1, "hỏng".to_owned()), "in its old place");
    assert!(matches!(db.write(async |tx| tx.replay_call(1).await).await, Err(StoreError::Missing("dead letter"))));
    assert!(matches!(db.write(async |tx| tx.replay_call(99).await).await, Err(StoreError::Missing("dead letter"))));
    assert_eq!(db.write(async |tx| tx.claim_calls(&[1], NOW).await).await.unwrap(), 1);
    assert_eq!(conn.ledger_depth().await.unwrap(), (1, 0));
}

#[rstest]
#[tokio::test]
async fn dead_letters_are_replayed_together_by_inbox_and_reason(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    append(&db, &["a", "b", "c", "d"]).await;
    let other: (InboxId, RawCall) = ("inb_2".into(), call(b"e").1);
    db.write(async |tx| tx.append_calls(&lent(&[other]), false, NOW).await).await.unwrap();
    for (position, why) in [(1, "no `text`; onethread 1"), (2, "100% odd"), (3, "no `text`; onethread 2"), (5, "no `text`")] {
        db.write(async |tx| tx.bury_call(position, why, NOW).await).await.unwrap();
    }
    db.write(async |tx| tx.claim_calls(&[4], NOW).await).await.unwrap();
    let replay = async |inbox: Option<&str>, error: Option<&str>| {
        let inbox = inbox.map(InboxId::from);
        db.write(async |tx| tx.replay_calls(inbox.as_ref(), error).await).await.unwrap()
    };
    assert_eq!(replay(Some("inb_3"), None).await, 0);
    assert_eq!(replay(None, Some("0%o")).await, 0, "a percent sign is only itself");
    assert_eq!(replay(Some("inb_1"), Some("no `text`")).await, 2);
    assert_eq!(open(&db).await.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(replay(None, None).await, 2, "the rest, of every inbox; what was understood stays understood");
    assert_eq!(db.read().await.unwrap().ledger_depth().await.unwrap(), (4, 0));
}

#[rstest]
#[tokio::test]
async fn pages_of_dead_letters_show_each_once_newest_first(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(1, 2, 6, 7)] limit: i64,
) {
    let db = TestDb::open(engine).await;
    append(&db, &["a", "b", "c", "d", "e", "f", "g"]).await;
    for position in [1, 2, 3, 5, 6, 7] {
        db.write(async |tx| tx.bury_call(position, "?", NOW).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let pages = shop::walk(async |before| conn.dead_calls(before.map(|b| b.parse().unwrap()), limit).await.unwrap()).await;
    assert_eq!(pages.iter().flatten().map(|entry| entry.position).collect::<Vec<_>>(), [7, 6, 5, 3, 2, 1]);
}

#[rstest]
#[tokio::test]
async fn only_old_and_understood_calls_are_forgotten(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    append(&db, &["done", "done too", "new", "dead"]).await;
    db.write(async |tx| tx.claim_calls(&[1, 2], NOW).await).await.unwrap();
    db.write(async |tx| tx.bury_call(4, "?", NOW).await).await.unwrap();
    let prune = async |before, limit| db.write(async |tx| tx.prune_calls(before, limit).await).await.unwrap();
    assert_eq!(prune(NOW, 10).await, 0, "not before its time");
    assert_eq!(prune(NOW + 1, 1).await, 1);
    assert_eq!(prune(NOW + 1, 10).await, 1);
    assert_eq!(prune(NOW + 1, 10).await, 0);
    assert_eq!(db.read().await.unwrap().ledger_depth().await.unwrap(), (1, 1));
    append(&db, &["next"]).await;
    assert_eq!(open(&db).await.last().unwrap().0, 5, "numbers are never used twice");
}

/// One statement carries them, of the next larger size on SQLite: neither a row too many nor too few.
#[rstest]
#[tokio::test]
async fn any_number_of_calls_is_stored_and_claimed_as_that_many(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (inbox, call) = (InboxId::from("inb_1"), RawCall::fetched(b"{}".to_vec()));
    let mut stored = 0;
    for count in [1, 2, 5, 7, 9, 33, 100, 127, 128, 129, 200] {
        let calls = vec![(&inbox, &call); count];
        let first = db.write(async |tx| tx.append_calls(&calls, false, NOW).await).await.unwrap();
        assert_eq!(first, stored + 1);
        stored += i64::try_from(count).unwrap();
        assert_eq!(db.read().await.unwrap().ledger_depth().await.unwrap(), (i64::try_from(count).unwrap(), 0));
        let positions: Vec<i64> = (first..=stored).collect();
        assert_eq!(db.write(async |tx| tx.claim_calls(&positions, NOW).await).await.unwrap(), count);
    }
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.ledger_depth().await.unwrap(), (0, 0));
}
