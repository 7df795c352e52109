//! Settings of the shop, on both engines.

mod kit;

use kit::{Engine, TestDb};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn a_setting_is_what_was_last_written(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.setting("shop").await.unwrap(), None);

    for name in ["An", "Bình"] {
        db.write(async |tx| tx.set_setting("shop", &json!({ "name": name })).await).await.unwrap();
    }

    assert_eq!(conn.setting("shop").await.unwrap(), Some(json!({ "name": "Bình" })));
}
