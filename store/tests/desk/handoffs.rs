//! Episodes of human care.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::ids::HandoffId;
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn an_episode_is_opened_assigned_and_resolved(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let (mai, huy) = (shop::agent(&db, "Mai").await, shop::agent(&db, "Huy").await);
    let open = async || db.read().await.unwrap().has_open_handoff(&lan.thread).await.unwrap();
    assert!(!open().await);
    db.write(async |tx| tx.open_handoff(&HandoffId::fresh(NOW), &lan.thread, "asked", NOW).await).await.unwrap();
    assert!(open().await);
    for (agent, at) in [(&mai, NOW + 1), (&huy, NOW + 2)] {
        db.write(async |tx| tx.assign_handoff(&lan.thread, agent, at).await).await.unwrap();
    }
    db.write(async |tx| tx.close_handoff(&lan.thread, NOW + 3).await).await.unwrap();
    assert!(!open().await);
    db.write(async |tx| tx.open_handoff(&HandoffId::fresh(NOW + 4), &lan.thread, "complaint", NOW + 4).await).await.unwrap();

    let episodes = db.read().await.unwrap().handoffs_of(&lan.customer).await.unwrap();
    assert_eq!(episodes.iter().map(|e| e.reason.as_str()).collect::<Vec<_>>(), ["complaint", "asked"], "newest first");
    let (newer, older) = (&episodes[0], &episodes[1]);
    assert_eq!((newer.assigned_at, newer.resolved_at, newer.agent_name.as_deref()), (None, None, None));
    assert_eq!((older.opened_at, older.assigned_at, older.resolved_at), (NOW, Some(NOW + 1), Some(NOW + 3)));
    assert_eq!((older.agent_id.as_deref(), older.agent_name.as_deref()), (Some(huy.as_str()), Some("Huy")));
    let nobody = shop::only_person(&db).await;
    assert!(db.read().await.unwrap().handoffs_of(&nobody.customer).await.unwrap().is_empty());
}
