//! Messages: their place in the thread, what they carry, and how they are found.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::merges::merge;
use crate::shop;
use onethread_core::ids::MessageId;
use onethread_core::message::{Attachment, Author, Button, Content, FileKind, FileState, Status};
use onethread_store::StoreError;
use onethread_store::messages::{MessageError, MessageRow, NewMessage, Reaction};
use rstest::rstest;
use serde_json::json;

async fn row(db: &TestDb, id: &MessageId) -> MessageRow {
    db.read().await.unwrap().message(id).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn a_message_is_read_back_with_all_that_it_carries(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let asked = lan.says(&db, "còn hàng không ạ?", NOW).await;
    let file = Attachment::File {
        id: "fil_1".into(),
        kind: FileKind::Image,
        name: Some("ảnh.jpg".into()),
        mime: Some("image/jpeg".into()),
        size: Some(9),
        state: FileState::Stored,
    };
    let place = Attachment::Location { latitude: 10.776_9, longitude: 106.700_9, title: None };
    let content = Content { attachments: vec![file, place], ..Content::text("<b>còn</b> 'ạ'; -- 🙂") };
    let content = content.with_buttons(vec![Button::payload("Mua", "buy"), Button::url("Xem", "https://shop.example/?a=1&b=2")]);
    let answer = NewMessage {
        reply_to: Some(asked.clone()),
        unsupported: Some("poll".into()),
        event: Some(json!({ "type": "pressed", "payload": "x" })),
        client_id: Some("tab-1".into()),
        platform_at: Some(NOW - 5),
        content: content.clone(),
        ..shop::answered(&lan, "", NOW + 1)
    };
    let seq = db.write(async |tx| tx.append(&lan.thread, &answer, NOW + 1).await).await.unwrap();

    let read = row(&db, &answer.id).await;
    assert_eq!((seq, read.seq, read.born_seq), (2, 2, 2));
    assert_eq!((read.thread_id.as_str(), read.identity_id.as_deref()), (lan.thread.as_str(), Some(lan.identity.as_str())));
    assert_eq!((&read.content.0, &read.author.0), (&content, &answer.author));
    assert_eq!((read.reply_to.as_deref(), read.reply_seq), (Some(asked.as_str()), Some(1)));
    assert_eq!(read.reply_content.as_ref().unwrap().text, "còn hàng không ạ?");
    assert_eq!(read.event.as_ref().map(|event| &event.0), answer.event.as_ref());
    assert_eq!((read.unsupported.as_deref(), read.client_id.as_deref()), (Some("poll"), Some("tab-1")));
    assert_eq!((read.status.as_str(), read.note, read.channel.as_deref()), ("queued", false, Some("chat")));
    assert_eq!((read.platform_at, read.created_at), (Some(NOW - 5), NOW + 1));
    assert_eq!((read.intent, read.error, read.edited_at, read.deleted_at), (None, None, None, None));
    assert!(read.reactions.0.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_thread_never_runs_backwards_though_the_clock_does(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    for (text, at) in [("một", NOW + 100), ("hai", NOW - 5_000), ("ba", NOW + 99), ("bốn", NOW + 101)] {
        lan.says(&db, text, at).await;
    }
    let rows = shop::messages(&db, &lan.thread).await;
    assert_eq!(rows.iter().map(|m| m.content.text.as_str()).collect::<Vec<_>>(), ["một", "hai", "ba", "bốn"]);
    assert_eq!(rows.iter().map(|m| m.created_at - NOW).collect::<Vec<_>>(), [100, 100, 100, 101]);
    assert!(rows.is_sorted_by(|a, b| a.position() < b.position()));

    lan.says(&db, "năm", NOW).await;
    let last = db.read().await.unwrap().thread(&lan.thread).await.unwrap().last_message.unwrap();
    assert_eq!((last.text.as_str(), last.created_at), ("năm", NOW + 101), "the preview tells the message's own time");
}

#[rstest]
#[tokio::test]
async fn the_preview_is_the_newest_that_was_spoken(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    lan.says(&db, "dòng một\ndòng hai", NOW + 1).await;
    let line = NewMessage {
        event: Some(json!({ "type": "taken" })),
        ..NewMessage::new(MessageId::fresh(NOW), Author::System, Content::default(), Status::Sent)
    };
    for message in [shop::noted("khách khó tính", NOW + 2), line] {
        db.write(async |tx| tx.append(&lan.thread, &message, NOW + 2).await).await.unwrap();
    }
    let thread = db.read().await.unwrap().thread(&lan.thread).await.unwrap();
    let last = thread.last_message.unwrap().0;
    assert_eq!(
        (last.text.as_str(), last.author.as_str(), last.channel.as_deref()),
        ("dòng một dòng hai", "customer", Some("chat"))
    );
    assert_eq!((thread.last_seq, thread.last_activity_at), (3, NOW + 2));
}

#[rstest]
#[tokio::test]
async fn nothing_is_appended_to_a_thread_that_is_none(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let message = shop::noted("?", NOW);
    let refused = db.write(async |tx| tx.append(&"thr_none".into(), &message, NOW).await).await;
    assert!(matches!(refused, Err(StoreError::Missing("thread"))));
    assert!(matches!(db.read().await.unwrap().message(&message.id).await, Err(StoreError::Missing("message"))));
}

#[rstest]
#[tokio::test]
async fn a_long_thread_is_read_in_pages_from_either_end(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    for n in 1..=10 {
        lan.says(&db, &n.to_string(), NOW).await;
    }
    let mut conn = db.read().await.unwrap();
    let numbers = |rows: Vec<MessageRow>| rows.iter().map(|m| m.seq).collect::<Vec<_>>();
    assert_eq!(numbers(conn.messages_before(&lan.thread, i64::MAX, 4).await.unwrap()), [7, 8, 9, 10]);
    assert_eq!(numbers(conn.messages_before(&lan.thread, 7, 4).await.unwrap()), [3, 4, 5, 6]);
    assert_eq!(numbers(conn.messages_before(&lan.thread, 3, 4).await.unwrap()), [1, 2]);
    assert_eq!(numbers(conn.messages_after(&lan.thread, 0, 4).await.unwrap()), [1, 2, 3, 4]);
    assert_eq!(numbers(conn.messages_after(&lan.thread, 8, 4).await.unwrap()), [9, 10]);
    assert!(conn.messages_after(&lan.thread, 10, 4).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_visitor_reads_only_what_they_said_and_were_told(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    minh.says(&db, "không phải của Lan", NOW).await;
    lan.says(&db, "alo", NOW).await;
    let withheld = NewMessage { status: Status::Withheld, ..shop::answered(&lan, "bot bị chen lời", NOW) };
    let failed = NewMessage { status: Status::Failed, ..shop::answered(&lan, "không tới", NOW) };
    let line = NewMessage { event: Some(json!({ "type": "pressed" })), ..shop::said(&lan, "nút", NOW) };
    let note = NewMessage { note: true, ..shop::answered(&lan, "ghi chú", NOW) };
    let waiting = shop::answered(&lan, "đang gửi", NOW);
    let answer = NewMessage { status: Status::Sent, ..shop::answered(&lan, "dạ có ạ", NOW) };
    for message in [&withheld, &failed, &line, &note, &waiting, &answer] {
        db.write(async |tx| tx.append(&lan.thread, message, NOW).await).await.unwrap();
    }
    let gone = lan.says(&db, "nhầm", NOW + 1).await;
    db.write(async |tx| tx.delete_message(&gone, NOW + 2).await).await.unwrap();
    lan.says(&db, "cảm ơn", NOW + 3).await;

    let mut conn = db.read().await.unwrap();
    let told = |rows: &[MessageRow]| rows.iter().map(|m| m.content.text.clone()).collect::<Vec<_>>();
    let all = conn.messages_with(&lan.identity, 0, 50).await.unwrap();
    assert_eq!(told(&all), ["alo", "dạ có ạ", "cảm ơn"]);
    assert_eq!(told(&conn.messages_with(&lan.identity, 0, 2).await.unwrap()), ["dạ có ạ", "cảm ơn"], "the newest of them");
    let rest = conn.messages_with(&lan.identity, all[0].position(), 50).await.unwrap();
    assert_eq!(told(&rest), ["dạ có ạ", "cảm ơn"], "two of one millisecond are told apart");
    assert!(conn.messages_with(&lan.identity, all[2].position(), 50).await.unwrap().is_empty());
    drop(conn);

    merge(&db, &minh, &lan, NOW + 4).await.unwrap();
    minh.says(&db, "vẫn không phải của Lan", NOW + 5).await;
    lan.says(&db, "vẫn là Lan", NOW + 6).await;
    let mut conn = db.read().await.unwrap();
    let merged = conn.messages_with(&lan.identity, 0, 50).await.unwrap();
    assert_eq!(told(&merged), ["alo", "dạ có ạ", "cảm ơn", "vẫn là Lan"], "where their thread is part of another");
    let rest = conn.messages_with(&lan.identity, all[1].position(), 50).await.unwrap();
    assert_eq!(told(&rest), ["cảm ơn", "vẫn là Lan"], "by a cursor from before the merge");
}

#[rstest]
#[tokio::test]
async fn what_a_browser_posts_twice_is_one_message(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let post = async |to: &shop::Person| {
        let message = NewMessage { client_id: Some("tab-1".into()), ..shop::answered(to, "dạ", NOW) };
        db.write(async |tx| tx.append(&to.thread, &message, NOW).await.map(|_| message.id)).await
    };
    let first = post(&lan).await.unwrap();
    assert!(post(&lan).await.unwrap_err().is_duplicate());
    assert_eq!(shop::seqs(&db, &lan.thread).await, [1], "the refused one left no gap");
    post(&minh).await.expect("another thread has ids of its own");

    let mut conn = db.read().await.unwrap();
    let found = conn.message_by_client_id(&lan.thread, "tab-1").await.unwrap().unwrap();
    assert_eq!(found.id, first.0);
    assert_eq!(conn.message_by_client_id(&lan.thread, "tab-2").await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_platforms_id_means_one_message_of_one_identity(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let (one, two) = (lan.says(&db, "một", NOW).await, lan.says(&db, "hai", NOW).await);
    let link = async |who: &shop::Person, platform_id: &str, message: &MessageId| {
        db.write(async |tx| tx.link_platform_id(&who.identity, platform_id, message).await).await.unwrap()
    };
    link(&lan, "m2", &one).await;
    // A message of two parts has two.
    link(&lan, "m1", &one).await;
    // It means the first already.
    link(&lan, "m1", &two).await;
    // Another identity counts for itself.
    link(&minh, "m1", &two).await;

    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.message_by_platform_id(&lan.identity, "m1").await.unwrap().as_ref(), Some(&one));
    assert_eq!(conn.message_by_platform_id(&minh.identity, "m1").await.unwrap().as_ref(), Some(&two));
    assert_eq!(conn.message_by_platform_id(&lan.identity, "m9").await.unwrap(), None);
    assert_eq!(conn.platform_id_of(&lan.identity, &one).await.unwrap().as_deref(), Some("m1"), "the first part's");
    assert_eq!(conn.platform_id_of(&lan.identity, &two).await.unwrap(), None);
    let both = conn.platform_ids_of(&lan.identity, &[one.0.clone(), two.0.clone()]).await.unwrap();
    assert_eq!(both, [(one.0.clone(), "m1".to_owned())].into());
}

#[rstest]
#[tokio::test]
async fn a_message_can_be_edited_reacted_to_and_taken_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let id = lan.says(&db, "đơn DH102", NOW).await;
    let reactions = [Reaction { emoji: "❤".into(), by: "customer".into() }];
    let intent = json!({ "name": "order_status", "probability": 0.97 });

    db.write(async |tx| tx.set_content(&id, &Content::text("có ảnh")).await).await.unwrap();
    let fetched = row(&db, &id).await;
    assert_eq!((fetched.content.text.as_str(), fetched.edited_at), ("có ảnh", None), "an arrived file is no edit");
    db.write(async |tx| tx.edit_message(&id, &Content::text("đơn DH1024"), NOW + 1).await).await.unwrap();
    db.write(async |tx| tx.set_reactions(&id, &reactions).await).await.unwrap();
    db.write(async |tx| tx.set_intent(&id, intent.clone()).await).await.unwrap();
    for at in [NOW + 2, NOW + 3] {
        db.write(async |tx| tx.delete_message(&id, at).await).await.unwrap();
    }
    let changed = row(&db, &id).await;
    assert_eq!((changed.content.text.as_str(), changed.edited_at), ("đơn DH1024", Some(NOW + 1)));
    assert_eq!(changed.deleted_at, Some(NOW + 2), "the first time counts");
    assert_eq!((changed.reactions.0, changed.intent.map(|i| i.0)), (reactions.to_vec(), Some(intent)));
}

#[rstest]
#[tokio::test]
async fn a_failure_is_written_with_its_reason_and_wiped_by_the_next_try(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (id, _) = lan.is_answered(&db, "dạ", NOW).await;
    let error = MessageError { code: "blocked".into(), detail: "the customer blocked the shop".into(), in_part: false };
    db.write(async |tx| tx.set_status(&id, Status::Failed, Some(&error)).await).await.unwrap();
    let failed = row(&db, &id).await;
    assert_eq!((failed.status.as_str(), failed.error.map(|e| e.0)), ("failed", Some(error)));
    db.write(async |tx| tx.set_status(&id, Status::Queued, None).await).await.unwrap();
    let queued = row(&db, &id).await;
    assert_eq!((queued.status.as_str(), queued.error), ("queued", None));
}
