//! Parcels: in order, one at a time for each recipient, claimed by one sender only.

mod again;
mod ends;
mod queued;

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop::{self, Person};
use onethread_core::Millis;
use onethread_core::ids::ParcelId;
use onethread_core::parts::Part;
use onethread_store::inboxes::InboxRow;
use onethread_store::messages::MessageError;
use onethread_store::outbox::{ClaimedParcel, End, NewParcel, Orphan, Stranded};
use onethread_store::{Db, Json, StoreError};
use rstest::rstest;
use std::collections::HashSet;
use std::slice;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::task::JoinSet;

const FAR: i64 = 100;

/// Claim whatever may be claimed now, under a name of its own, for a minute.
async fn claim(db: &Db, now: Millis, limit: i64) -> Vec<ClaimedParcel> {
    static NAMES: AtomicI64 = AtomicI64::new(0);
    let name = format!("claim {}", NAMES.fetch_add(1, Ordering::Relaxed));
    let mut tx = db.begin().await.unwrap();
    let mut parcels = Vec::new();
    for inbox in tx.inboxes_due(now).await.unwrap() {
        parcels.extend(tx.claim_parcels(&inbox, &name, now + 60_000, now, limit).await.unwrap());
    }
    tx.commit(now).await.unwrap();
    parcels
}

async fn claimed(db: &Db, now: Millis) -> Vec<String> {
    claim(db, now, FAR).await.into_iter().map(|parcel| parcel.id).collect()
}

async fn end(db: &TestDb, parcel: &ParcelId, how: End) -> bool {
    db.write(async |tx| tx.end_parcel(parcel.as_str(), how, Some("m1"), None, NOW).await).await.unwrap()
}

async fn two_people(db: &TestDb) -> (Person, Person) {
    let inbox = shop::inbox(db, "chat").await;
    (shop::person(db, &inbox, "Lan").await, shop::person(db, &inbox, "Minh").await)
}

#[rstest]
#[tokio::test]
async fn a_recipient_gets_one_parcel_at_a_time_in_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mut parcels = Vec::new();
    for text in ["một", "hai", "ba"] {
        parcels.push(lan.is_answered(&db, text, NOW).await.1);
    }
    for parcel in &parcels {
        assert_eq!(claimed(&db, NOW).await, [parcel.as_str()]);
        assert!(claimed(&db, NOW).await.is_empty(), "the next waits until this one is settled");
        assert!(end(&db, parcel, End::Sent).await);
    }
    assert!(claimed(&db, NOW).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_claimed_parcel_carries_all_that_the_sender_must_compare(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let message = shop::answered(&lan, "dạ có ạ", NOW);
    let parcel =
        NewParcel {
            voice: "bot", lease_number: 1, reply_to: Some("m0".into()), ..shop::parcel(&lan, &message.id, "dạ có ạ")
        };
    db.write(async |tx| {
        shop::queue(tx, &lan.thread, &message, slice::from_ref(&parcel), NOW).await?;
        tx.heard_from(&lan.identity, NOW - 7).await
    })
    .await
    .unwrap();
    let expected = ClaimedParcel {
        id: parcel.id.0,
        message_id: message.id.0,
        thread_id: lan.thread.0.clone(),
        identity_id: lan.identity.0.clone(),
        inbox_id: lan.inbox.0.clone(),
        address: "address of Lan".into(),
        part: Json(Part::Text { text: "dạ có ạ".into(), buttons: Vec::new(), ask_phone: None }),
        reply_to: Some("m0".into()),
        voice: "bot".into(),
        lease_number: 1,
        thread_lease: 1,
        attempts: 1,
        claimed_at: NOW,
        tried_at: NOW,
        last_interaction_at: Some(NOW - 7),
        queued_at: NOW,
        content: Json(message.content),
        error: None,
        in_doubt: false,
    };
    assert_eq!(claim(&db, NOW, FAR).await, slice::from_ref(&expected));
    let lost = MessageError { code: "uncertain".into(), detail: "no answer".into(), in_part: false };
    db.write(async |tx| tx.requeue_parcel(&expected.id, NOW, Some(&lost), true).await).await.unwrap();
    let again = ClaimedParcel { attempts: 2, error: Some(Json(lost)), claimed_at: NOW + 500, ..expected };
    assert_eq!(claim(&db, NOW + 500, FAR).await, slice::from_ref(&again), "what became of the last try is known");
    db.write(async |tx| tx.requeue_parcel(&again.id, NOW, None, false).await).await.unwrap();
    assert_eq!(claim(&db, NOW + 900, FAR).await[0].tried_at, NOW + 900, "it was not sent before for certain");
}

#[rstest]
#[tokio::test]
async fn parts_of_one_message_go_in_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let message = shop::answered(&lan, "dài", NOW);
    let parts: Vec<NewParcel> = ["a", "b", "c"].iter().map(|text| shop::parcel(&lan, &message.id, text)).collect();
    db.write(async |tx| shop::queue(tx, &lan.thread, &message, &parts, NOW).await).await.unwrap();
    db.write(async |tx| {
        tx.queue_parcels(Vec::new(), NOW);
        Ok(())
    })
    .await
    .unwrap();
    let unsent = async || db.read().await.unwrap().unsent_parcels_of(&message.id).await.unwrap();
    let begun = async || db.read().await.unwrap().has_begun(&message.id).await.unwrap();
    for (part, left) in parts.iter().zip([3, 2, 1]) {
        assert_eq!((unsent().await, begun().await), (left, left < 3));
        assert_eq!(claimed(&db, NOW).await, [part.id.as_str()]);
        end(&db, &part.id, End::Sent).await;
    }
    assert_eq!((unsent().await, begun().await), (0, true));
}

