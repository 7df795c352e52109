//! Parcels: in order, one at a time for each recipient, claimed by one sender only.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop::{self, Person};
use onethread_core::Millis;
use onethread_core::channel::Sender;
use onethread_core::ids::{InboxId, ParcelId};
use onethread_core::message::{Content, Status};
use onethread_core::parts::Part;
use onethread_core::thread::{Lease, Speaker};
use onethread_store::inboxes::InboxRow;
use onethread_store::messages::MessageError;
use onethread_store::outbox::{ClaimedParcel, End, Fate, Gone, NewParcel, Orphan, Stranded, UnderWay};
use onethread_store::{Db, Json, StoreError, Writer};
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
async fn what_has_gone_raises_its_message_once_all_of_it_has(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, minh) = two_people(&db).await;
    let (short, _) = lan.is_answered(&db, "một", NOW).await;
    let long = shop::answered(&minh, "hai", NOW);
    let parts = [shop::parcel(&minh, &long.id, "ha"), shop::parcel(&minh, &long.id, "i")];
    db.write(async |tx| shop::queue(tx, &minh.thread, &long, &parts, NOW).await).await.unwrap();
    let statuses = async || {
        let mut conn = db.read().await.unwrap();
        [conn.message(&short).await.unwrap().status, conn.message(&long.id).await.unwrap().status]
    };
    let go = async |ids: [&'static str; 2]| {
        let parcels = claim(&db, NOW, FAR).await;
        let gone: Vec<Gone<'_>> = parcels
            .iter()
            .zip(ids)
            .map(|(parcel, platform_id)| Gone { parcel, platform_id, status: Status::Delivered, handed_at: None })
            .collect();
        db.write(async |tx| tx.parcels_gone(&gone, NOW).await).await.unwrap()
    };
    go(["p1", "p2"]).await;
    assert_eq!(statuses().await, ["delivered", "queued"], "the other has a part to go");
    go(["p3", ""]).await;
    assert_eq!(statuses().await, ["delivered", "delivered"]);
    let mut conn = db.read().await.unwrap();
    for (who, platform_id, message) in [(&lan, "p1", &short), (&minh, "p2", &long.id), (&minh, "p3", &long.id)] {
        let meant = conn.message_by_platform_id(&who.identity, platform_id).await.unwrap();
        assert_eq!(meant.as_ref(), Some(message), "{platform_id}");
    }
    assert_eq!(conn.outbox_depth().await.unwrap(), (0, 0));
}

#[rstest]
#[tokio::test]
async fn what_is_under_way_is_known_and_what_was_to_follow_it_goes_on(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, minh) = two_people(&db).await;
    let long = shop::answered(&lan, "hai phần", NOW);
    let parts = [shop::parcel(&lan, &long.id, "một"), shop::parcel(&lan, &long.id, "hai")];
    db.write(async |tx| shop::queue(tx, &lan.thread, &long, &parts, NOW).await).await.unwrap();
    let mut conn = db.read().await.unwrap();
    assert!(!conn.is_sending_to(&lan.identity).await.unwrap(), "it waits");
    assert_eq!(claimed(&db, NOW + 9).await, [parts[0].id.as_str()]);
    assert!(conn.is_sending_to(&lan.identity).await.unwrap());
    let fates = conn.parcels_under_way_to(&lan.identity).await.unwrap().into_iter().map(|one| one.fate);
    assert_eq!(fates.collect::<Vec<_>>(), [Fate::Open; 2]);
    assert!(!conn.is_sending_to(&minh.identity).await.unwrap());

    assert!(end(&db, &parts[0].id, End::Uncertain).await);
    db.write(async |tx| tx.end_rest_of(&long.id, End::Failed, NOW).await).await.unwrap();
    assert!(!conn.is_sending_to(&lan.identity).await.unwrap());
    let perhaps = conn.parcels_under_way_to(&lan.identity).await.unwrap();
    let first = UnderWay { id: parts[0].id.0.clone(), part: Json(parts[0].part.clone()), since: NOW + 9, fate: Fate::Unknown };
    assert_eq!(perhaps, [first], "the second was never handed over");
    assert!(conn.parcels_under_way_to(&minh.identity).await.unwrap().is_empty());

    assert!(end(&db, &parts[0].id, End::Sent).await, "it went after all");
    assert_eq!(db.write(async |tx| tx.resume_parcels_of(&long.id, NOW + 1).await).await.unwrap(), 1);
    assert_eq!(claimed(&db, NOW + 1).await, [parts[1].id.as_str()]);
    assert_eq!(db.write(async |tx| tx.resume_parcels_of(&long.id, NOW + 2).await).await.unwrap(), 0, "once");
}

