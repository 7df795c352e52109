//! Redeliveries are recognised: by their key, and customers' messages by where they stand.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop::{self, Person, said};
use onethread_core::Millis;
use onethread_core::clock::{DAY, HOUR};
use onethread_core::ids::InboxId;
use onethread_store::sights::{Sight, Stands};
use onethread_store::{Db, Tx};
use rstest::rstest;
use tokio::task::JoinSet;

fn by_key<'a>(inbox: &'a InboxId, key: &'a str) -> Sight<'a> {
    Sight { inbox, key, message: None }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redelivered_event_is_seen_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut readers = JoinSet::new();
    for _ in 0..10 {
        let db = Db::clone(&db);
        readers.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let first = tx.first_sights(&[by_key(&"inb_1".into(), "event 7")], NOW).await.unwrap();
            tx.commit(NOW).await.unwrap();
            first == [true]
        });
    }
    assert_eq!(readers.join_all().await.into_iter().filter(|first| *first).count(), 1);
    let (one, two) = (InboxId::from("inb_1"), InboxId::from("inb_2"));
    let events = [(&one, "event 7"), (&two, "event 7"), (&one, "event 8"), (&one, "event 8")];
    let events = events.map(|(inbox, key)| by_key(inbox, key));
    let look = async || db.write(async |tx| tx.first_sights(&events, NOW).await).await.unwrap();
    assert_eq!(look().await, [false, true, true, false]);
    assert_eq!(look().await, [false; 4]);
}

#[rstest]
#[tokio::test]
async fn an_event_is_remembered_until_its_time(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = InboxId::from("inb_a");
    let look = async |key, at| db.write(async |tx| tx.first_sights(&[by_key(&inbox, key)], at).await).await.unwrap();
    for (key, at) in [("old", NOW), ("older", NOW - 1), ("new", NOW + 1)] {
        assert_eq!(look(key, at).await, [true]);
    }
    let prune = async |before, limit| db.write(async |tx| tx.prune_seen_events(before, limit).await).await.unwrap();
    assert_eq!(prune(NOW + 1, 1).await, 1);
    assert_eq!(prune(NOW + 1, 10).await, 1);
    assert_eq!(prune(NOW + 1, 10).await, 0);
    assert_eq!(look("new", NOW + 2).await, [false], "the rest is still known");
}

/// A message of `who`, as the reader sees and takes it in.
async fn takes_in(tx: &mut Tx, who: &Person, platform_id: &str, key: &str, at: Option<Millis>) -> bool {
    let inbox = &who.inbox;
    let address = format!("address of {}", tx.identity(&who.identity).await.unwrap().name.unwrap());
    let message = Some(Stands { address: &address, platform_id, at });
    let first = tx.first_sights(&[Sight { inbox, key, message }], NOW).await.unwrap() == [true];
    if first {
        let message = onethread_store::messages::NewMessage { platform_at: at, ..said(who, platform_id, NOW) };
        tx.append(&who.thread, &message, NOW).await.unwrap();
        tx.link_platform_id(&who.identity, platform_id, &message.id).await.unwrap();
    }
    first
}

#[rstest]
#[tokio::test]
async fn a_message_is_known_as_long_as_it_stands(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let elsewhere = shop::person(&db, &shop::inbox(&db, "mail").await, "Lan").await;
    let says = async |who: &Person, platform_id: &str, key: &str, at: Option<Millis>| {
        db.write(async |tx| Ok(takes_in(tx, who, platform_id, key, at).await)).await.unwrap()
    };
    assert!(says(&lan, "m1", "lan m1", Some(NOW)).await);
    assert!(!says(&lan, "m1", "lan m1", Some(NOW)).await);
    assert!(says(&lan, "m2", "lan m2", None).await, "a platform that gives no instant");
    assert!(!says(&lan, "m2", "lan m2", None).await);
    assert!(says(&minh, "m1", "minh m1", Some(NOW)).await, "ids may be of one conversation only");
    assert!(says(&elsewhere, "m1", "lan m1", Some(NOW)).await, "or of one account of the shop");
    assert!(!says(&lan, "m1", "lan m1", Some(NOW + HOUR)).await, "a copy may have an instant of its own");
    assert!(!says(&lan, "m1", "lan m1", None).await, "or none");
    let other_bot = (NOW + 8 * DAY, "lan m1 of another bot, which begins to count anew");
    assert!(says(&lan, "m1", other_bot.1, Some(other_bot.0)).await);
    assert!(!says(&lan, "m1", other_bot.1, Some(other_bot.0)).await, "its id means the first one's: its key is kept");
    let (answer, _) = lan.is_answered(&db, "dạ", NOW).await;
    db.write(async |tx| tx.link_platform_id(&lan.identity, "m3", &answer).await).await.unwrap();
    assert!(says(&lan, "m3", "lan m3 of the other bot", Some(NOW)).await, "an answer is no copy of a question");
    assert!(!says(&lan, "m3", "lan m3 of the other bot", Some(NOW)).await);
    let told: Vec<i64> = shop::seqs(&db, &lan.thread).await;
    assert_eq!(told, [1, 2, 3, 4, 5]);
    db.write(async |tx| tx.prune_seen_events(NOW + 1, 100).await).await.unwrap();
    if engine == Sqlite {
        assert!(!says(&lan, "m2", "lan m2", None).await, "nothing else has to be remembered of it");
    }
}

/// However many come in one batch, of both kinds, each is answered for by itself.
#[rstest]
#[tokio::test]
async fn many_are_told_apart_at_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    db.write(async |tx| {
        for n in (0..300).step_by(3) {
            let (id, key) = (format!("m{n}"), format!("key {n}"));
            takes_in(tx, &lan, &id, &key, Some(n)).await;
            tx.first_sights(&[by_key(&lan.inbox, &format!("press {n}"))], NOW).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let names: Vec<[String; 3]> = (0..300).map(|n| [format!("m{n}"), format!("key {n}"), format!("press {n}")]).collect();
    let mut sights: Vec<Sight<'_>> = (0..)
        .zip(&names)
        .flat_map(|(n, [id, key, press])| {
            let message = Some(Stands { address: "address of Lan", platform_id: id, at: Some(n) });
            [Sight { inbox: &lan.inbox, key, message }, by_key(&lan.inbox, press)]
        })
        .collect();
    // And once more in the same batch.
    sights.extend_from_within(..);
    let first = db.write(async |tx| tx.first_sights(&sights, NOW).await).await.unwrap();
    let expected: Vec<bool> = (0..300).flat_map(|n| [n % 3 != 0; 2]).chain([false; 600]).collect();
    assert_eq!(first, expected);
}
