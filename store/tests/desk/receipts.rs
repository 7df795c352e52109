//! Receipts move a message forward and never back.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::message::Status::{self, Delivered, Failed, Queued, Read, Received, Sent, Uncertain, Withheld};
use onethread_store::messages::{MessageError, NewMessage};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn a_receipt_never_moves_a_message_back(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let cases = [
        (Queued, Delivered, Delivered),
        (Sent, Delivered, Delivered),
        (Uncertain, Delivered, Delivered),
        (Sent, Read, Read),
        (Delivered, Read, Read),
        (Delivered, Sent, Delivered),
        (Delivered, Delivered, Delivered),
        (Read, Delivered, Read),
        (Read, Sent, Read),
        (Received, Read, Received),
        (Withheld, Read, Withheld),
        (Failed, Delivered, Failed),
    ];
    for (n, (from, to, then)) in cases.into_iter().enumerate() {
        let message = NewMessage { status: from, ..shop::answered(&lan, "dạ", NOW) };
        let platform_id = format!("m{n}");
        let error = MessageError { code: "timeout".into(), detail: "perhaps sent".into() };
        let moved = db
            .write(async |tx| {
                tx.append(&lan.thread, &message, NOW).await?;
                tx.set_status(&message.id, from, Some(&error)).await?;
                tx.link_platform_id(&lan.identity, &platform_id, &message.id).await?;
                tx.raise_status(&lan.identity, &platform_id, to).await
            })
            .await
            .unwrap();
        let row = db.read().await.unwrap().message(&message.id).await.unwrap();
        assert_eq!(row.status, then.as_str(), "{from:?} told {to:?}");
        assert_eq!(moved, if from == then { vec![] } else { vec![message.id] }, "{from:?} told {to:?}");
        assert_eq!(row.error.is_none(), from != then, "what arrived has no error any more");
    }
}

#[rstest]
#[tokio::test]
async fn a_receipt_for_nothing_of_ours_moves_nothing(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let moved = db.write(async |tx| tx.raise_status(&lan.identity, "unheard of", Read).await).await.unwrap();
    assert!(moved.is_empty());
}

#[rstest]
#[tokio::test]
async fn seen_until_an_instant_covers_what_was_sent_by_then_to_that_identity(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let put = async |to: &shop::Person, status: Status, at: i64| {
        let message = NewMessage { status, ..shop::answered(to, "dạ", at) };
        db.write(async |tx| tx.append(&to.thread, &message, at).await).await.unwrap();
        message.id
    };
    let (one, two) = (put(&lan, Sent, NOW + 1).await, put(&lan, Delivered, NOW + 2).await);
    let waiting = put(&lan, Queued, NOW + 2).await;
    let failed = put(&lan, Failed, NOW + 2).await;
    let later = put(&lan, Sent, NOW + 3).await;
    let others = put(&minh, Sent, NOW + 1).await;

    let raise = async |to| {
        let mut moved = db.write(async |tx| tx.raise_status_until(&lan.identity, NOW + 2, to).await).await.unwrap();
        moved.sort();
        moved
    };
    assert_eq!(raise(Delivered).await, std::slice::from_ref(&one), "what is delivered already does not move");
    let mut both = [one.clone(), two.clone()];
    both.sort();
    assert_eq!(raise(Read).await, both);
    assert!(raise(Delivered).await.is_empty(), "read stays read");
    let mut conn = db.read().await.unwrap();
    for (id, status) in [(one, Read), (two, Read), (waiting, Queued), (failed, Failed), (later, Sent), (others, Sent)] {
        assert_eq!(conn.message(&id).await.unwrap().status, status.as_str());
    }
}
