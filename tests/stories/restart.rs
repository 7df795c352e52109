//! A stop in the middle loses nothing and says nothing twice.

use crate::kit::{Engine, TestGateway};
use onethread_simulator::Act;
use onethread_store::Db;
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_after_a_restart(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.says("đơn DH1024 của em tới đâu rồi").await;
    lan.hears("4 số cuối").await;
    let gateway = gateway.restart().await;
    lan.says("5678").await;
    lan.hears("GHN").await;
    assert_eq!(lan.unheard(), 0, "nothing is said twice");
    gateway.stop().await;
}

/// The gateway's session is resumed: what was written meanwhile is replayed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_while_the_gateway_was_down_is_answered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("discord", "Lan");
    lan.says("xin chào shop").await;
    lan.next().await.expect("the bot greets");
    let platform = gateway.platform("discord");
    let user = lan.user.clone();
    let writes = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let act = Act::Says { text: "phí ship bao nhiêu vậy shop".into(), reply_to: None };
        platform.act(&user, act).await
    });
    let gateway = gateway.restart().await;
    let _ = writes.await;
    lan.hears("25.000").await;
    gateway.stop().await;
}

/// They work once: a pair that the platform gave and nobody stored is lost for good.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_new_tokens_that_are_on_their_way(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let inbox = gateway.inbox("zalo").await;
    let sealed = async |db: &Db| {
        db.read().await.expect("a database").inbox(&inbox.as_str().into()).await.expect("the inbox is there").sealed
    };
    let (zalo, before) = (gateway.world.zalo.clone(), sealed(&gateway.gateway.db).await);
    let renewed = zalo.all_rotations();
    gateway.platform("zalo").faults().slow_down(Duration::from_secs(2));
    zalo.expire_access_token();
    let (admin, path) = (gateway.desk("admin@demo.shop").await, format!("/inboxes/{inbox}/probe"));
    let probing = tokio::spawn(async move { admin.call("POST", &path, Some(json!({}))).await });
    while zalo.all_rotations() == renewed {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(sealed(&gateway.gateway.db).await, before, "the answer is on its way");
    probing.abort();
    let url = gateway.gateway.config.database_url().to_owned();
    gateway.gateway.close().await;
    let db = Db::open(&url).await.expect("the database opens again");
    assert_ne!(sealed(&db).await, before, "the new pair is stored");
    db.close().await;
}
