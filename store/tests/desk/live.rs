//! What consoles are told: after the commit, in its order, without a gap.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use onethread_store::Db;
use onethread_store::live::{LiveEvent, Told};
use rstest::rstest;
use std::time::Duration;
use tokio::task::JoinSet;

fn thread(id: &str) -> Told {
    Told::Thread { thread: id.into() }
}

/// All that was told after it.
async fn told(db: &Db, after: i64) -> Vec<LiveEvent> {
    let mut conn = db.read().await.unwrap();
    let (mut all, mut cursor) = (Vec::new(), after);
    loop {
        let events = conn.live_events_after(cursor, 1000).await.unwrap();
        let Some(last) = events.last() else { return all };
        cursor = last.id;
        all.extend(events);
    }
}

async fn tell(db: &Db, what: &[Told], at: i64) {
    let mut tx = db.begin().await.unwrap();
    for what in what {
        tx.tell(what.clone());
    }
    tx.commit(at).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn every_kind_of_news_names_what_changed(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let news = [
        Told::Message { thread: "t".into(), message: "m".into() },
        thread("t"),
        Told::Resequenced { thread: "t".into() },
        Told::ThreadGone { thread: "t".into() },
        Told::Inbox { inbox: "i".into() },
        Told::Agent { agent: "a".into() },
    ];
    tell(&db, &news, NOW + 3).await;
    let heard: Vec<_> =
        told(&db, 0).await.into_iter().map(|event| (event.id, event.kind, event.subject, event.thread_id, event.at)).collect();
    let row = |id, kind: &str, subject: &str, thread: Option<&str>| {
        (id, kind.to_owned(), subject.to_owned(), thread.map(str::to_owned), NOW + 3)
    };
    let expected = [
        row(1, "message", "m", Some("t")),
        row(2, "thread", "t", Some("t")),
        row(3, "resequenced", "t", Some("t")),
        row(4, "thread_gone", "t", Some("t")),
        row(5, "inbox", "i", None),
        row(6, "agent", "a", None),
    ];
    assert_eq!(heard, expected);
    let ids = |events: Vec<LiveEvent>| events.into_iter().map(|event| event.id).collect::<Vec<_>>();
    let after = async |cursor, limit| ids(db.read().await.unwrap().live_events_after(cursor, limit).await.unwrap());
    assert_eq!(after(4, 1000).await, [5, 6]);
    assert_eq!(after(0, 2).await, [1, 2], "a part of what one commit told");
    assert_eq!(after(2, 3).await, [3, 4, 5], "and what follows that part");
    assert!(after(6, 10).await.is_empty());
}

/// A process of the version before wrote a row for each event.
#[rstest]
#[tokio::test]
async fn what_was_told_one_by_one_is_heard_in_its_place(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    tell(&db, &[thread("a"), thread("b")], NOW).await;
    db.run_beneath(
        "UPDATE counters SET value = 4 WHERE name = 'live';
         INSERT INTO live_events (id, kind, subject, thread_id, at) VALUES (3, 'thread', 'c', 'c', 1), (4, 'inbox', 'i', NULL, 1)",
    )
    .await;
    tell(&db, &[thread("d"), thread("e")], NOW).await;
    let heard: Vec<(i64, String)> = told(&db, 0).await.into_iter().map(|event| (event.id, event.subject)).collect();
    assert_eq!(heard, [(1, "a"), (2, "b"), (3, "c"), (4, "i"), (5, "d"), (6, "e")].map(|(id, of)| (id, of.to_owned())));
}

#[rstest]
#[tokio::test]
async fn the_same_word_twice_is_said_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    tell(&db, &[thread("a"), thread("b"), thread("a")], NOW).await;
    let subjects: Vec<String> = told(&db, 0).await.into_iter().map(|event| event.subject).collect();
    assert_eq!(subjects, ["a", "b"]);
}

#[rstest]
#[tokio::test]
async fn what_is_rolled_back_is_never_told(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let heard = db.told();
    let mut tx = db.begin().await.unwrap();
    tx.tell(thread("gone"));
    drop(tx);
    tell(&db, &[], NOW).await;
    assert!(tokio::time::timeout(Duration::from_millis(50), heard).await.is_err(), "nobody is woken");
    tell(&db, &[thread("kept")], NOW).await;
    let events = told(&db, 0).await;
    assert_eq!((events.len(), events[0].id, events[0].subject.as_str()), (1, 1, "kept"), "no gap either");
}

#[rstest]
#[tokio::test]
async fn whoever_listens_is_woken_by_the_commit(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let heard = db.told();
    tell(&db, &[thread("a")], NOW).await;
    tokio::time::timeout(Duration::from_secs(5), heard).await.expect("the commit wakes");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_console_that_follows_misses_nothing_of_many_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut tellers = JoinSet::new();
    for n in 0..40 {
        let db = Db::clone(&db);
        tellers.spawn(async move { tell(&db, &[thread(&format!("{n}a")), thread(&format!("{n}b"))], NOW).await });
    }
    // Follows the cursor while they write: an event committed behind it would be missed.
    let (mut heard, mut cursor) = (Vec::new(), 0);
    loop {
        let finished = tellers.is_empty();
        let events = told(&db, cursor).await;
        cursor = events.last().map_or(cursor, |event| event.id);
        heard.extend(events);
        if finished {
            break;
        }
        while let Some(done) = tellers.try_join_next() {
            done.unwrap();
        }
    }
    assert_eq!(heard.iter().map(|event| event.id).collect::<Vec<_>>(), (1..=80).collect::<Vec<_>>());
    for pair in heard.chunks(2) {
        assert_eq!(
            pair[0].subject.trim_end_matches('a'),
            pair[1].subject.trim_end_matches('b'),
            "one commit's news stay together"
        );
    }
}

#[rstest]
#[tokio::test]
async fn the_span_tells_which_cursors_can_still_catch_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let span = async || db.read().await.unwrap().live_span().await.unwrap();
    assert_eq!(span().await, (1, 0), "nothing was told yet");
    tell(&db, &[thread("a"), thread("b")], NOW).await;
    tell(&db, &[thread("c")], NOW + 10).await;
    let (oldest, rows) = if engine == Sqlite { (2, 1) } else { (1, 2) };
    assert_eq!(span().await, (oldest, 3), "whoever knows the one before it has missed nothing");
    let prune = async |before| db.write(async |tx| tx.prune_live_events(before, 100).await).await.unwrap();
    assert_eq!(prune(NOW).await, 0);
    assert_eq!(prune(NOW + 1).await, rows);
    assert_eq!(span().await, (3, 3));
    assert_eq!(prune(NOW + 11).await, 1);
    assert_eq!(span().await, (4, 3), "whoever stopped before 3 has missed something for good");
}

#[rstest]
#[tokio::test]
async fn counters_hand_out_their_numbers_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for (taken, last) in [(3, 3), (0, 3), (2, 5)] {
        assert_eq!(db.write(async |tx| tx.count("ledger", taken).await).await.unwrap(), last);
    }
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.count("ledger", 1).await.unwrap(), 6);
    drop(tx);
    assert_eq!(db.write(async |tx| tx.count("ledger", 1).await).await.unwrap(), 6, "a rollback gives them back");
}
