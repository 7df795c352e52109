//! A stop in the middle loses nothing and says nothing twice.

use crate::kit::{Engine, TestGateway};
use onethread_simulator::Act;
use rstest::rstest;

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
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let act = Act::Says { text: "phí ship bao nhiêu vậy shop".into(), reply_to: None };
        platform.act(&user, act).await
    });
    let gateway = gateway.restart().await;
    let _ = writes.await;
    lan.hears("25.000").await;
    gateway.stop().await;
}