#[rstest]
#[tokio::test]
async fn what_goes_after_it_was_given_up_is_named(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, minh) = two_people(&db).await;
    let (given_up, _) = lan.is_answered(&db, "một", NOW).await;
    minh.is_answered(&db, "hai", NOW).await;
    let parcels = claim(&db, NOW, FAR).await;
    let gone = |platform_id| {
        let one = move |parcel| Gone { parcel, platform_id, status: Status::Sent, handed_at: None };
        parcels.iter().map(one).collect::<Vec<_>>()
    };
    let go = async |gone: Vec<Gone<'_>>| db.write(async |tx| tx.parcels_gone(&gone, NOW).await).await.unwrap();
    assert!(end(&db, &parcels[0].id.as_str().into(), End::Uncertain).await);
    assert_eq!(go(gone("p1")).await, [given_up], "the other went in time");
    assert_eq!(go(gone("p1")).await, [], "once");
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

#[rstest]
#[tokio::test]
async fn only_parcels_that_ended_well_long_ago_are_forgotten(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    for (text, end) in [("một", End::Sent), ("hai", End::Withheld), ("ba", End::Failed), ("bốn", End::Uncertain)] {
        let (_, parcel) = lan.is_answered(&db, text, NOW).await;
        db.write(async |tx| tx.end_parcel(parcel.as_str(), end, None, None, NOW).await).await.unwrap();
    }
    let prune = async |before, limit| db.write(async |tx| tx.prune_parcels(before, limit).await).await.unwrap();
    assert_eq!(prune(NOW, 10).await, 0, "not before its time");
    assert_eq!(prune(NOW + 1, 1).await, 1);
    assert_eq!(prune(NOW + 1, 10).await, 1, "what failed or is uncertain can still be sent again");
    assert_eq!(prune(NOW + 1, 10).await, 0);
}

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

