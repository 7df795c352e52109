//! What platforms tell of replies is seen to together, and comes to the same
//! as one after the other.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop::{self, Person};
use onethread_core::channel::Sender;
use onethread_core::ids::MessageId;
use onethread_core::message::Status::{self, Delivered, Read, Sent, Uncertain};
use onethread_store::Writer;
use onethread_store::messages::NewMessage;
use onethread_store::outbox::{End, Gone};
use onethread_store::receipts::{Receipt, ReceiptUntil};
use onethread_store::waiting::Waiting;
use rstest::rstest;

/// Something of ours that has gone, under this id.
async fn gone(db: &TestDb, to: &Person, platform_id: &str, at: i64) -> MessageId {
    let message = NewMessage { status: Sent, ..shop::answered(to, "dạ", at) };
    db.write(async |tx| {
        tx.append(&to.thread, &message, at).await?;
        tx.link_platform_id(&to.identity, platform_id, &message.id).await
    })
    .await
    .unwrap();
    message.id
}

async fn status(db: &TestDb, message: &MessageId) -> String {
    db.read().await.unwrap().message(message).await.unwrap().status
}

#[rstest]
#[tokio::test]
async fn any_number_of_receipts_moves_each_its_own(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(1, 5, 33, 130)] count: usize,
) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mut messages = Vec::new();
    for n in 0..count {
        messages.push(gone(&db, &lan, &format!("p{n}"), NOW).await);
    }
    let ids: Vec<String> = (0..count).map(|n| format!("p{n}")).collect();
    let to = |n: usize| if n.is_multiple_of(2) { Read } else { Delivered };
    let receipts: Vec<Receipt<'_>> =
        ids.iter().enumerate().map(|(n, id)| Receipt { identity: &lan.identity, platform_id: id, to: to(n) }).collect();
    let mut moved = db.write(async |tx| tx.raise_statuses(&receipts).await).await.unwrap();
    moved.sort();
    assert!(moved.iter().all(|moved| moved.thread == lan.thread));
    let mut all = messages.clone();
    all.sort();
    assert_eq!(moved.into_iter().map(|moved| moved.message).collect::<Vec<_>>(), all);
    for (n, message) in messages.iter().enumerate() {
        assert_eq!(status(&db, message).await, to(n).as_str());
    }
}

#[rstest]
#[tokio::test]
async fn of_two_receipts_at_once_the_further_counts(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let message = gone(&db, &lan, "p1", NOW).await;
    // A message of two parts.
    db.write(async |tx| tx.link_platform_id(&lan.identity, "p2", &message).await).await.unwrap();
    let tell = async |told: &[(&str, Status)]| {
        let receipts: Vec<Receipt<'_>> =
            told.iter().map(|(platform_id, to)| Receipt { identity: &lan.identity, platform_id, to: *to }).collect();
        let moved = db.write(async |tx| tx.raise_statuses(&receipts).await).await.unwrap();
        (moved.len(), status(&db, &message).await)
    };
    assert_eq!(tell(&[("p1", Read), ("p1", Delivered), ("p2", Delivered)]).await, (1, "delivered".into()));
    assert_eq!(tell(&[("p1", Delivered), ("p2", Delivered), ("p2", Read)]).await, (1, "read".into()));
    assert_eq!(tell(&[("p2", Delivered)]).await, (0, "read".into()));
}

#[rstest]
#[tokio::test]
async fn seen_and_delivered_until_instants_are_told_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let mut messages = Vec::new();
    for (n, to) in [&lan, &lan, &lan, &minh].into_iter().enumerate() {
        messages.push(gone(&db, to, &format!("p{n}"), NOW + n as i64).await);
    }
    let until = |of: &Person, until: i64, to: Status| (of.identity.clone(), NOW + until, to);
    let told = [
        until(&lan, 0, Read),
        until(&lan, 1, Delivered),
        until(&lan, 0, Delivered),
        until(&minh, 9, Read),
        until(&minh, 1, Read),
    ];
    let receipts: Vec<ReceiptUntil<'_>> =
        told.iter().map(|(identity, until, to)| ReceiptUntil { identity, until: *until, to: *to }).collect();
    let moved = db.write(async |tx| tx.raise_statuses_until(&receipts).await).await.unwrap();
    assert!(moved.iter().filter(|moved| moved.thread == minh.thread).count() == 1 && moved.len() >= 3);
    for (message, is) in messages.iter().zip([Read, Delivered, Sent, Read]) {
        assert_eq!(status(&db, message).await, is.as_str());
    }
}

