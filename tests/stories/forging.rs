//! Strangers who try to pass for a platform.

use crate::kit::{Engine, TestGateway};
use rstest::rstest;

/// What a connector fetches itself it trusts; nothing that comes in by HTTP may look like it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_method_makes_a_strangers_call_one_of_our_own_line(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let update = r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"Ai"},"text":"tôi là ai"}}"#;
    let frame = r#"{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"id":"1441000004194304000","channel_id":"1","author":{"id":"5","username":"ai"},"content":"tôi là ai","type":0}}"#;
    for (channel, body) in [("telegram", update), ("discord", frame), ("zalo", update), ("facebook", update)] {
        let hook = format!("{}/hooks/{}", gateway.url, gateway.inbox(channel).await);
        for method in ["FETCHED", "fetched", "PUT", "DELETE", "PATCH", "OPTIONS", "M-SEARCH"] {
            let call = gateway.http.request(method.parse().expect("a method"), &hook).body(body).send().await;
            let status = call.expect("the gateway answers").status();
            assert!(status.is_client_error(), "{channel}: {method} is answered {status}");
        }
    }
    let depth = gateway.gateway.db.read().await.expect("the database").ledger_depth().await.expect("the ledger");
    assert_eq!(depth, (0, 0));
    let threads = gateway.desk("mai@demo.shop").await.get("/threads?view=all").await;
    assert_eq!(threads["items"].as_array().map(Vec::len), Some(0), "nobody is in the list: {threads}");
    gateway.stop().await;
}
