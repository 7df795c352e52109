//! Parcels that are sent again.

use super::{FAR, claim, claimed, end};
use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::thread::{Lease, Speaker};
use onethread_store::inboxes::InboxRow;
use onethread_store::outbox::{End, NewParcel};
use rstest::rstest;
use std::slice;

#[rstest]
#[tokio::test]
async fn retry_sends_what_failed_again_under_the_same_key(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let message = shop::answered(&lan, "dài", NOW);
    let parts: Vec<NewParcel> = ["a", "b", "c"].iter().map(|text| shop::parcel(&lan, &message.id, text)).collect();
    db.write(async |tx| shop::queue(tx, &lan.thread, &message, &parts, NOW).await).await.unwrap();
    claim(&db, NOW, FAR).await;
    end(&db, &parts[0].id, End::Sent).await;
    claim(&db, NOW, FAR).await;
    end(&db, &parts[1].id, End::Failed).await;
    let ended = db.write(async |tx| tx.end_rest_of(&message.id, End::Failed, NOW).await).await.unwrap();
    assert_eq!(ended, 1, "the third does not go without the second");
    assert!(claimed(&db, NOW).await.is_empty());

    let again = db.write(async |tx| tx.retry_parcels_of(&message.id, NOW + 9).await).await.unwrap();
    assert_eq!(again, 2, "what was sent is not sent again");
    for part in &parts[1..] {
        let parcels = claim(&db, NOW + 9, FAR).await;
        assert_eq!((parcels.len(), parcels[0].id.as_str(), parcels[0].attempts), (1, part.id.as_str(), 1));
        assert!(!parcels[0].in_doubt, "what failed did not arrive");
        end(&db, &part.id, End::Sent).await;
    }
    assert_eq!(db.write(async |tx| tx.retry_parcels_of(&message.id, NOW).await).await.unwrap(), 0);
}

#[rstest]
#[tokio::test]
async fn what_may_have_arrived_stays_in_doubt_however_often_it_is_sent_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (message, parcel) = lan.is_answered(&db, "dạ có ạ", NOW).await;
    let inbox = db.read().await.unwrap().inbox(&lan.inbox).await.unwrap();
    for how in [End::Uncertain, End::Failed, End::Failed] {
        claim(&db, NOW, FAR).await;
        end(&db, &parcel, how).await;
        db.write(async |tx| tx.retry_parcels_of(&message, NOW).await).await.unwrap();
    }
    assert!(claim(&db, NOW, FAR).await[0].in_doubt);
    let under_way = db.read().await.unwrap().parcels_under_way_to(&lan.identity).await.unwrap();
    assert_eq!(under_way[0].since, 0, "an echo of any earlier try may be of it");
    db.write(async |tx| tx.requeue_parcel(parcel.as_str(), NOW, None, false).await).await.unwrap();
    db.write(async |tx| tx.change_inbox(&InboxRow { state: "disabled".into(), ..inbox.clone() }, NOW).await).await.unwrap();
    let stranded = db.write(async |tx| tx.stranded_parcels(FAR).await).await.unwrap();
    assert!(stranded[0].in_doubt);
}

#[rstest]
#[tokio::test]
async fn what_a_person_sends_again_goes_under_the_lease_of_now(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let message = shop::answered(&lan, "dạ có ạ", NOW);
    let parcel = NewParcel { voice: "bot", lease_number: 1, ..shop::parcel(&lan, &message.id, "dạ có ạ") };
    db.write(async |tx| shop::queue(tx, &lan.thread, &message, slice::from_ref(&parcel), NOW).await).await.unwrap();
    claim(&db, NOW, FAR).await;
    end(&db, &parcel.id, End::Failed).await;
    let lease = Lease { speaker: Speaker::Queue, number: 5, waiting_since: Some(NOW) };
    db.write(async |tx| tx.set_lease(&lan.thread, &lease, Some("asked")).await).await.unwrap();
    db.write(async |tx| tx.retry_parcels_of(&message.id, NOW + 9).await).await.unwrap();
    let again = claim(&db, NOW + 9, FAR).await;
    assert_eq!((again[0].lease_number, again[0].thread_lease, again[0].queued_at), (5, 5, NOW + 9));
}

#[rstest]
#[tokio::test]
async fn a_retried_parcel_waits_for_the_one_under_way(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (older, first) = lan.is_answered(&db, "một", NOW).await;
    claim(&db, NOW, FAR).await;
    end(&db, &first, End::Failed).await;
    let (_, second) = lan.is_answered(&db, "hai", NOW).await;
    assert_eq!(claimed(&db, NOW).await, [second.as_str()]);
    db.write(async |tx| tx.retry_parcels_of(&older, NOW).await).await.unwrap();
    assert!(claimed(&db, NOW).await.is_empty(), "one at a time, the newer one too");
    end(&db, &second, End::Sent).await;
    assert_eq!(claimed(&db, NOW).await, [first.0]);
}