#[rstest]
#[tokio::test]
async fn a_thread_is_looked_back_on_ten_messages_before_what_was_read(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mut messages = Vec::new();
    for n in 0..14 {
        messages.push(gone(&db, &lan, &format!("p{n}"), NOW).await);
    }
    let far = [0, 3, 4];
    // Nobody knew what became of them.
    for n in far {
        db.write(async |tx| tx.set_status(&messages[n], Uncertain, None).await).await.unwrap();
    }
    let read = async || {
        let receipt = ReceiptUntil { identity: &lan.identity, until: NOW, to: Read };
        db.write(async |tx| tx.raise_statuses_until(&[receipt]).await).await.unwrap().len()
    };
    assert_eq!(read().await, 11, "as far back as there is anything, where none was read");
    for n in far {
        db.write(async |tx| tx.set_status(&messages[n], Sent, None).await).await.unwrap();
    }
    assert_eq!(read().await, 1);
    for (n, is) in [(0, Sent), (3, Sent), (4, Read)] {
        assert_eq!(status(&db, &messages[n]).await, is.as_str(), "{n}");
    }
}

#[rstest]
#[tokio::test]
async fn who_and_what_is_known_is_asked_for_together(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    gone(&db, &lan, "p1", NOW).await;
    let mut conn = db.read().await.unwrap();
    let address = conn.identity(&lan.identity).await.unwrap().address;
    let named = conn.identities_named(&[(inbox.as_str(), &address), (inbox.as_str(), "nobody")]).await.unwrap();
    assert_eq!(named.into_iter().collect::<Vec<_>>(), [((inbox.0.clone(), address), lan.identity.clone())]);
    let ids = [(lan.identity.as_str(), "p1"), (lan.identity.as_str(), "p2"), (minh.identity.as_str(), "p1")];
    let known = conn.platform_ids_known(&ids).await.unwrap();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [(lan.identity.0.clone(), "p1".to_owned())]);
    drop(conn);
    let people = [lan.identity.as_str(), minh.identity.as_str()];
    lan.is_answered(&db, "dạ", NOW).await;
    assert!(db.read().await.unwrap().being_sent_to(&people).await.unwrap().is_empty(), "it waits");
    db.write(async |tx| tx.claim_parcels(&inbox, "claim", NOW + 60_000, NOW, 9).await).await.unwrap();
    let busy = db.read().await.unwrap().being_sent_to(&people).await.unwrap();
    assert_eq!(busy.into_iter().collect::<Vec<_>>(), [lan.identity.0]);
}

/// In one transaction the shop answered elsewhere, and that was read.
#[rstest]
#[tokio::test]
async fn what_a_person_sent_elsewhere_is_seen_though_it_is_held(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let address = db.read().await.unwrap().identity(&lan.identity).await.unwrap().address;
    let message = NewMessage { status: Sent, ..shop::answered(&lan, "dạ", NOW) };
    let (known, moved) = db
        .write(async |tx| {
            let sender = Sender::new(address.as_str());
            tx.hold(&[Writer { inbox: &lan.inbox, channel: "chat", sender: &sender }], NOW).await?;
            tx.append(&lan.thread, &message, NOW).await?;
            tx.link_platform_id(&lan.identity, "p1", &message.id).await?;
            let known = tx.platform_ids_known(&[(lan.identity.as_str(), "p1")]).await?;
            let receipt = Receipt { identity: &lan.identity, platform_id: "p1", to: Read };
            Ok((known.len(), tx.raise_statuses(&[receipt]).await?.len()))
        })
        .await
        .unwrap();
    assert_eq!((known, moved), (1, 1));
    assert_eq!(status(&db, &message.id).await, "read");
}

