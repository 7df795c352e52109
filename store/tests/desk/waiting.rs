//! Events that came too early: their calls are read once more when their message comes.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::RawCall;
use onethread_core::ids::InboxId;
use onethread_store::outbox::End;
use onethread_store::sights::Sight;
use onethread_store::waiting::{Known, Waiting};
use rstest::rstest;

fn known(address: &str, platform_id: &str) -> Known {
    Known { inbox: "inb_1".into(), address: address.into(), platform_id: platform_id.into() }
}

fn events_of(inbox: &InboxId) -> [Sight<'_>; 2] {
    ["edit", "seen"].map(|key| Sight { inbox, key, message: None })
}

/// Two calls that were understood, each with an event that waits for message `m1` of `lan`; the second also for `m2`.
async fn two_early(db: &TestDb) -> InboxId {
    let inbox = InboxId::from("inb_1");
    let call = RawCall { method: "POST".into(), path: String::new(), query: String::new(), headers: vec![], body: "{}".into() };
    let calls = [(&inbox, &call), (&inbox, &call)];
    db.write(async |tx| {
        tx.append_calls(&calls, false, NOW).await?;
        tx.claim_calls(&[1, 2], NOW).await?;
        tx.first_sights(&events_of(&inbox), NOW).await?;
        for (platform_id, position, key) in [("m1", 1, "edit"), ("m1", 2, "seen"), ("m2", 2, "seen"), ("m2", 2, "seen")] {
            let waiting = Waiting { inbox: &inbox, address: "lan", platform_id, position, key };
            tx.let_wait(&waiting, NOW + position).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    inbox
}

#[rstest]
#[tokio::test]
async fn what_waited_is_read_again_once_its_message_is_known(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = two_early(&db).await;
    let release = async |known: &[Known]| db.write(async |tx| tx.release_waiting(known).await).await.unwrap();
    assert_eq!(release(&[known("minh", "m1"), known("lan", "m9")]).await, 0, "not for somebody else's message");
    assert_eq!(db.read().await.unwrap().waiting_count().await.unwrap(), 3);
    assert_eq!(release(&[known("lan", "m9"), known("lan", "m1")]).await, 2);
    let open = db.read().await.unwrap().open_calls(10).await.unwrap();
    assert_eq!(open.iter().map(|call| call.position).collect::<Vec<_>>(), [1, 2], "in their old places");
    let fresh = db.write(async |tx| tx.first_sights(&events_of(&inbox), NOW).await).await.unwrap();
    assert_eq!(fresh, [true, true], "they are not taken for redeliveries");
    assert_eq!(release(&[known("lan", "m1")]).await, 0, "once");
}

#[rstest]
#[tokio::test]
async fn whoever_waits_for_ever_is_forgotten(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    two_early(&db).await;
    let prune = async |before, limit| db.write(async |tx| tx.prune_waiting(before, limit).await).await.unwrap();
    assert_eq!(prune(NOW + 2, 10).await, 1);
    assert_eq!(prune(NOW + 3, 1).await, 1);
    assert_eq!(prune(NOW + 3, 10).await, 1);
    assert_eq!(db.read().await.unwrap().waiting_count().await.unwrap(), 0);
}

#[rstest]
#[tokio::test]
async fn what_waits_for_the_end_of_a_delivery_is_read_again_whatever_came_of_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = two_early(&db).await;
    let echo = Waiting { inbox: &inbox, address: "lan", platform_id: "", position: 1, key: "echo" };
    db.write(async |tx| tx.let_wait(&echo, NOW).await).await.unwrap();
    db.write(async |tx| tx.no_longer_under_way("inb_1", "minh").await).await.unwrap();
    assert!(db.read().await.unwrap().open_calls(10).await.unwrap().is_empty(), "that was to somebody else");
    db.write(async |tx| tx.no_longer_under_way("inb_1", "lan").await).await.unwrap();
    let open = db.read().await.unwrap().open_calls(10).await.unwrap();
    assert_eq!(open.iter().map(|call| call.position).collect::<Vec<_>>(), [1]);
    assert_eq!(db.read().await.unwrap().waiting_count().await.unwrap(), 3, "who waits for a message by its name still does");
}

#[rstest]
#[tokio::test]
async fn what_begins_to_wait_in_a_transaction_that_found_nothing_waiting_is_released_in_it(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let db = TestDb::open(engine).await;
    let inbox = InboxId::from("inb_1");
    let call = RawCall::fetched(b"{}".to_vec());
    db.write(async |tx| {
        tx.append_calls(&[(&inbox, &call)], true, NOW).await?;
        assert_eq!(tx.release_waiting(&[known("lan", "m1")]).await?, 0);
        tx.let_wait(&Waiting { inbox: &inbox, address: "lan", platform_id: "m1", position: 1, key: "edit" }, NOW).await?;
        assert_eq!(tx.release_waiting(&[known("lan", "m1")]).await?, 1);
        Ok(())
    })
    .await
    .unwrap();
}

/// What a crossing of two transactions leaves behind: the end is there, and so is whoever waits for it.
#[rstest]
#[tokio::test]
async fn what_began_to_wait_in_the_moment_of_the_end_is_found_later(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (message, parcel) = lan.is_answered(&db, "dạ", NOW).await;
    let call = RawCall::fetched(b"{}".to_vec());
    db.write(async |tx| {
        tx.append_calls(&[(&lan.inbox, &call), (&lan.inbox, &call)], true, NOW).await?;
        for (platform_id, position, key) in [("", 1, "echo"), ("m1", 2, "seen"), ("m9", 2, "edit")] {
            let address = "address of Lan";
            tx.let_wait(&Waiting { inbox: &lan.inbox, address, platform_id, position, key }, NOW).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let missed = async |since| db.write(async |tx| tx.release_missed(since).await).await.unwrap();
    let open = async || {
        let calls = db.read().await.unwrap().open_calls(10).await.unwrap();
        calls.into_iter().map(|call| call.position).collect::<Vec<_>>()
    };
    assert_eq!(missed(NOW).await, 0, "the delivery is open, and neither message is known");

    db.write(async |tx| tx.end_parcel(parcel.as_str(), End::Uncertain, None, None, NOW).await).await.unwrap();
    assert_eq!(missed(NOW + 1).await, 0, "that is longer ago than it looks back");
    assert_eq!((missed(NOW).await, open().await), (1, vec![1]));

    db.write(async |tx| tx.link_platform_id(&lan.identity, "m1", &message).await).await.unwrap();
    assert_eq!((missed(NOW).await, open().await), (1, vec![1, 2]));
    assert_eq!(missed(NOW).await, 0, "nobody knows m9");
    assert_eq!(db.read().await.unwrap().waiting_count().await.unwrap(), 1);
}
