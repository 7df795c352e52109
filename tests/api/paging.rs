//! Lists come in pages that neither skip nor repeat.

use crate::caller::{Caller, gateway};
use crate::kit::{Engine, TestGateway};
use onethread::auth::Role;
use rstest::rstest;
use serde_json::{Value, json};

/// Every item of a list, read in pages of this size.
async fn all(caller: &Caller, path: &str, size: usize) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = caller.get(&format!("{path}{joint}limit={size}{cursor}")).await;
        let page_items = page["items"].as_array().unwrap();
        assert!(page_items.len() <= size);
        items.extend(page_items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().or(item["code"].as_str()).unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn small_pages_hold_the_same_as_one_large(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    for name in ["one", "two", "three"] {
        admin.call("POST", "/tokens", Some(json!({ "name": name, "role": "agent" }))).await;
    }
    for channel in ["zalo", "telegram"] {
        for name in ["Lan", "Minh", "Nga"] {
            gateway.customer(channel, name).says("shop ơi").await;
        }
    }
    let desk = gateway.desk(onethread::demo::ADMIN_EMAIL).await;
    desk.until(|| async { (desk.get("/threads").await["items"].as_array()?.len() == 6).then_some(()) })
        .await
        .expect("six threads");
    for path in [
        "/threads",
        "/threads?view=bot",
        "/customers",
        "/orders",
        "/answers",
        "/canned-replies",
        "/agents",
        "/tokens",
        "/inboxes",
    ] {
        let (small, large) = (ids(&all(&admin, path, 2).await), ids(&all(&admin, path, 200).await));
        assert!(small.len() >= 3, "{path} has too little to page: {small:?}");
        assert_eq!(small, large, "{path}");
    }
    let zalo = all(&admin, "/threads?channel=zalo", 2).await;
    assert_eq!(zalo.len(), 3);
    assert_eq!(all(&admin, "/threads?q=L%C3%A3n", 2).await.len(), 2, "found without marks");
    let counts = admin.get("/threads/counts").await;
    assert_eq!((counts["all"].as_i64(), counts["bot"].as_i64()), (Some(6), Some(6)));
}

#[tokio::test]
async fn a_thread_is_read_backwards_from_its_end_and_forwards_from_anywhere() {
    let gateway = gateway().await;
    let desk = gateway.desk(onethread::demo::ADMIN_EMAIL).await;
    gateway.customer("zalo", "Lan").says("shop ơi").await;
    let thread = desk.thread_of("Lan").await;
    let thread = thread["id"].as_str().unwrap();
    for number in 0..5 {
        desk.post(&format!("/threads/{thread}/messages"), json!({ "text": format!("ghi chú {number}"), "note": true })).await;
    }
    let whole = desk.messages(thread).await;
    let seqs: Vec<i64> = whole.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    let newest = desk.get(&format!("/threads/{thread}/messages?limit=3")).await;
    assert_eq!(newest["items"].as_array().unwrap()[..], whole[whole.len() - 3..]);
    let before = newest["next"].as_str().unwrap();
    let older = desk.get(&format!("/threads/{thread}/messages?limit=200&before={before}")).await;
    assert_eq!(older["items"].as_array().unwrap()[..], whole[..whole.len() - 3]);
    assert_eq!(older["next"], Value::Null);
    let newer = desk.get(&format!("/threads/{thread}/messages?limit=2&after={}", seqs[1])).await;
    assert_eq!(newer["items"].as_array().unwrap()[..], whole[2..4]);
    assert_eq!(newer["next"].as_str(), Some(seqs[3].to_string().as_str()));
}

#[tokio::test]
async fn the_same_client_id_is_the_same_message() {
    let gateway = gateway().await;
    let desk = gateway.desk(onethread::demo::ADMIN_EMAIL).await;
    gateway.customer("zalo", "Lan").says("shop ơi").await;
    let thread = desk.thread_of("Lan").await;
    let path = format!("/threads/{}/messages", thread["id"].as_str().unwrap());
    let said = json!({ "text": "Dạ em nghe ạ", "client_id": "tab-1" });
    let (first, made) = desk.call("POST", &path, Some(said.clone())).await;
    let (second, again) = desk.call("POST", &path, Some(said)).await;
    assert_eq!((first, second), (201, 200));
    assert_eq!(made["id"], again["id"]);
    assert_eq!(again["client_id"], "tab-1");
}
