//! What the bot missed, what it was taught, and the versions of that.

use crate::kit::{Engine, NOW, TestDb};
use crate::shop::{answered, noted, only_person};
use onethread_core::clock::{DAY, MINUTE};
use onethread_core::ids::MessageId;
use onethread_store::StoreError;
use onethread_store::phrases::PhraseRow;
use onethread_store::versions::NewVersion;
use rstest::rstest;

fn phrase(id: &str, key: &str, target: &str) -> PhraseRow {
    PhraseRow {
        id: id.into(),
        key: key.into(),
        language: "vi".into(),
        kind: if target.is_empty() { "not_mine" } else { "intent" }.into(),
        target: target.into(),
        text: key.to_uppercase(),
        message_id: None,
        added_by: "Mai".into(),
        added_at: NOW,
    }
}

fn version(phrases: Vec<PhraseRow>, note: &str) -> NewVersion {
    let figures = Some(serde_json::json!({ "messages": 7 }));
    NewVersion { phrases, note: note.into(), restores: None, figures, published_by: "Hạnh".into() }
}

#[rstest]
#[tokio::test]
async fn a_miss_waits_until_somebody_deals_with_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = only_person(&db).await;
    let early = lan.says(&db, "có thêu tên không", NOW).await;
    let late = lan.says(&db, "thêu chữ được không", NOW + MINUTE).await;
    let gone = lan.says(&db, "nhầm ạ", NOW + 2 * MINUTE).await;
    let never_written = MessageId::fresh(NOW);
    db.write(async |tx| {
        for (message, at) in
            [(&early, NOW), (&early, NOW), (&late, NOW + MINUTE), (&gone, NOW + 2 * MINUTE), (&never_written, NOW)]
        {
            tx.note_miss(message, at).await?;
        }
        tx.delete_message(&gone, NOW + 3 * MINUTE).await
    })
    .await
    .unwrap();
    let mut conn = db.read().await.unwrap();
    let texts = async |conn: &mut onethread_store::Conn, since, limit| -> Vec<String> {
        conn.open_misses(since, limit).await.unwrap().into_iter().map(|row| row.content.0.text).collect()
    };
    assert_eq!(
        texts(&mut conn, NOW, 10).await,
        ["thêu chữ được không", "có thêu tên không"],
        "newest first, nothing that is gone"
    );
    assert_eq!(texts(&mut conn, NOW, 1).await, ["thêu chữ được không"]);
    assert_eq!(texts(&mut conn, NOW + 1, 10).await, ["thêu chữ được không"]);
    assert_eq!(conn.count_open_misses(NOW, 10).await.unwrap(), 4);
    assert_eq!(conn.count_open_misses(NOW, 3).await.unwrap(), 3, "counted no further");
    assert_eq!(conn.open_misses(NOW, 10).await.unwrap()[0].thread_id, lan.thread.as_str());

    let both = [late.clone(), early.clone()];
    assert_eq!(db.write(async |tx| tx.settle_misses(&both, NOW).await).await.unwrap(), 2);
    assert_eq!(db.write(async |tx| tx.settle_misses(&both, NOW).await).await.unwrap(), 0, "once");
    assert_eq!(texts(&mut conn, 0, 10).await, [""; 0]);

    let prune = async |before, limit| db.write(async |tx| tx.prune_misses(before, limit).await).await.unwrap();
    assert_eq!(prune(NOW, 10).await, 0);
    assert_eq!(prune(NOW + MINUTE, 1).await, 1, "some at a time");
    assert_eq!(prune(NOW + DAY, 10).await, 3);
}