#[rstest]
#[tokio::test]
async fn an_uncertain_parcel_can_be_believed_or_settled_but_a_settled_one_stays(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (lan, minh) = two_people(&db).await;
    let (message, parcel) = lan.is_answered(&db, "một", NOW).await;
    let (_, other) = minh.is_answered(&db, "hai", NOW).await;
    claim(&db, NOW, FAR).await;
    for parcel in [&parcel, &other] {
        assert!(end(&db, parcel, End::Uncertain).await);
    }
    assert_eq!(db.write(async |tx| tx.believe_parcels_of(&message, NOW).await).await.unwrap(), 1);
    assert_eq!(db.read().await.unwrap().unsent_parcels_of(&message).await.unwrap(), 0);
    assert_eq!(db.write(async |tx| tx.believe_parcels_of(&message, NOW).await).await.unwrap(), 0);
    assert!(!end(&db, &parcel, End::Failed).await, "what is known to have arrived cannot fail any more");
    assert!(end(&db, &other, End::Sent).await, "a late receipt settles an uncertain one");
    assert!(!end(&db, &other, End::Withheld).await);
    assert_eq!(db.read().await.unwrap().outbox_depth().await.unwrap(), (0, 0));
    assert_eq!(db.read().await.unwrap().next_due().await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_parcel_that_is_settled_is_not_put_back_in_line(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (_, parcel) = lan.is_answered(&db, "một", NOW).await;
    claim(&db, NOW, FAR).await;
    end(&db, &parcel, End::Withheld).await;
    db.write(async |tx| tx.requeue_parcel(parcel.as_str(), NOW, None, false).await).await.unwrap();
    assert!(claimed(&db, NOW + 1).await.is_empty());
}

/// What a transaction claims as it queues is what a claim right after it would have answered.
#[rstest]
#[tokio::test]
async fn what_is_claimed_as_it_is_queued_is_what_a_claim_would_answer(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(true, false)] at_once: bool,
) {
    let db = TestDb::open(engine).await;
    let (lan, minh) = two_people(&db).await;
    let paused = shop::inbox(&db, "paused").await;
    let hoa = shop::person(&db, &paused, "Hoa").await;
    db.write(async |tx| tx.pause_inbox(&paused, Some("token"), NOW).await).await.unwrap();
    // Minh has one waiting from before, which must go first.
    let (_, before) = minh.is_answered(&db, "trước", NOW).await;
    let mut tx = db.begin().await.unwrap();
    let people = [&lan, &minh, &hoa];
    let senders = ["Lan", "Minh", "Hoa"].map(|name| Sender::new(format!("address of {name}")));
    let writers: Vec<Writer<'_>> = people
        .iter()
        .zip(&senders)
        .map(|(person, sender)| Writer { inbox: &person.inbox, channel: &person.channel, sender })
        .collect();
    tx.hold(&writers, NOW).await.unwrap();
    let mut queued = Vec::new();
    for person in people {
        let message = shop::answered(person, "vâng ạ", NOW);
        let parts = [shop::parcel(person, &message.id, "vâng"), shop::parcel(person, &message.id, "ạ")];
        // What they answer came a while ago.
        shop::queue(&mut tx, &person.thread, &message, &parts, NOW - 7).await.unwrap();
        queued.push(parts.map(|part| part.id.0));
    }
    let mut asked = Vec::new();
    let claimed = match at_once {
        true => {
            let place = |inbox: &InboxId| {
                asked.push(inbox.clone());
                Some(())
            };
            tx.claim_queued("now", NOW + 60_000, NOW, place).await.unwrap()
        }
        false => Vec::new(),
    };
    assert!(tx.queued_unclaimed(), "each has a second part");
    tx.commit(NOW).await.unwrap();
    let claimed: Vec<ClaimedParcel> = claimed.into_iter().map(|(parcel, ())| parcel).collect();
    let mut later = claim(&db, NOW, FAR).await;
    assert_eq!(later.remove(0).id, before.0, "whatever waited from before is claimed by whoever looks next");
    let all = [claimed.clone(), later].concat();
    assert_eq!(all.iter().map(|parcel| &parcel.id).collect::<Vec<_>>(), [&queued[0][0]], "one each, none of a paused inbox");
    assert_eq!(asked, if at_once { vec![lan.inbox.clone()] } else { vec![] });
    // Both ways it is the same row, and the same to whoever sends it.
    let expected = ClaimedParcel {
        id: queued[0][0].clone(),
        message_id: all[0].message_id.clone(),
        thread_id: lan.thread.0.clone(),
        identity_id: lan.identity.0.clone(),
        inbox_id: lan.inbox.0.clone(),
        address: "address of Lan".into(),
        part: Json(Part::Text { text: "vâng".into(), buttons: Vec::new(), ask_phone: None }),
        reply_to: None,
        voice: "person".into(),
        lease_number: 0,
        thread_lease: 1,
        attempts: 1,
        last_interaction_at: None,
        queued_at: NOW - 7,
        content: Json(Content::text("vâng ạ")),
        error: None,
        in_doubt: false,
        claimed_at: NOW,
        tried_at: NOW,
    };
    assert_eq!(all, [expected]);
    let orphans = db.read().await.unwrap().orphaned_parcels(NOW + 60_001).await.unwrap();
    let ours = orphans.iter().find(|orphan| orphan.id == queued[0][0]).expect("a claim ends");
    assert_eq!(ours.since, NOW, "it may have been sent since it was claimed");
    // The second part follows the first.
    end(&db, &queued[0][0].as_str().into(), End::Sent).await;
    assert_eq!(claimed_of(&db, &queued[0][1]).await, 1);
}

async fn claimed_of(db: &Db, id: &str) -> usize {
    claim(db, NOW, FAR).await.into_iter().filter(|parcel| parcel.id == id).count()
}

/// No place, no claim: the parcel waits in line.
#[rstest]
#[tokio::test]
async fn what_has_no_place_waits_in_line(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let mut tx = db.begin().await.unwrap();
    let sender = Sender::new("address of Lan");
    tx.hold(&[Writer { inbox: &lan.inbox, channel: &lan.channel, sender: &sender }], NOW).await.unwrap();
    let message = shop::answered(&lan, "vâng", NOW);
    let part = shop::parcel(&lan, &message.id, "vâng");
    shop::queue(&mut tx, &lan.thread, &message, slice::from_ref(&part), NOW).await.unwrap();
    assert!(tx.claim_queued("now", NOW + 60_000, NOW, |_| None::<()>).await.unwrap().is_empty());
    assert!(tx.queued_unclaimed(), "whoever sends must be told");
    tx.commit(NOW).await.unwrap();
    assert_eq!(claimed(&db, NOW).await, [part.id.0]);
}
