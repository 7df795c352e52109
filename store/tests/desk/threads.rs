//! Threads: who speaks, what is unread, and the lists of the console.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop::{self, Person};
use onethread_core::Millis;
use onethread_core::ids::AgentId;
use onethread_core::thread::{Lease, Speaker};
use onethread_store::threads::{Counts, Unread, View};
use onethread_store::{Db, StoreError};
use rstest::rstest;
use serde_json::json;

async fn give(db: &TestDb, who: &Person, speaker: Speaker, waiting_since: Option<Millis>) {
    let lease = Lease { speaker, number: 2, waiting_since };
    db.write(async |tx| tx.set_lease(&who.thread, &lease, Some("asked")).await).await.unwrap();
}

async fn listed(db: &Db, view: View<'_>, query: &str, channel: Option<&str>) -> Vec<String> {
    let page = db.read().await.unwrap().threads(view, query, channel, None, 50).await.unwrap();
    page.items.into_iter().map(|thread| thread.customer_name).collect()
}

/// An, Bình and Chi wait (Chi longest); Dung is Mai's; Em is the bot's. All were active at once.
async fn five(db: &TestDb) -> (Vec<Person>, AgentId) {
    let inbox = shop::inbox(db, "chat").await;
    let mai = shop::agent(db, "Mai").await;
    let mut people = Vec::new();
    for name in ["An", "Bình", "Chi", "Dung", "Em"] {
        people.push(shop::person(db, &inbox, name).await);
    }
    for (who, since) in people.iter().zip([NOW + 5, NOW + 5, NOW + 1]) {
        give(db, who, Speaker::Queue, Some(since)).await;
    }
    give(db, &people[3], Speaker::Agent { id: mai.clone() }, None).await;
    (people, mai)
}

#[rstest]
#[tokio::test]
async fn who_speaks_is_read_back_as_it_was_written(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mai = shop::agent(&db, "Mai").await;
    assert_eq!(db.read().await.unwrap().thread(&lan.thread).await.unwrap().lease().unwrap(), Lease::new());
    for speaker in [Speaker::Queue, Speaker::Agent { id: mai.clone() }, Speaker::Bot] {
        give(&db, &lan, speaker.clone(), Some(NOW)).await;
        let row = db.read().await.unwrap().thread_of(&lan.customer).await.unwrap();
        assert_eq!(row.lease().unwrap(), Lease { speaker: speaker.clone(), number: 2, waiting_since: Some(NOW) });
        let name = matches!(speaker, Speaker::Agent { .. }).then_some("Mai");
        assert_eq!((row.assignee_name.as_deref(), row.handoff_reason.as_deref()), (name, Some("asked")));
    }
}

#[rstest]
#[tokio::test]
async fn a_thread_that_is_none_is_missing(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut tx = db.begin().await.unwrap();
    assert!(matches!(tx.thread(&"thr_none".into()).await, Err(StoreError::Missing("thread"))));
    assert!(matches!(tx.hold_thread(&"thr_none".into()).await, Err(StoreError::Missing("thread"))));
    assert!(matches!(tx.thread_of(&"cus_none".into()).await, Err(StoreError::Missing("thread"))));
}

#[rstest]
#[tokio::test]
async fn the_bots_memory_keeps_the_language_until_another_is_heard(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    for (context, language, heard) in
        [(json!({ "n": 1 }), Some("vi"), "vi"), (json!({ "đơn": "DH1" }), None, "vi"), (json!({}), Some("en"), "en")]
    {
        db.write(async |tx| tx.set_bot_context(&lan.thread, Unread::new(&context), language).await).await.unwrap();
        let row = db.read().await.unwrap().thread(&lan.thread).await.unwrap();
        let stored: serde_json::Value = serde_json::from_str(row.bot_context.text()).unwrap();
        assert_eq!((stored, row.language.as_deref()), (context, Some(heard)));
    }
}

#[rstest]
#[tokio::test]
async fn unread_is_cleared_only_by_whoever_saw_the_newest(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    for text in ["alo", "shop ơi"] {
        lan.says(&db, text, NOW).await;
    }
    let row = db.read().await.unwrap().thread(&lan.thread).await.unwrap();
    assert_eq!((row.unread, row.last_identity_id.as_deref()), (2, Some(lan.identity.as_str())));
    let see = async |seq| db.write(async |tx| tx.mark_seen(&lan.thread, seq).await).await.unwrap();
    assert!(!see(1).await, "there is a newer one");
    assert!(see(2).await);
    assert!(!see(2).await, "nothing changed");
    assert_eq!(db.read().await.unwrap().thread(&lan.thread).await.unwrap().unread, 0);
}

