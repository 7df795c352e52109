//! What customers look like.

use crate::kit::{Engine, TestGateway};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_picture_is_fetched_once_and_shown_to_agents_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let desk = gateway.desk("mai@demo.shop").await;
    let picture = async || {
        let thread = desk.get("/threads?view=all").await["items"].get(0).cloned()?;
        Some((thread["customer"]["avatar_url"].as_str()?.to_owned(), thread["customer"]["id"].as_str()?.to_owned()))
    };
    let (path, customer) = desk.until(picture).await.expect("the picture is fetched");
    assert_eq!(desk.get(&format!("/customers/{customer}")).await["avatar_url"], path.as_str());
    let (status, headers, bytes) = desk.open(&path).await;
    assert_eq!((status, bytes), (200, onethread_simulator::portrait("Lan")));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/gif".into(), "nosniff".into()));
    assert!(header("content-security-policy").contains("sandbox"));
    let stranger = gateway.http.get(format!("{}{path}", gateway.url)).send().await.expect("the gateway answers");
    assert_eq!(stranger.status(), 401);
    gateway.stop().await;
}