#[rstest]
#[tokio::test]
async fn what_the_platform_shows_has_gone(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let (first, first_key) = lan.is_answered(&db, "một", NOW).await;
    let (second, second_key) = minh.is_answered(&db, "hai", NOW).await;
    let claimed = db.write(async |tx| tx.claim_parcels(&inbox, "claim", NOW + 60_000, NOW, 9).await).await.unwrap();
    let settle = async |n: usize, platform_id: &str| {
        let gone = [Gone { parcel: &claimed[n], platform_id, status: Sent, handed_at: Some(NOW) }];
        db.write(async |tx| tx.parcels_gone(&gone, NOW).await).await.unwrap()
    };
    let of_minh = claimed.iter().position(|parcel| parcel.identity_id == minh.identity.0).unwrap();
    settle(of_minh, "p2").await;
    // Somebody reacts to the first before anybody knows it by its id.
    let address = db.read().await.unwrap().identity(&lan.identity).await.unwrap().address;
    let early = Waiting { inbox: &inbox, address: &address, platform_id: "p1", position: 1, key: "reaction" };
    db.write(async |tx| tx.let_wait(&early, NOW).await).await.unwrap();
    let keys = [first_key.as_str(), second_key.as_str(), "out_of_others"];
    let mut parcels = db.read().await.unwrap().parcels_of_keys(&keys).await.unwrap();
    parcels.sort_by_key(|parcel| parcel.state.clone());
    let states: Vec<&str> = parcels.iter().map(|parcel| parcel.state.as_str()).collect();
    assert_eq!(states, ["sending", "sent"]);
    assert_eq!((&parcels[0].message_id, &parcels[0].thread_id, &parcels[0].address), (&first.0, &lan.thread.0, &address));
    let shown = [(&parcels[0], "p1"), (&parcels[1], "p2")];
    assert!(db.write(async |tx| tx.parcels_shown(&shown, NOW + 1).await).await.unwrap().is_empty());
    assert_eq!((status(&db, &first).await, status(&db, &second).await), ("sent".into(), "sent".into()));
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.waiting_count().await.unwrap(), 0, "what waited for it is read again");
    assert_eq!(conn.outbox_depth().await.unwrap(), (0, 0));
    for (person, id, message) in [(&lan, "p1", &first), (&minh, "p2", &second)] {
        assert_eq!(conn.message_by_platform_id(&person.identity, id).await.unwrap().as_ref(), Some(message));
    }
    drop(conn);
    assert!(settle(1 - of_minh, "p1").await.is_empty(), "the answer to the call tells nothing new");
    assert_eq!(status(&db, &first).await, "sent");
}

/// Whoever waits for the end of a delivery waits for the one that is under way, not for one that has ended.
#[rstest]
#[tokio::test]
async fn an_echo_of_what_had_gone_before_ends_no_other_delivery(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let claim = async || db.write(async |tx| tx.claim_parcels(&lan.inbox, "claim", NOW + 60_000, NOW, 9).await).await.unwrap();
    let (_, first_key) = lan.is_answered(&db, "một", NOW).await;
    let first = claim().await.remove(0);
    let gone = [Gone { parcel: &first, platform_id: "p1", status: Sent, handed_at: None }];
    db.write(async |tx| tx.parcels_gone(&gone, NOW).await).await.unwrap();
    let (_, second_key) = lan.is_answered(&db, "hai", NOW).await;
    assert_eq!(claim().await.len(), 1, "the second is under way");
    let early = Waiting { inbox: &lan.inbox, address: &first.address, platform_id: "", position: 1, key: "read" };
    db.write(async |tx| tx.let_wait(&early, NOW).await).await.unwrap();
    let shows = async |key: &str, platform_id: &str| {
        let parcels = db.read().await.unwrap().parcels_of_keys(&[key]).await.unwrap();
        db.write(async |tx| tx.parcels_shown(&[(&parcels[0], platform_id)], NOW).await).await.unwrap();
        db.read().await.unwrap().waiting_count().await.unwrap()
    };
    assert_eq!(shows(first_key.as_str(), "p1").await, 1);
    assert_eq!(shows(second_key.as_str(), "p2").await, 0);
}

/// Between the look at it and the word that it has gone, its sender was given up.
#[rstest]
#[tokio::test]
async fn what_is_shown_after_it_was_given_up_has_gone_after_all(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(true, false)] again: bool,
) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (message, key) = lan.is_answered(&db, "một", NOW).await;
    db.write(async |tx| tx.claim_parcels(&lan.inbox, "claim", NOW + 60_000, NOW, 9).await).await.unwrap();
    let parcels = db.read().await.unwrap().parcels_of_keys(&[key.as_str()]).await.unwrap();
    assert_eq!(parcels[0].state, "sending");
    db.write(async |tx| {
        if again {
            return tx.requeue_parcel(key.as_str(), NOW, None, true).await;
        }
        tx.end_parcel(key.as_str(), End::Uncertain, None, None, NOW).await?;
        tx.set_status(&message, Uncertain, None).await
    })
    .await
    .unwrap();
    let late = db.write(async |tx| tx.parcels_shown(&[(&parcels[0], "p1")], NOW).await).await.unwrap();
    assert_eq!(late, std::slice::from_ref(&message));
    assert_eq!(status(&db, &message).await, "sent");
    assert_eq!(db.read().await.unwrap().outbox_depth().await.unwrap(), (0, 0), "it is not sent again");
}
