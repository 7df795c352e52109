//! Many at once, on real connections.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::{RawCall, Sender};
use onethread_core::ids::{MergeId, MessageId};
use onethread_core::message::{Author, Content, Status};
use onethread_store::Db;
use onethread_store::messages::NewMessage;
use onethread_store::threads::View;
use rstest::rstest;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_first_messages_at_once_make_one_customer_with_one_thread(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let mut racers = JoinSet::new();
    for n in 0..50 {
        let (db, inbox) = (Db::clone(&db), inbox.clone());
        racers.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let who = tx.recognise(&inbox, "chat", &Sender::new("42"), NOW + n).await.unwrap();
            let message = NewMessage {
                identity: Some(who.identity.id.as_str().into()),
                ..NewMessage::new(MessageId::fresh(NOW), Author::Customer, Content::text(n.to_string()), Status::Received)
            };
            let seq = tx.append(&who.thread.id.as_str().into(), &message, NOW + n).await.unwrap();
            tx.commit(NOW + n).await.unwrap();
            (seq, who.new)
        });
    }
    let mut done = racers.join_all().await;
    done.sort_unstable();
    assert_eq!(done.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
    assert_eq!(done.iter().filter(|(_, new)| *new).count(), 1, "only one of them was the first");

    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.customers("", None, 100).await.unwrap().items.len(), 1);
    let threads = conn.threads(View::All, "", None, None, 100).await.unwrap().items;
    assert_eq!((threads.len(), threads[0].last_seq), (1, 50));
    let thread = threads[0].id.as_str().into();
    let rows = shop::messages(&db, &thread).await;
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
    assert!(rows.is_sorted_by_key(|row| row.created_at), "no message is older than the one before it");
    let mut said: Vec<u8> = rows.iter().map(|row| row.content.text.parse().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, (0..50).collect::<Vec<_>>(), "nothing is lost");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_waits_for_a_merge_lands_in_the_thread_that_was_kept(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let mut tx = db.begin().await.unwrap();
    tx.hold_thread(&lan.thread).await.unwrap();
    tx.hold_thread(&minh.thread).await.unwrap();

    let mut waiting = JoinSet::new();
    let other = Db::clone(&db);
    waiting.spawn(async move {
        let mut tx = other.begin().await.unwrap();
        let who = tx.recognise(&inbox, "chat", &Sender::new("address of Minh"), NOW).await.unwrap();
        tx.commit(NOW).await.unwrap();
        who
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    tx.merge_customers(&MergeId::fresh(NOW), &lan.customer, &minh.customer, &json!({}), NOW).await.unwrap();
    tx.commit(NOW).await.unwrap();

    let who = waiting.join_next().await.unwrap().unwrap();
    assert_eq!((who.thread.id, who.identity.customer_id), (lan.thread.0, lan.customer.0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_held_thread_lets_nobody_else_move_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let (db, thread) = (Db::clone(&db), lan.thread.clone());
        racers.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let mut lease = tx.hold_thread(&thread).await.unwrap().lease().unwrap();
            lease.number += 1;
            tx.set_lease(&thread, &lease, None).await.unwrap();
            tx.commit(NOW).await.unwrap();
        });
    }
    racers.join_all().await;
    assert_eq!(db.read().await.unwrap().thread(&lan.thread).await.unwrap().lease_number, 21, "no step was lost");
}

/// Whoever stops waiting, at whatever moment, takes nobody's turn with them.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_transaction_given_up_at_any_moment_leaves_the_writer_free(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mut begun = 0;
    for patience in 0..40 {
        let attempt = async {
            let mut tx = db.begin().await.unwrap();
            tx.set_blocked(&lan.identity, Some(NOW)).await.unwrap();
            begun += 1;
            // Given up in the middle, too.
            std::future::pending::<()>().await;
        };
        let moments = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { biased; () = attempt => {}, () = moments => {} }
    }
    let attempt = async {
        let _tx = db.begin().await.unwrap();
        std::future::pending::<()>().await;
    };
    assert!(tokio::time::timeout(Duration::from_millis(50), attempt).await.is_err());
    let next = tokio::time::timeout(Duration::from_secs(5), db.write(async |tx| tx.heard_from(&lan.identity, NOW).await));
    next.await.expect("its turn comes").unwrap();
    assert!(db.read().await.unwrap().identity(&lan.identity).await.unwrap().blocked_at.is_none(), "nothing of {begun} stays");
}

#[rstest]
#[tokio::test]
async fn a_closed_database_refuses_whoever_still_writes(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    db.close().await;
    let refused = db.begin().await.map(drop).expect_err("it is closed");
    assert!(refused.is_passing(), "{refused}");
}

/// One engine: SQLite has one writer at a time anyway.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_stores_calls_and_who_takes_them_in_do_not_wait_for_each_other() {
    let db = TestDb::open(Postgres).await;
    let (first, second) = (shop::inbox(&db, "chat").await, shop::inbox(&db, "chat").await);
    // At first bookmarks are made, then changed.
    for round in 1..=2 {
        let mark = json!({ "sequence": round });
        let at = NOW + round;
        let crossed = async {
            let (mut keeper, mut reader) = (db.begin().await.unwrap(), db.begin().await.unwrap());
            keeper.append_calls(&[(&second, &RawCall::fetched(b"{}".to_vec()))], false, at).await.unwrap();
            keeper.set_bookmark(&second, &mark.clone().into()).await.unwrap();
            reader.heard_from_inboxes(&[(&first, at), (&second, at)]).await.unwrap();
            keeper.set_bookmark(&first, &mark.clone().into()).await.unwrap();
            keeper.commit(at).await.unwrap();
            reader.commit(at).await.unwrap();
        };
        tokio::time::timeout(Duration::from_secs(10), crossed).await.expect("one waits for the other");
        for inbox in [&first, &second] {
            assert_eq!(db.read().await.unwrap().bookmark(inbox).await.unwrap(), Some(mark.clone()));
            assert_eq!(db.read().await.unwrap().inbox(inbox).await.unwrap().last_heard_at, Some(at));
        }
    }
}

/// In an embedded database; a server looks up all the same.
#[rstest]
#[tokio::test]
async fn only_whoever_is_trusted_refers_to_what_nobody_looks_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let stranger = NewMessage { identity: Some("idn_nobody".into()), ..shop::said(&lan, "ai đó", NOW) };
    let can_write = async |trusted: bool| {
        let mut tx = if trusted { db.begin_trusted().await } else { db.begin().await }.unwrap();
        tx.append(&lan.thread, &stranger, NOW).await.is_ok()
    };
    assert!(!can_write(true).await, "not the first of them: it may be the only one");
    for _ in 0..100 {
        drop(db.begin_trusted().await.unwrap());
    }
    assert_eq!(can_write(true).await, engine == Sqlite);
    assert!(!can_write(false).await, "nobody else is trusted");
    assert!(!can_write(true).await);
    assert!(shop::seqs(&db, &lan.thread).await.is_empty(), "none was committed");
}
