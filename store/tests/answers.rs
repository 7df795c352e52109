//! Answers and canned replies, on both engines.

mod kit;

use kit::{Engine, NOW, TestDb};
use onethread_store::answers::{AnswerRow, Wording};
use onethread_store::canned::CannedReplyRow;
use onethread_store::{Json, StoreError};
use rstest::rstest;

fn answer(id: &str, title: &str, question: &str) -> AnswerRow {
    let vi = Wording { text: "Phí giao hàng 25.000đ".to_owned(), questions: vec![question.to_owned()] };
    AnswerRow {
        id: id.to_owned(),
        title: title.to_owned(),
        enabled: true,
        vi: Json(vi),
        en: Json(Wording::default()),
        updated_at: NOW,
    }
}

#[rstest]
#[tokio::test]
async fn an_answer_is_found_however_it_is_spelt(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let ship = answer("ans_a", "Phí ship", "Giao về Đà Lạt bao nhiêu?");
    let hours = answer("ans_b", "Giờ mở cửa", "Mấy giờ mở cửa?");
    for row in [&ship, &hours] {
        db.write(async |tx| tx.add_answer(row).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.answer(&"ans_a".into()).await.unwrap(), ship);
    assert_eq!(conn.answers("da lat", None, 10).await.unwrap().items, std::slice::from_ref(&ship));
    assert_eq!(conn.answers("gio mo", None, 10).await.unwrap().items, std::slice::from_ref(&hours));
    assert_eq!(conn.all_answers().await.unwrap(), [ship.clone(), hours.clone()]);

    let first = conn.answers("", None, 1).await.unwrap();
    assert_eq!(first.items, [ship]);
    assert_eq!(conn.answers("", first.next.as_deref(), 1).await.unwrap().items, [hours]);
}

#[rstest]
#[tokio::test]
async fn the_stamp_tells_when_answers_have_changed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.answers_stamp().await.unwrap(), (0, 0));

    let row = answer("ans_a", "Phí ship", "Phí ship?");
    db.write(async |tx| tx.add_answer(&row).await).await.unwrap();
    assert_eq!(conn.answers_stamp().await.unwrap(), (1, NOW));
    let changed = AnswerRow { enabled: false, updated_at: NOW + 1, ..row };
    db.write(async |tx| tx.change_answer(&changed).await).await.unwrap();
    assert_eq!(conn.answers_stamp().await.unwrap(), (1, NOW + 1));
    assert_eq!(conn.answer(&"ans_a".into()).await.unwrap(), changed);

    db.write(async |tx| tx.remove_answer(&"ans_a".into()).await).await.unwrap();
    assert!(matches!(conn.answer(&"ans_a".into()).await, Err(StoreError::Missing("answer"))));
    for gone in [
        db.write(async |tx| tx.change_answer(&changed).await).await,
        db.write(async |tx| tx.remove_answer(&"ans_a".into()).await).await,
    ] {
        assert!(matches!(gone, Err(StoreError::Missing("answer"))), "{gone:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_shortcut_calls_up_one_canned_reply(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let reply = |id: &str, shortcut: &str| CannedReplyRow {
        id: id.to_owned(),
        shortcut: shortcut.to_owned(),
        text: "Dạ {customer} chờ em xíu ạ".to_owned(),
        updated_at: NOW,
    };
    for row in [reply("can_b", "cho"), reply("can_a", "chao")] {
        db.write(async |tx| tx.add_canned_reply(&row).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let first = conn.canned_replies(None, 1).await.unwrap();
    assert_eq!(first.items, [reply("can_a", "chao")]);
    assert_eq!(conn.canned_replies(first.next.as_deref(), 5).await.unwrap().items, [reply("can_b", "cho")]);

    let twice = db.write(async |tx| tx.add_canned_reply(&reply("can_c", "cho")).await).await;
    assert!(matches!(twice, Err(StoreError::Taken(_))), "{twice:?}");
    let onto = db.write(async |tx| tx.change_canned_reply(&reply("can_a", "cho")).await).await;
    assert!(matches!(onto, Err(StoreError::Taken(_))), "{onto:?}");
    db.write(async |tx| tx.change_canned_reply(&reply("can_a", "hi")).await).await.unwrap();

    db.write(async |tx| tx.remove_canned_reply(&"can_a".into()).await).await.unwrap();
    let gone = db.write(async |tx| tx.remove_canned_reply(&"can_a".into()).await).await;
    assert!(matches!(gone, Err(StoreError::Missing("canned reply"))), "{gone:?}");
    assert_eq!(conn.canned_replies(None, 5).await.unwrap().items.len(), 1);
}
