//! Receipts move a message forward and never back.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::ids::MessageId;
use onethread_core::message::Status::{self, Delivered, Failed, Queued, Read, Received, Sent, Uncertain, Withheld};
use onethread_store::Tx;
use onethread_store::messages::{MessageError, NewMessage};
use onethread_store::outbox::{End, Gone};
use onethread_store::receipts::{Receipt, ReceiptUntil};
use rstest::rstest;

/// One receipt; answers the messages that moved.
async fn raise(tx: &mut Tx, of: &shop::Person, platform_id: &str, to: Status) -> onethread_store::Result<Vec<MessageId>> {
    let moved = tx.raise_statuses(&[Receipt { identity: &of.identity, platform_id, to }]).await?;
    Ok(moved.into_iter().map(|moved| moved.message).collect())
}

async fn raise_until(tx: &mut Tx, of: &shop::Person, until: i64, to: Status) -> onethread_store::Result<Vec<MessageId>> {
    let moved = tx.raise_statuses_until(&[ReceiptUntil { identity: &of.identity, until, to }]).await?;
    Ok(moved.into_iter().map(|moved| moved.message).collect())
}

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
        let error = MessageError { code: "timeout".into(), detail: "perhaps sent".into(), in_part: false };
        let moved = db
            .write(async |tx| {
                tx.append(&lan.thread, &message, NOW).await?;
                tx.set_status(&message.id, from, Some(&error)).await?;
                tx.link_platform_id(&lan.identity, &platform_id, &message.id).await?;
                raise(tx, &lan, &platform_id, to).await
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
    let moved = db.write(async |tx| raise(tx, &lan, "unheard of", Read).await).await.unwrap();
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
        let mut moved = db.write(async |tx| raise_until(tx, &lan, NOW + 2, to).await).await.unwrap();
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

/// A message of two parts, and what becomes of it.
struct TwoParts {
    db: TestDb,
    lan: shop::Person,
    message: MessageId,
    /// Each as soon as it went; else only the message as a whole.
    parts_show: bool,
}

impl TwoParts {
    async fn queued(engine: Engine) -> Self {
        let db = TestDb::open(engine).await;
        let lan = shop::only_person(&db).await;
        let message = shop::answered(&lan, "hai phần", NOW);
        let parts = [shop::parcel(&lan, &message.id, "một"), shop::parcel(&lan, &message.id, "hai")];
        db.write(async |tx| shop::queue(tx, &lan.thread, &message, &parts, NOW).await).await.unwrap();
        Self { db, lan, message: message.id, parts_show: true }
    }

    /// The next part is handed over at `at`, and the platform takes it at once.
    async fn goes(&self, platform_id: &str, status: Status, at: i64) {
        self.db
            .write(async |tx| {
                let claimed = tx.claim_parcels(&self.lan.inbox, platform_id, at + 60_000, at, 1).await?;
                let handed_at = self.parts_show.then_some(claimed[0].claimed_at);
                tx.parcels_gone(&[Gone { parcel: &claimed[0], platform_id, status, handed_at }], at + 1).await
            })
            .await
            .unwrap();
    }

    /// A receipt of one part; answers whether the message moved.
    async fn is(&self, platform_id: &str, to: Status) -> bool {
        let moved = self.db.write(async |tx| raise(tx, &self.lan, platform_id, to).await).await.unwrap();
        assert!(moved.is_empty() || moved == std::slice::from_ref(&self.message));
        !moved.is_empty()
    }

    async fn is_until(&self, until: i64, to: Status) -> bool {
        let moved = self.db.write(async |tx| raise_until(tx, &self.lan, until, to).await).await.unwrap();
        !moved.is_empty()
    }

    async fn status(&self) -> String {
        self.db.read().await.unwrap().message(&self.message).await.unwrap().status
    }
}

#[rstest]
#[tokio::test]
async fn a_message_of_two_parts_is_as_far_as_the_last_of_them(#[values(Sqlite, Postgres)] engine: Engine) {
    let two = TwoParts::queued(engine).await;
    two.goes("p1", Sent, NOW).await;
    assert!(!two.is("p1", Read).await, "the second has not gone");
    assert_eq!(two.status().await, "queued");
    two.goes("p2", Sent, NOW + 10).await;
    assert_eq!(two.status().await, "sent");
    assert!(!two.is("p1", Read).await, "told again");
    assert!(two.is("p2", Delivered).await);
    assert_eq!(two.status().await, "delivered", "the first is read, the second is not");
    assert!(!two.is("p1", Read).await);
    assert!(two.is("p2", Read).await);
    assert_eq!(two.status().await, "read");
    assert!(!two.is("p1", Delivered).await && !two.is("p2", Delivered).await);
    assert_eq!(two.status().await, "read", "never back");
}

#[rstest]
#[tokio::test]
async fn a_second_part_that_is_delivered_at_once_does_not_deliver_the_first(#[values(Sqlite, Postgres)] engine: Engine) {
    let two = TwoParts::queued(engine).await;
    two.goes("p1", Sent, NOW).await;
    two.goes("p2", Delivered, NOW + 10).await;
    assert_eq!(two.status().await, "sent");
    assert!(!two.is("p2", Read).await);
    assert!(two.is("p1", Delivered).await);
    assert_eq!(two.status().await, "delivered", "the lesser of the two");
}

#[rstest]
#[tokio::test]
async fn seen_until_an_instant_covers_the_parts_that_were_there_by_then(#[values(Sqlite, Postgres)] engine: Engine) {
    let two = TwoParts::queued(engine).await;
    two.goes("p1", Sent, NOW + 1).await;
    assert!(!two.is_until(NOW + 5, Read).await);
    two.goes("p2", Sent, NOW + 10).await;
    assert!(!two.is_until(NOW + 5, Read).await, "read before the second part came");
    assert_eq!(two.status().await, "sent");
    assert!(two.is_until(NOW + 10, Delivered).await);
    assert_eq!(two.status().await, "delivered");
    assert!(two.is_until(NOW + 11, Read).await);
    assert_eq!(two.status().await, "read");
}

#[rstest]
#[tokio::test]
async fn where_a_message_shows_as_a_whole_it_is_seen_as_a_whole(#[values(Sqlite, Postgres)] engine: Engine) {
    let two = TwoParts { parts_show: false, ..TwoParts::queued(engine).await };
    two.goes("p1", Delivered, NOW + 1).await;
    two.goes("p2", Sent, NOW + 10).await;
    assert!(!two.is_until(NOW - 1, Read).await);
    assert!(two.is_until(NOW, Read).await, "the instant is that of the message");
    assert_eq!(two.status().await, "read");
}

#[rstest]
#[tokio::test]
async fn receipts_do_not_hide_a_part_that_failed_or_may_have(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values((End::Failed, Failed), (End::Uncertain, Uncertain))] (end, shown): (End, Status),
) {
    let two = TwoParts::queued(engine).await;
    two.goes("p1", Sent, NOW).await;
    let second = two.db.write(async |tx| tx.claim_parcels(&two.lan.inbox, "second", NOW + 60_000, NOW, 1).await).await.unwrap();
    two.db
        .write(async |tx| {
            tx.end_parcel(&second[0].id, end, None, None, NOW).await?;
            tx.set_status(&two.message, shown, None).await
        })
        .await
        .unwrap();
    assert!(!two.is("p1", Delivered).await && !two.is_until(NOW + 99, Read).await);
    assert_eq!(two.status().await, shown.as_str());
    if end == End::Uncertain {
        two.db.write(async |tx| tx.believe_parcels_of(&two.message, NOW).await).await.unwrap();
        assert!(!two.is("p1", Read).await, "of the second nothing is known but an agent's word");
        assert_eq!(two.status().await, "uncertain", "until that word is written down");
    }
}