#[rstest]
#[tokio::test]
async fn a_stuck_recipient_delays_nobody_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, minh) = two_people(&db).await;
    let (_, stuck) = lan.is_answered(&db, "một", NOW).await;
    lan.is_answered(&db, "hai", NOW).await;
    assert_eq!(claimed(&db, NOW).await, [stuck.as_str()]);
    let throttled = MessageError { code: "throttled".into(), detail: "wait".into(), in_part: false };
    db.write(async |tx| tx.requeue_parcel(stuck.as_str(), NOW + 5_000, Some(&throttled), false).await).await.unwrap();

    let (_, other) = minh.is_answered(&db, "chào", NOW).await;
    assert_eq!(claimed(&db, NOW + 1).await, [other.as_str()], "Lan's second does not overtake her first");
    end(&db, &other, End::Sent).await;
    assert_eq!(db.read().await.unwrap().next_due().await.unwrap(), Some(NOW));
    let again = claim(&db, NOW + 5_000, FAR).await;
    assert_eq!((again.len(), again[0].id.as_str(), again[0].attempts), (1, stuck.as_str(), 2));
}

#[rstest]
#[tokio::test]
async fn a_paused_inbox_keeps_its_queue(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, other) = (shop::only_person(&db).await, shop::only_person(&db).await);
    let (_, kept) = lan.is_answered(&db, "giữ lại", NOW).await;
    let (_, sent) = other.is_answered(&db, "đi ngay", NOW).await;
    db.write(async |tx| tx.pause_inbox(&lan.inbox, Some("the token is refused"), NOW).await).await.unwrap();
    assert_eq!(claimed(&db, NOW).await, [sent.0]);
    assert_eq!(db.read().await.unwrap().outbox_depth().await.unwrap(), (1, 1), "queued, under way");
    db.write(async |tx| tx.pause_inbox(&lan.inbox, None, NOW).await).await.unwrap();
    assert_eq!(claimed(&db, NOW).await, [kept.0]);
}

#[rstest]
#[tokio::test]
async fn what_waits_in_a_disabled_inbox_is_found_and_nothing_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, other) = (shop::only_person(&db).await, shop::only_person(&db).await);
    let (_, under_way) = lan.is_answered(&db, "đang gửi", NOW).await;
    assert_eq!(claimed(&db, NOW).await, [under_way.as_str()]);
    let (first, one) = lan.is_answered(&db, "một", NOW).await;
    let (_, two) = lan.is_answered(&db, "hai", NOW).await;
    other.is_answered(&db, "đi ngay", NOW).await;
    let stranded = async |limit| db.write(async |tx| tx.stranded_parcels(limit).await).await.unwrap();
    db.write(async |tx| tx.pause_inbox(&lan.inbox, Some("the token is refused"), NOW).await).await.unwrap();
    assert_eq!(stranded(FAR).await, [], "a paused inbox keeps its queue");

    let mut row = db.read().await.unwrap().inbox(&lan.inbox).await.unwrap();
    row.state = "disabled".into();
    db.write(async |tx| tx.change_inbox(&row, NOW).await).await.unwrap();
    let oldest = Stranded { id: one.0.clone(), message_id: first.0, error: None, in_doubt: false };
    assert_eq!(stranded(1).await, [oldest]);
    let lost = MessageError { code: "uncertain".into(), detail: "no answer".into(), in_part: false };
    db.write(async |tx| tx.requeue_parcel(under_way.as_str(), NOW, Some(&lost), true).await).await.unwrap();
    let all = stranded(FAR).await;
    assert_eq!(all.iter().map(|parcel| parcel.id.as_str()).collect::<Vec<_>>(), [under_way.as_str(), one.as_str(), two.as_str()]);
    assert_eq!(all[0].error, Some(Json(lost)));
}