#[rstest]
#[tokio::test]
async fn what_customers_wrote_lately_is_read_newest_first_without_what_others_wrote(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let db = TestDb::open(engine).await;
    let lan = only_person(&db).await;
    for (text, at) in [("lâu rồi", NOW - DAY), ("một", NOW), ("hai", NOW + 1), ("xoá", NOW + 2)] {
        let message = lan.says(&db, text, at).await;
        if text == "xoá" {
            db.write(async |tx| tx.delete_message(&message, NOW + 3).await).await.unwrap();
        }
    }
    db.write(async |tx| {
        tx.append(&lan.thread, &answered(&lan, "dạ", NOW + 4), NOW + 4).await?;
        tx.append(&lan.thread, &noted("khách quen", NOW + 5), NOW + 5).await
    })
    .await
    .unwrap();
    let mut conn = db.read().await.unwrap();
    let read = conn.written_since(NOW, 10).await.unwrap();
    assert_eq!(read.iter().map(|row| row.content.0.text.as_str()).collect::<Vec<_>>(), ["hai", "một"]);
    assert_eq!((read[0].thread_id.as_str(), read[0].created_at), (lan.thread.as_str(), NOW + 1));
    assert_eq!(conn.written_since(NOW - DAY, 1).await.unwrap()[0].content.0.text, "hai", "the newest");
    assert_eq!(conn.written_since(NOW - DAY, 10).await.unwrap().len(), 3);
}

#[rstest]
#[tokio::test]
async fn one_text_means_one_thing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let put = async |phrase: PhraseRow| db.write(async |tx| tx.put_phrase(&phrase).await).await.unwrap();
    put(phrase("phr_1", "theu ten", "stock")).await;
    put(phrase("phr_2", "gui xe", "")).await;
    put(phrase("phr_3", "theu ten", "stock")).await;
    let mut conn = db.read().await.unwrap();
    let [second, first] = [phrase("phr_2", "gui xe", ""), phrase("phr_1", "theu ten", "stock")];
    assert_eq!(conn.phrases().await.unwrap(), [second.clone(), first], "what says the same again changes nothing");
    put(phrase("phr_4", "theu ten", "price")).await;
    assert_eq!(conn.phrases().await.unwrap(), [phrase("phr_4", "theu ten", "price"), second]);

    db.write(async |tx| tx.remove_phrase(&"phr_4".into()).await).await.unwrap();
    let again = db.write(async |tx| tx.remove_phrase(&"phr_4".into()).await).await;
    assert!(matches!(again, Err(StoreError::Missing("phrase"))), "{again:?}");
    assert_eq!(db.write(async |tx| tx.clear_phrases().await).await.unwrap(), 1);
    assert!(conn.phrases().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn every_version_is_kept_whole_and_the_newest_is_live(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.live_version().await.unwrap(), 0);
    assert!(conn.version_phrases(0).await.unwrap().is_empty(), "what the bot came with");
    let first = vec![phrase("phr_1", "theu ten", "stock"), phrase("phr_2", "gui xe", "")];
    let publish = async |version: NewVersion, over| db.write(async |tx| tx.publish(&version, over, NOW + over).await).await;
    assert_eq!(publish(version(first.clone(), "đầu tiên"), 0).await.unwrap(), 1);
    let late = publish(version(Vec::new(), "chậm chân"), 0).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "somebody was faster: {late:?}");
    let back = NewVersion { restores: Some(0), figures: None, ..version(Vec::new(), "") };
    assert_eq!(publish(back, 1).await.unwrap(), 2, "a refusal takes no number");

    assert_eq!(conn.live_version().await.unwrap(), 2);
    assert_eq!(conn.version_phrases(1).await.unwrap(), first);
    let [newest, oldest]: [_; 2] = conn.versions(i64::MAX, 10).await.unwrap().try_into().unwrap();
    assert_eq!((newest.number, newest.restores, newest.size, newest.figures), (2, Some(0), 0, None));
    assert_eq!((oldest.number, oldest.note.as_str(), oldest.size, oldest.published_at), (1, "đầu tiên", 2, NOW));
    assert_eq!(oldest.figures.unwrap().0["messages"], 7);
    assert_eq!(conn.versions(2, 10).await.unwrap().len(), 1);
    assert_eq!(conn.versions(i64::MAX, 1).await.unwrap()[0].number, 2);
    let none = conn.version_phrases(9).await;
    assert!(matches!(none, Err(StoreError::Missing("version"))), "{none:?}");
}

#[rstest]
#[tokio::test]
async fn of_two_who_publish_at_once_one_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let publish = async |note: &str| db.write(async |tx| tx.publish(&version(Vec::new(), note), 0, NOW).await).await;
    let (one, other) = tokio::join!(publish("một"), publish("hai"));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(db.read().await.unwrap().versions(i64::MAX, 10).await.unwrap().len(), 1);
}
