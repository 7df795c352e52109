//! What is known of files.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use onethread_core::ids::FileId;
use onethread_store::StoreError;
use onethread_store::files::FileRow;
use rstest::rstest;

fn fetching(id: &FileId) -> FileRow {
    FileRow {
        id: id.0.clone(),
        kind: "file".into(),
        name: Some("hoá đơn.pdf".into()),
        mime: None,
        size: None,
        state: "fetching".into(),
        inbox_id: Some("inb_1".into()),
        source: Some("remote-7".into()),
        message_id: None,
        created_at: NOW,
    }
}

#[rstest]
#[tokio::test]
async fn a_fetched_file_is_what_it_turned_out_to_be(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = FileId::fresh(NOW);
    db.write(async |tx| tx.add_file(&fetching(&id)).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().file(&id).await.unwrap(), fetching(&id));

    db.write(async |tx| tx.file_stored(&id, "image", "image/png", 77).await).await.unwrap();
    let stored = FileRow {
        kind: "image".into(),
        mime: Some("image/png".into()),
        size: Some(77),
        state: "stored".into(),
        source: None,
        ..fetching(&id)
    };
    assert_eq!(db.read().await.unwrap().file(&id).await.unwrap(), stored);
    db.write(async |tx| tx.file_failed(&id).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().file(&id).await.unwrap().state, "stored", "what is stored cannot fail");
    assert!(matches!(db.read().await.unwrap().file(&"fil_none".into()).await, Err(StoreError::Missing("file"))));
}

#[rstest]
#[tokio::test]
async fn a_file_that_could_not_be_fetched_says_so(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = FileId::fresh(NOW);
    db.write(async |tx| tx.add_file(&fetching(&id)).await).await.unwrap();
    db.write(async |tx| tx.file_failed(&id).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().file(&id).await.unwrap().state, "failed");
}

#[rstest]
#[tokio::test]
async fn a_file_belongs_to_one_message(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = FileId::fresh(NOW);
    db.write(async |tx| tx.add_file(&fetching(&id)).await).await.unwrap();
    for (message, taken) in [("msg_1", true), ("msg_1", true), ("msg_2", false)] {
        assert_eq!(db.write(async |tx| tx.attach_file(&id, message).await).await.unwrap(), taken, "{message}");
    }
    assert_eq!(db.read().await.unwrap().file(&id).await.unwrap().message_id.as_deref(), Some("msg_1"));
    assert!(!db.write(async |tx| tx.attach_file(&"fil_none".into(), "msg_1").await).await.unwrap());
}
