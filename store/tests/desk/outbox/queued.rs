//! Parcels that are claimed by the transaction that queues them.

use super::{FAR, claim, claimed, end, two_people};
use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::Sender;
use onethread_core::ids::InboxId;
use onethread_core::message::Content;
use onethread_core::parts::Part;
use onethread_store::outbox::{ClaimedParcel, End};
use onethread_store::{Db, Json, Writer};
use rstest::rstest;
use std::slice;

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
