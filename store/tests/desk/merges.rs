//! Two customers become one, and two again, exactly.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop::{self, Person};
use onethread_core::ids::{HandoffId, MergeId, MessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_store::customers::IdentityRow;
use onethread_store::handoffs::HandoffRow;
use onethread_store::merges::line_of;
use onethread_store::messages::{MessageRow, NewMessage};
use onethread_store::threads::{ThreadRow, View};
use onethread_store::{Result, StoreError};
use rstest::rstest;
use serde_json::json;

/// All that a console could show of a customer's thread.
#[derive(Debug, PartialEq)]
pub struct Shown {
    pub thread: ThreadRow,
    pub messages: Vec<MessageRow>,
    pub handoffs: Vec<HandoffRow>,
    pub identities: Vec<IdentityRow>,
}

pub async fn shown(db: &TestDb, who: &Person) -> Shown {
    let mut conn = db.read().await.unwrap();
    Shown {
        thread: conn.thread(&who.thread).await.unwrap(),
        messages: conn.messages_after(&who.thread, i64::MIN, 10_000).await.unwrap(),
        handoffs: conn.handoffs_of(&who.customer).await.unwrap(),
        identities: conn.identities_of(&who.customer).await.unwrap(),
    }
}

pub async fn merge(db: &TestDb, into: &Person, from: &Person, at: i64) -> Result<MergeId> {
    let id = MergeId::fresh(at);
    let line = NewMessage {
        event: Some(json!({ "type": "merged" })),
        ..NewMessage::new(line_of(&id), Author::System, Content::default(), Status::Sent)
    };
    db.write(async |tx| {
        tx.merge_customers(&id, &into.customer, &from.customer, &json!({ "id": "agt_mai", "name": "Mai" }), at).await?;
        tx.append(&into.thread, &line, at).await
    })
    .await?;
    Ok(id)
}

pub async fn undo(db: &TestDb, merge: &MergeId, at: i64) -> Result<()> {
    db.write(async |tx| {
        let row = tx.merge(merge).await?;
        tx.part_customers(&row, at).await
    })
    .await
}

pub async fn note(db: &TestDb, thread: &ThreadId, text: &str, at: i64) -> MessageId {
    let note = shop::noted(text, at);
    db.write(async |tx| tx.append(thread, &note, at).await).await.unwrap();
    note.id
}

pub async fn hand_off(db: &TestDb, thread: &ThreadId, at: i64) {
    db.write(async |tx| tx.open_handoff(&HandoffId::fresh(at), thread, "asked", at).await).await.unwrap();
    db.write(async |tx| tx.close_handoff(thread, at).await).await.unwrap();
}

async fn people(db: &TestDb, names: [&str; 3]) -> [Person; 3] {
    let mut people = Vec::new();
    for (name, channel) in names.iter().zip(["chat", "mail", "chat"]) {
        let inbox = shop::inbox(db, channel).await;
        people.push(shop::person(db, &inbox, name).await);
    }
    people.try_into().expect("three of them")
}

/// Lan and Minh have spoken in turn, were noted about, and cared for.
async fn lived(db: &TestDb, lan: &Person, minh: &Person) {
    lan.says(db, "lan 1", NOW + 1).await;
    minh.says(db, "minh 1", NOW + 2).await;
    lan.says(db, "lan 2", NOW + 3).await;
    note(db, &minh.thread, "ghi chú về minh", NOW + 4).await;
    minh.says(db, "minh 2", NOW + 5).await;
    note(db, &lan.thread, "ghi chú về lan", NOW + 6).await;
    hand_off(db, &lan.thread, NOW + 6).await;
    hand_off(db, &minh.thread, NOW + 7).await;
}

#[rstest]
#[tokio::test]
async fn a_merge_shows_both_in_the_order_things_were_said(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    let id = merge(&db, &lan, &minh, NOW + 10).await.unwrap();

    assert_eq!(
        shop::texts(&db, &lan.thread).await,
        ["lan 1", "minh 1", "lan 2", "ghi chú về minh", "minh 2", "ghi chú về lan", ""]
    );
    let both = shown(&db, &lan).await;
    assert_eq!(shop::seqs(&db, &lan.thread).await, (1..=7).collect::<Vec<_>>());
    assert_eq!((both.handoffs.len(), both.identities.len(), both.thread.last_seq, both.thread.unread), (2, 2, 7, 4));
    assert_eq!(both.thread.last_message.as_ref().unwrap().text, "minh 2");
    assert_eq!(both.thread.last_identity_id.as_deref(), Some(minh.identity.as_str()));
    let mut conn = db.read().await.unwrap();
    let row = conn.merge(&id).await.unwrap();
    assert_eq!((row.from_name.as_str(), &row.merged_by.0["name"], row.undone_at), ("Minh", &json!("Mai"), None));
    assert_eq!(conn.merges_of(&lan.customer).await.unwrap(), [row]);
    assert_eq!(conn.customer(&minh.customer).await.unwrap().merged_into.as_deref(), Some(lan.customer.as_str()));
    let listed = conn.threads(View::All, "", None, None, 10).await.unwrap().items;
    assert!(listed.iter().all(|thread| thread.id != minh.thread.0), "the folded thread is in no list");
    let names: Vec<String> = conn.customers("", None, 10).await.unwrap().items.into_iter().map(|c| c.name).collect();
    assert_eq!(names.len(), 2, "nor is the folded customer: {names:?}");
}

#[rstest]
#[tokio::test]
async fn undoing_a_merge_restores_both_threads_exactly(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    let before = (shown(&db, &lan).await, shown(&db, &minh).await);
    for at in [NOW + 10, NOW + 20] {
        let id = merge(&db, &lan, &minh, at).await.unwrap();
        undo(&db, &id, at).await.unwrap();
        assert_eq!((shown(&db, &lan).await, shown(&db, &minh).await), before);
        assert!(matches!(undo(&db, &id, at).await, Err(StoreError::Conflict(_))), "once");
        assert!(db.read().await.unwrap().merges_of(&lan.customer).await.unwrap().is_empty());
        assert_eq!(db.read().await.unwrap().customer(&minh.customer).await.unwrap().merged_into, None);
    }
    assert!(matches!(db.read().await.unwrap().merge(&"mrg_none".into()).await, Err(StoreError::Missing("merge"))));
}

#[rstest]
#[tokio::test]
async fn a_thread_without_a_word_is_restored_too(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    minh.says(&db, "chỉ minh nói", NOW + 5).await;
    let before = (shown(&db, &lan).await, shown(&db, &minh).await);
    let id = merge(&db, &lan, &minh, NOW + 10).await.unwrap();
    undo(&db, &id, NOW + 11).await.unwrap();
    let (mut after, minhs) = (shown(&db, &lan).await, shown(&db, &minh).await);
    // Where an answer would go is filled in: it is Lan's only identity.
    after.thread.last_identity_id = None;
    assert_eq!((after, minhs), before);
}

#[rstest]
#[tokio::test]
async fn a_preview_under_many_notes_is_restored_too(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    lan.says(&db, "lời cuối", NOW + 1).await;
    for n in 0..40 {
        note(&db, &lan.thread, &format!("ghi chú {n}"), NOW + 2).await;
    }
    let before = shown(&db, &lan).await;
    let id = merge(&db, &lan, &minh, NOW + 10).await.unwrap();
    assert_eq!(shown(&db, &lan).await.thread.last_message.unwrap().text, "lời cuối");
    undo(&db, &id, NOW + 11).await.unwrap();
    assert_eq!(shown(&db, &lan).await, before);
}

#[rstest]
#[tokio::test]
async fn what_is_said_while_merged_goes_to_its_identitys_side(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    let id = merge(&db, &lan, &minh, NOW + 10).await.unwrap();
    minh.says(&db, "minh 3", NOW + 11).await;
    lan.says(&db, "lan 3", NOW + 11).await;
    note(&db, &lan.thread, "ghi chú chung", NOW + 12).await;
    undo(&db, &id, NOW + 20).await.unwrap();

    assert_eq!(shop::texts(&db, &lan.thread).await, ["lan 1", "lan 2", "ghi chú về lan", "lan 3", "ghi chú chung"]);
    assert_eq!(shop::texts(&db, &minh.thread).await, ["minh 1", "ghi chú về minh", "minh 2", "minh 3"]);
    assert_eq!(shop::seqs(&db, &minh.thread).await, [1, 2, 3, 4]);
    assert_eq!(minh.says(&db, "minh 4", NOW + 21).await, shop::messages(&db, &minh.thread).await[4].id.as_str().into());
    assert_eq!(shop::seqs(&db, &minh.thread).await, [1, 2, 3, 4, 5]);
}

#[rstest]
#[tokio::test]
async fn a_second_merge_takes_no_note_from_whoever_keeps_the_thread(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    let first = merge(&db, &lan, &minh, NOW + 10).await.unwrap();
    minh.says(&db, "nói trong luồng của Lan", NOW + 11).await;
    undo(&db, &first, NOW + 12).await.unwrap();
    let before = (shown(&db, &lan).await, shown(&db, &minh).await);
    let second = merge(&db, &lan, &minh, NOW + 13).await.unwrap();
    undo(&db, &second, NOW + 14).await.unwrap();
    assert_eq!((shown(&db, &lan).await, shown(&db, &minh).await), before);
}

#[rstest]
#[tokio::test]
async fn messages_of_one_millisecond_keep_their_places(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    for n in 0..5 {
        minh.says(&db, &format!("minh {n}"), NOW).await;
        lan.says(&db, &format!("lan {n}"), NOW).await;
    }
    let first = merge(&db, &lan, &minh, NOW).await.unwrap();
    minh.says(&db, "minh 5", NOW).await;
    undo(&db, &first, NOW).await.unwrap();
    minh.says(&db, "minh 6", NOW).await;
    let before = (shown(&db, &lan).await, shown(&db, &minh).await);
    let expected: Vec<String> = (0..7).map(|n| format!("minh {n}")).collect();
    assert_eq!(shop::texts(&db, &minh.thread).await, expected);

    let second = merge(&db, &lan, &minh, NOW).await.unwrap();
    let merged = shop::texts(&db, &lan.thread).await;
    assert_eq!(merged.into_iter().filter(|text| text.starts_with("minh")).collect::<Vec<_>>(), expected);
    undo(&db, &second, NOW).await.unwrap();
    assert_eq!((shown(&db, &lan).await, shown(&db, &minh).await), before);
}

#[rstest]
#[tokio::test]
async fn undoing_the_outer_of_two_merges_leaves_the_inner_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, an] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    an.says(&db, "an 1", NOW + 2).await;
    note(&db, &an.thread, "ghi chú về an", NOW + 3).await;
    hand_off(&db, &an.thread, NOW + 4).await;
    let apart = (shown(&db, &minh).await, shown(&db, &an).await);
    let inner = merge(&db, &minh, &an, NOW + 10).await.unwrap();
    let before = (shown(&db, &lan).await, shown(&db, &minh).await);

    let outer = merge(&db, &lan, &minh, NOW + 11).await.unwrap();
    assert_eq!(shown(&db, &lan).await.identities.len(), 3);
    assert!(matches!(undo(&db, &inner, NOW + 12).await, Err(StoreError::Conflict(_))), "the outer one first");
    assert!(matches!(merge(&db, &lan, &an, NOW + 12).await, Err(StoreError::Conflict(_))), "it is merged already");
    assert!(matches!(merge(&db, &lan, &lan, NOW + 12).await, Err(StoreError::Conflict(_))), "with oneself");
    undo(&db, &outer, NOW + 13).await.unwrap();
    assert_eq!((shown(&db, &lan).await, shown(&db, &minh).await), before);
    undo(&db, &inner, NOW + 14).await.unwrap();
    assert_eq!((shown(&db, &minh).await, shown(&db, &an).await), apart);
}