#[rstest]
#[tokio::test]
async fn the_rest_of_a_message_is_stranded_only_once_nothing_of_it_is_under_way(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let message = shop::answered(&lan, "dài", NOW);
    let parts: Vec<NewParcel> = ["a", "b"].iter().map(|text| shop::parcel(&lan, &message.id, text)).collect();
    db.write(async |tx| shop::queue(tx, &lan.thread, &message, &parts, NOW).await).await.unwrap();
    assert_eq!(claimed(&db, NOW).await, [parts[0].id.as_str()]);
    let inbox = db.read().await.unwrap().inbox(&lan.inbox).await.unwrap();
    db.write(async |tx| tx.change_inbox(&InboxRow { state: "disabled".into(), ..inbox.clone() }, NOW).await).await.unwrap();
    let stranded = async || db.write(async |tx| tx.stranded_parcels(FAR).await).await.unwrap();
    assert_eq!(stranded().await, []);
    end(&db, &parts[0].id, End::Sent).await;
    assert_eq!(stranded().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn no_more_is_claimed_than_there_is_room_for(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    for n in 0..9 {
        shop::person(&db, &inbox, &format!("Khách {n}")).await.is_answered(&db, "dạ", NOW).await;
    }
    let rounds = [claim(&db, NOW, 4).await, claim(&db, NOW, 4).await, claim(&db, NOW, 4).await];
    assert_eq!(rounds.each_ref().map(Vec::len), [4, 4, 1]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_senders_never_claim_the_same_parcel(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    for n in 0..12 {
        let who = shop::person(&db, &inbox, &format!("Khách {n}")).await;
        for text in ["một", "hai", "ba"] {
            who.is_answered(&db, text, NOW).await;
        }
    }
    let mut senders = JoinSet::new();
    for other in [Db::clone(&db), Db::clone(&db), db.another().await, db.another().await] {
        senders.spawn(async move {
            let mut mine = Vec::new();
            let mut idle = 0;
            while idle < 30 {
                let parcels = claim(&other, NOW, 3).await;
                idle = if parcels.is_empty() { idle + 1 } else { 0 };
                let mut tx = other.begin().await.unwrap();
                for parcel in &parcels {
                    assert!(tx.end_parcel(&parcel.id, End::Sent, None, None, NOW).await.unwrap());
                }
                tx.commit(NOW).await.unwrap();
                mine.extend(parcels.into_iter().map(|parcel| parcel.id));
            }
            mine
        });
    }
    let all = senders.join_all().await.concat();
    assert_eq!(all.len(), 36);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 36, "each was claimed once");
}

#[rstest]
#[tokio::test]
async fn a_parcel_whose_sender_is_gone_is_found_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (message, parcel) = lan.is_answered(&db, "một", NOW).await;
    claim(&db, NOW, FAR).await;
    let mut conn = db.read().await.unwrap();
    assert!(conn.orphaned_parcels(NOW + 60_000).await.unwrap().is_empty(), "its time is not over yet");
    let orphans = conn.orphaned_parcels(NOW + 60_001).await.unwrap();
    let address = conn.identity(&lan.identity).await.unwrap().address;
    let (id, message_id, inbox_id) = (parcel.0.clone(), message.0.clone(), lan.inbox.0.clone());
    assert_eq!(orphans, [Orphan { id, message_id, inbox_id, address, since: NOW }]);
    assert_eq!(conn.parcel(parcel.as_str()).await.unwrap(), (message, lan.identity));
    assert!(matches!(conn.parcel("out_none").await, Err(StoreError::Missing("parcel"))));
}

#[rstest]
#[tokio::test]
async fn a_claim_that_is_renewed_is_nobody_elses(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (_, parcel) = lan.is_answered(&db, "một", NOW).await;
    claim(&db, NOW, FAR).await;
    db.write(async |tx| tx.renew_claim(parcel.as_str(), NOW + 90_000).await).await.unwrap();
    let mut conn = db.read().await.unwrap();
    assert!(conn.orphaned_parcels(NOW + 60_001).await.unwrap().is_empty());
    assert_eq!(conn.orphaned_parcels(NOW + 90_001).await.unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_answers_two_people_and_whoever_answers_one_do_not_wait_for_each_other() {
    let db = TestDb::open(Postgres).await;
    let (lan, minh) = two_people(&db).await;
    let (first, second) = (shop::answered(&lan, "một", NOW), shop::answered(&minh, "hai", NOW));
    let mut both = db.begin().await.unwrap();
    let mut one = db.begin().await.unwrap();
    shop::queue(&mut both, &lan.thread, &first, &[shop::parcel(&lan, &first.id, "một")], NOW).await.unwrap();
    one.hold_thread(&minh.thread).await.unwrap();
    shop::queue(&mut one, &minh.thread, &second, &[shop::parcel(&minh, &second.id, "hai")], NOW).await.unwrap();
    let (held, committed) = tokio::join!(both.hold_thread(&minh.thread), one.commit(NOW));
    held.unwrap();
    committed.unwrap();
    both.commit(NOW).await.unwrap();
    assert_eq!(claimed(&db, NOW).await.len(), 2);
}
