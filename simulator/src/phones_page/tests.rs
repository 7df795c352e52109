//! The page's API over a real listener, with the real platforms behind it.

use crate::{Fault, Platform, World};
use futures::StreamExt;
use serde_json::{Value, json};

async fn world() -> (World, reqwest::Client) {
    let _ = rustls_ready();
    let world = World::start("127.0.0.1:0".parse().expect("an address")).await.expect("the world starts");
    (world, reqwest::Client::builder().build().expect("a client"))
}

fn rustls_ready() -> bool {
    rustls::crypto::ring::default_provider().install_default().is_ok()
}

async fn get(world: &World, client: &reqwest::Client, path: &str) -> reqwest::Response {
    client.get(format!("http://{}{path}", world.address)).send().await.expect("an answer")
}

async fn post(world: &World, client: &reqwest::Client, path: &str, body: &Value) -> (u16, Value) {
    let answer = client.post(format!("http://{}{path}", world.address)).json(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_new_customer_has_a_phone_on_the_page() {
    let (world, client) = world().await;
    let (status, made) = post(&world, &client, "/phones/customer", &json!({ "platform": "telegram", "name": "Lan <b>" })).await;
    assert_eq!(status, 200);
    let state: Value = get(&world, &client, "/phones/state").await.json().await.expect("json");
    let kinds: Vec<_> =
        state["platforms"].as_array().expect("platforms").iter().map(|platform| platform["kind"].clone()).collect();
    assert_eq!(kinds, ["telegram", "discord", "facebook", "zalo"]);
    let phone = &state["platforms"][0]["phones"][0];
    assert_eq!((&phone["user"], &phone["name"]), (&made["user"], &json!("Lan <b>")));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (world, client) = world().await;
    let (status, said) = post(&world, &client, "/phones/customer", &json!({ "platform": "telex", "name": "Lan" })).await;
    assert_eq!((status, said["error"].as_str()), (404, Some("there is no platform `telex` here")));
    assert_eq!(post(&world, &client, "/phones/customer", &json!({ "platform": "zalo", "name": " " })).await.0, 422);
    assert_eq!(
        post(&world, &client, "/phones/act", &json!({ "platform": "zalo", "user": "x", "act": { "act": "flies" } })).await.0,
        422
    );
    let plain = client.post(format!("http://{}/phones/fault", world.address)).body(r#"{"platform":"zalo","fault":"blocked"}"#);
    assert_eq!(plain.send().await.expect("an answer").status(), 415, "a form on another website cannot do it");
}

#[tokio::test]
async fn trouble_stands_until_it_is_lifted() {
    let (world, client) = world().await;
    let bad = json!({ "platform": "zalo", "fault": { "throttled": { "retry_after": 3000 } } });
    assert_eq!(post(&world, &client, "/phones/fault", &bad).await.0, 200);
    assert_eq!(world.zalo.faults().standing(), Some(Fault::Throttled { retry_after: 3000 }));
    post(&world, &client, "/phones/fault", &json!({ "platform": "zalo", "fault": null })).await;
    assert_eq!(world.zalo.faults().standing(), None);
    post(&world, &client, "/phones/fault", &json!({ "platform": "zalo", "fault": "server_error", "once": true })).await;
    assert_eq!((world.zalo.faults().take(), world.zalo.faults().take()), (Some(Fault::ServerError), None));
}

#[tokio::test]
async fn a_changed_screen_is_told_to_open_pages() {
    let (world, client) = world().await;
    let mut live = get(&world, &client, "/phones/live").await.bytes_stream();
    world.discord.phones().change("7", |phone| phone.typing = true);
    let chunk = live.next().await.expect("open").expect("readable");
    let text = String::from_utf8(chunk.to_vec()).expect("text");
    let change: Value = serde_json::from_str(text.trim().strip_prefix("data: ").expect("an event")).expect("json");
    assert_eq!((&change["kind"], &change["phone"]["typing"]), (&json!("discord"), &json!(true)));
}

#[tokio::test]
async fn the_shop_carries_the_one_tag_once_there_is_a_widget() {
    let (world, client) = world().await;
    assert!(!get(&world, &client, "/shop").await.text().await.expect("text").contains("<script"));
    world.offer_widget("http://127.0.0.1:8080/hooks/inb_1/widget.js?a=\"><b>&c");
    world.offer_console("http://127.0.0.1:8080/");
    let answer = get(&world, &client, "/shop").await;
    let policy = answer.headers()["content-security-policy"].to_str().expect("ascii").to_owned();
    assert!(policy.contains("script-src http://127.0.0.1:8080;"), "{policy}");
    let page = answer.text().await.expect("text");
    assert!(
        page.contains("<script src=\"http://127.0.0.1:8080/hooks/inb_1/widget.js?a=%22%3E%3Cb%3E&amp;c\" async></script>"),
        "{page}"
    );
    let state: Value = get(&world, &client, "/phones/state").await.json().await.expect("json");
    assert_eq!(state["console"], "http://127.0.0.1:8080/");
}

#[tokio::test]
async fn the_page_and_its_parts_are_served_under_a_strict_policy() {
    let (world, client) = world().await;
    for (path, mime) in [
        ("/", "text/html"),
        ("/phones/page.css", "text/css"),
        ("/phones/page.js", "text/javascript"),
        ("/phones/words.js", "text/javascript"),
        ("/phones/things.js", "text/javascript"),
        ("/shop/shop.css", "text/css"),
    ] {
        let answer = get(&world, &client, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers()["content-type"].to_str().expect("ascii").starts_with(mime), "{path}");
        assert!(answer.headers()["content-security-policy"].to_str().expect("ascii").starts_with("default-src 'self'"), "{path}");
    }
    for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!include_str!("page.js").contains(sink), "`{sink}` would let text become markup");
    }
}
