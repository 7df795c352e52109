//! Inboxes: settings, pauses, health, bookmarks and the refresh lock.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::{Bookmark, Place};
use onethread_core::ids::InboxId;
use onethread_core::secret::Settings;
use onethread_store::inboxes::{HealthRow, InboxRow};
use onethread_store::{Db, Json, StoreError};
use rstest::rstest;
use serde_json::json;
use tokio::task::JoinSet;

#[rstest]
#[tokio::test]
async fn an_inbox_is_read_back_as_it_was_made_and_changed(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let settings = Settings([("greeting".to_owned(), json!("Chào \"bạn\""))].into());
    let made = InboxRow {
        account: Some("page 7".into()),
        app: Some("digest".into()),
        settings: Json(settings),
        ..shop::inbox_row("inb_1", "chat")
    };
    db.write(async |tx| tx.add_inbox(&made).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().inbox(&"inb_1".into()).await.unwrap(), made);

    let changed = InboxRow { name: "Cửa hàng".into(), sealed: "other".into(), account: None, ..made.clone() };
    db.write(async |tx| tx.change_inbox(&changed, NOW + 1).await).await.unwrap();
    db.write(async |tx| tx.heard_from_inboxes(&[(&"inb_1".into(), NOW + 2)]).await).await.unwrap();
    let expected = InboxRow { updated_at: NOW + 1, last_heard_at: Some(NOW + 2), ..changed };
    assert_eq!(db.read().await.unwrap().inbox(&"inb_1".into()).await.unwrap(), expected);
    db.write(async |tx| tx.reseal_inbox(&"inb_1".into(), "rotated").await).await.unwrap();
    let resealed = db.read().await.unwrap().inbox(&"inb_1".into()).await.unwrap();
    assert_eq!((resealed.sealed.as_str(), resealed.updated_at), ("rotated", NOW + 1));

    let none = InboxRow { id: "inb_none".into(), ..made };
    assert!(matches!(db.write(async |tx| tx.change_inbox(&none, NOW).await).await, Err(StoreError::Missing("inbox"))));
    assert!(matches!(db.read().await.unwrap().inbox(&"inb_none".into()).await, Err(StoreError::Missing("inbox"))));
}

#[rstest]
#[tokio::test]
async fn an_inbox_has_people_once_somebody_came(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (one, other) = (shop::inbox(&db, "chat").await, shop::inbox(&db, "mail").await);
    let has_people = async |inbox| db.read().await.unwrap().has_people(inbox).await.unwrap();
    assert!(!has_people(&one).await);
    shop::person(&db, &one, "Lan").await;
    assert!(has_people(&one).await);
    assert!(!has_people(&other).await);
}

#[rstest]
#[tokio::test]
async fn a_disabled_inbox_is_listed_only_among_all(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for (id, state, created_at) in [("inb_c", "active", NOW), ("inb_b", "disabled", NOW + 1), ("inb_a", "paused", NOW + 2)] {
        let row = InboxRow { state: state.into(), created_at, ..shop::inbox_row(id, "chat") };
        db.write(async |tx| tx.add_inbox(&row).await).await.unwrap();
    }
    let listed =
        async |all| db.read().await.unwrap().inboxes(all).await.unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(listed(false).await, ["inb_c", "inb_a"]);
    assert_eq!(listed(true).await, ["inb_c", "inb_b", "inb_a"], "in the order they were made");
}

#[rstest]
#[tokio::test]
async fn an_inbox_is_paused_with_a_reason_and_goes_on(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = shop::inbox(&db, "chat").await;
    let pause = async |reason: Option<&str>| db.write(async |tx| tx.pause_inbox(&id, reason, NOW + 1).await).await.unwrap();
    assert!(!pause(None).await, "it is not paused");
    assert!(pause(Some("the token is refused")).await);
    assert!(!pause(Some("again")).await, "the first reason stays");
    let row = db.read().await.unwrap().inbox(&id).await.unwrap();
    assert_eq!(
        (row.state.as_str(), row.pause_reason.as_deref(), row.updated_at),
        ("paused", Some("the token is refused"), NOW + 1)
    );
    assert!(pause(None).await);
    let row = db.read().await.unwrap().inbox(&id).await.unwrap();
    assert_eq!((row.state.as_str(), row.pause_reason.as_deref()), ("active", None));

    db.write(async |tx| tx.change_inbox(&InboxRow { state: "disabled".into(), ..row }, NOW).await).await.unwrap();
    assert!(!pause(Some("x")).await && !pause(None).await, "a disabled inbox stays so");
}

#[rstest]
#[tokio::test]
async fn health_and_bookmark_are_what_was_last_written(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = shop::inbox(&db, "chat").await;
    let health = HealthRow {
        healthy: Some(false),
        reason: "401".into(),
        since: NOW,
        checked_at: Some(NOW),
        account_name: Some("Shop".into()),
        line_down: true,
    };
    db.write(async |tx| tx.record_health(&id, &health).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().inbox(&id).await.unwrap().health.0, health);

    assert_eq!(db.read().await.unwrap().bookmark(&id).await.unwrap(), None);
    for mark in [json!({ "offset": 7 }), json!({ "offset": 8, "session": "x" })] {
        db.write(async |tx| tx.set_bookmark(&id, &mark.clone().into()).await).await.unwrap();
        assert_eq!(db.read().await.unwrap().bookmark(&id).await.unwrap(), Some(mark));
    }
    assert_eq!(db.read().await.unwrap().bookmark(&"inb_none".into()).await.unwrap(), None);
}