#[rstest]
#[tokio::test]
async fn two_merges_into_one_can_be_undone_in_either_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, an] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    an.says(&db, "an 1", NOW + 2).await;
    let before = (shown(&db, &lan).await, shown(&db, &minh).await, shown(&db, &an).await);
    let (first, second) = (merge(&db, &lan, &minh, NOW + 10).await.unwrap(), merge(&db, &lan, &an, NOW + 11).await.unwrap());
    let standing: Vec<String> =
        db.read().await.unwrap().merges_of(&lan.customer).await.unwrap().into_iter().map(|m| m.id).collect();
    assert_eq!(standing, [second.0.clone(), first.0.clone()], "newest first");
    undo(&db, &first, NOW + 12).await.unwrap();
    undo(&db, &second, NOW + 13).await.unwrap();
    assert_eq!((shown(&db, &lan).await, shown(&db, &minh).await, shown(&db, &an).await), before);
}

#[rstest]
#[tokio::test]
async fn what_was_read_while_merged_is_read_when_parted(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let [lan, minh, _] = people(&db, ["Lan", "Minh", "An"]).await;
    lived(&db, &lan, &minh).await;
    let id = merge(&db, &lan, &minh, NOW + 10).await.unwrap();
    db.write(async |tx| tx.mark_seen(&lan.thread, 7).await).await.unwrap();
    undo(&db, &id, NOW + 11).await.unwrap();
    assert_eq!((shown(&db, &lan).await.thread.unread, shown(&db, &minh).await.thread.unread), (0, 0));
}