#[rstest]
#[tokio::test]
async fn each_view_shows_its_threads_in_its_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (people, mai) = five(&db).await;
    people[0].says(&db, "mới nhất", NOW + 50).await;
    people[3].says(&db, "chưa đọc", NOW + 40).await;

    assert_eq!(listed(&db, View::Waiting, "", None).await[0], "Chi", "longest waiting first");
    assert_eq!(listed(&db, View::Waiting, "", None).await.len(), 3);
    assert_eq!(listed(&db, View::Of(&mai), "", None).await, ["Dung"]);
    assert_eq!(listed(&db, View::Bot, "", None).await, ["Em"]);
    assert_eq!(listed(&db, View::All, "", None).await[..2], ["An", "Dung"], "latest activity first");
    let counts = db.read().await.unwrap().thread_counts(&mai).await.unwrap();
    assert_eq!(counts, Counts { waiting: 3, mine: 1, bot: 1, every: 5, unread_mine: 1 });
    let counts = db.read().await.unwrap().thread_counts(&"agt_new".into()).await.unwrap();
    assert_eq!(counts, Counts { waiting: 3, mine: 0, bot: 1, every: 5, unread_mine: 0 });
}

#[rstest]
#[tokio::test]
async fn a_view_is_narrowed_by_words_and_channel(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (_, mai) = five(&db).await;
    assert_eq!(listed(&db, View::Waiting, "BINH", None).await, ["Bình"]);
    assert_eq!(listed(&db, View::All, "bình", Some("chat")).await, ["Bình"]);
    assert!(listed(&db, View::All, "", Some("mail")).await.is_empty());
    assert!(listed(&db, View::Waiting, "", Some("cha")).await.is_empty(), "part of a channel's name is no channel");
    assert!(listed(&db, View::All, "", Some("%")).await.is_empty());
    assert!(listed(&db, View::All, "", Some("c_at")).await.is_empty());
    assert!(listed(&db, View::All, "%", None).await.is_empty());
    assert!(listed(&db, View::Of(&mai), "An", None).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn pages_show_every_thread_once_though_all_are_of_one_instant(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(1, 2, 3, 9)] limit: i64,
) {
    let db = TestDb::open(engine).await;
    let (_, mai) = five(&db).await;
    let mut conn = db.read().await.unwrap();
    for (view, count) in [(View::Waiting, 3), (View::Of(&mai), 1), (View::Bot, 1), (View::All, 5)] {
        let pages = shop::walk(async |cursor| conn.threads(view, "", None, cursor.as_deref(), limit).await.unwrap()).await;
        let mut ids: Vec<&str> = pages.iter().flatten().map(|thread| thread.id.as_str()).collect();
        assert_eq!(ids.len(), count, "{view:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{view:?} shows each once");
        assert!(pages.iter().all(|page| page.len() <= usize::try_from(limit).unwrap()));
    }
}

#[rstest]
#[tokio::test]
async fn all_threads_are_listed_by_activity_whoever_holds_them(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(1, 2, 5, 40)] limit: i64,
) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let mai = shop::agent(&db, "Mai").await;
    let mut expected = Vec::new();
    for number in 0..23_i64 {
        let who = shop::person(&db, &inbox, &format!("Khách {number}")).await;
        match number % 4 {
            0 => give(&db, &who, Speaker::Queue, Some(NOW)).await,
            1 => give(&db, &who, Speaker::Agent { id: mai.clone() }, None).await,
            _ => {}
        }
        // Several at each instant.
        let at = NOW + number * 7 % 5;
        who.says(&db, "alo", at).await;
        expected.push((at, who.thread.0));
    }
    expected.sort_unstable_by(|one, other| other.cmp(one));
    let mut conn = db.read().await.unwrap();
    for words in ["", "khach"] {
        let pages =
            shop::walk(async |cursor| conn.threads(View::All, words, None, cursor.as_deref(), limit).await.unwrap()).await;
        let listed: Vec<(i64, String)> = pages.into_iter().flatten().map(|thread| (thread.last_activity_at, thread.id)).collect();
        assert_eq!(listed, expected);
    }
}

#[rstest]
#[tokio::test]
async fn a_cursor_that_is_not_ours_is_refused(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut conn = db.read().await.unwrap();
    for cursor in ["", "x", "x:thr_1", "12", "99999999999999999999:thr_1"] {
        let refused = conn.threads(View::All, "", None, Some(cursor), 10).await;
        assert!(matches!(refused, Err(StoreError::BadCursor)), "{cursor}");
    }
}