/// The version before kept them in the inbox's row.
#[rstest]
#[tokio::test]
async fn bookmarks_of_the_version_before_are_carried_over(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (marked, fresh) = (shop::inbox(&db, "chat").await, shop::inbox(&db, "chat").await);
    let back = [
        "DROP TABLE bookmarks".to_owned(),
        "DELETE FROM _sqlx_migrations WHERE version = 13".to_owned(),
        format!(r#"UPDATE inboxes SET bookmark = '{{"sequence": 7}}' WHERE id = '{marked}'"#),
    ];
    db.run_beneath(&back.join(";")).await;
    let opened = db.another().await;
    assert_eq!(opened.read().await.unwrap().bookmark(&marked).await.unwrap(), Some(json!({ "sequence": 7 })));
    assert_eq!(opened.read().await.unwrap().bookmark(&fresh).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn what_is_left_of_a_quota_is_what_was_said_last(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = shop::inbox(&db, "chat").await;
    let said = async |remaining, total, at| {
        db.write(async |tx| tx.note_quota(&id, remaining, total, at).await).await.unwrap();
        let row = db.read().await.unwrap().quota_of(&id).await.unwrap().unwrap();
        (row.remaining, row.total, row.noted_at)
    };
    assert_eq!(db.read().await.unwrap().quota_of(&id).await.unwrap(), None);
    assert_eq!(said(7, Some(500), NOW).await, (7, Some(500), NOW));
    assert_eq!(said(6, None, NOW + 1).await, (6, None, NOW + 1));
    assert_eq!(said(9, Some(500), NOW).await, (6, None, NOW + 1), "an answer that came late is no news");
}

#[rstest]
#[tokio::test]
async fn how_long_an_inbox_is_usually_silent_follows_what_it_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = shop::inbox(&db, "chat").await;
    let heard = async |at| {
        db.write(async |tx| tx.heard_from_inboxes(&[(&id, at)]).await).await.unwrap();
        let row = db.read().await.unwrap().inbox(&id).await.unwrap();
        (row.last_heard_at, row.usual_gap)
    };
    assert_eq!(heard(NOW).await, (Some(NOW), None), "one call has no gap");
    assert_eq!(heard(NOW + 1600).await, (Some(NOW + 1600), Some(1600)));
    assert_eq!(heard(NOW + 1600).await, (Some(NOW + 1600), Some(1600)), "calls of one instant are one");
    assert_eq!(heard(NOW + 100).await, (Some(NOW + 1600), Some(1600)), "a replay of an old call is no news");
    assert_eq!(heard(NOW + 1616).await, (Some(NOW + 1616), Some(1501)), "fifteen parts of what was, one of what is");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_process_at_a_time_refreshes_an_inbox(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = shop::inbox(&db, "chat").await;
    let mut rivals = JoinSet::new();
    for _ in 0..8 {
        let (db, id) = (Db::clone(&db), id.clone());
        rivals.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let mine = tx.lock_inbox(&id, NOW + 10, NOW).await.unwrap();
            tx.commit(NOW).await.unwrap();
            mine
        });
    }
    assert_eq!(rivals.join_all().await.into_iter().filter(|mine| *mine).count(), 1);
    let lock = async |now| db.write(async |tx| tx.lock_inbox(&id, now + 10, now).await).await.unwrap();
    assert!(!lock(NOW + 10).await);
    assert!(lock(NOW + 11).await, "the holder took too long");
    db.write(async |tx| tx.unlock_inbox(&id).await).await.unwrap();
    assert!(lock(NOW + 12).await);
}

#[rstest]
#[tokio::test]
async fn places_are_noted_with_the_bookmark_and_listed_from_the_last_heard(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (id, other) = (shop::inbox(&db, "chat").await, shop::inbox(&db, "chat").await);
    let place = |name: &str, heard: i64| Place { id: name.into(), user: format!("user of {name}").into(), heard };
    let note = async |inbox: &InboxId, places: Vec<Place>| {
        let bookmark = Bookmark { mark: json!({ "session": "x" }), places };
        db.write(async |tx| tx.set_bookmark(inbox, &bookmark).await).await.unwrap();
    };
    // Two of the same instant, and more than one statement carries.
    let many: Vec<Place> = (0..300).map(|n| place(&format!("c{n:03}"), 1_000 + n / 2)).collect();
    note(&id, many.clone()).await;
    note(&other, vec![place("c000", 9_999)]).await;
    note(&id, vec![place("c000", 2_000), place("c299", 7)]).await;
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.place(&id, "c000").await.unwrap(), Some(place("c000", 2_000)));
    assert_eq!(conn.place(&id, "c299").await.unwrap(), Some(many[299].clone()), "never back");
    assert_eq!(conn.place(&other, "c001").await.unwrap(), None);

    let (mut listed, mut from) = (Vec::new(), None);
    loop {
        let page = conn.places(&id, from.as_ref(), 7).await.unwrap();
        let Some(last) = page.last() else { break };
        from = Some(last.mark());
        listed.extend(page);
    }
    let mut wanted = many;
    wanted[0].heard = 2_000;
    wanted.sort_by(|one, two| (two.heard, &two.id).cmp(&(one.heard, &one.id)));
    assert_eq!(listed, wanted, "each once, last heard first");
    db.write(async |tx| tx.note_places(&id, &[]).await).await.unwrap();
}
