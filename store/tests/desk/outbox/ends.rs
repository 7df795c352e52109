//! What becomes of parcels: gone, given up, uncertain, settled, forgotten.

use super::{FAR, claim, claimed, end, two_people};
use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::message::Status;
use onethread_store::Json;
use onethread_store::outbox::{End, Fate, Gone, UnderWay};
use rstest::rstest;

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
    let people = [lan.identity.as_str(), minh.identity.as_str()];
    assert!(conn.being_sent_to(&people).await.unwrap().is_empty(), "it waits");
    assert_eq!(claimed(&db, NOW + 9).await, [parts[0].id.as_str()]);
    let busy = conn.being_sent_to(&people).await.unwrap();
    assert!(busy.len() == 1 && busy.contains(lan.identity.as_str()));
    let fates = conn.parcels_under_way_to(&lan.identity).await.unwrap().into_iter().map(|one| one.fate);
    assert_eq!(fates.collect::<Vec<_>>(), [Fate::Open; 2]);

    assert!(end(&db, &parts[0].id, End::Uncertain).await);
    db.write(async |tx| tx.end_rest_of(&long.id, End::Failed, NOW).await).await.unwrap();
    assert!(conn.being_sent_to(&people).await.unwrap().is_empty());
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
