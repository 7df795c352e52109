//! The first admin.

use onethread::cli::serve::first_admin;
use onethread::config::Config;
use onethread::gateway::Gateway;
use onethread_core::SystemClock;
use serde_json::{Value, json};
use std::sync::Arc;

async fn empty(folder: &tempfile::TempDir, more: &[(&str, &str)]) -> Arc<Gateway> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = folder.path().display().to_string();
    let settings = [("ONETHREAD_LISTEN", "127.0.0.1:0"), ("ONETHREAD_DATA_DIR", folder.as_str())];
    let settings = settings.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Gateway::open(Config::read(None, settings).unwrap(), Arc::new(SystemClock)).await.unwrap()
}

#[tokio::test]
async fn the_link_of_the_first_start_makes_one_admin_once() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = empty(&folder, &[]).await;
    let link = first_admin(&gateway).await.unwrap().expect("nobody can sign in yet");
    let token = link.split_once("/setup?token=").unwrap().1.to_owned();
    let url = format!("http://{}/api/v1/setup", onethread::api::serve(&gateway).await.unwrap());
    let http = onethread_connectors::http::client().unwrap();
    let open = async |token: &str| {
        http.get(format!("{url}?token={token}")).send().await.unwrap().json::<Value>().await.unwrap()["open"].clone()
    };
    assert_eq!((open(&token).await, open("guess").await), (json!(true), json!(false)));

    let admin = |token: &str, email: &str| {
        http.post(&url).json(&json!({ "token": token, "email": email, "name": "Hạnh", "password": "mật khẩu dài" })).send()
    };
    assert_eq!(admin("guess", "evil@shop.vn").await.unwrap().status(), 403);
    let made = admin(&token, "Hanh@shop.vn").await.unwrap();
    assert!(made.headers().contains_key("set-cookie"));
    assert_eq!(made.json::<Value>().await.unwrap()["email"], "hanh@shop.vn");
    assert_eq!(admin(&token, "second@shop.vn").await.unwrap().status(), 403);
    assert_eq!(open(&token).await, json!(false));
    assert_eq!(first_admin(&gateway).await.unwrap(), None);
    gateway.close().await;
}

#[tokio::test]
async fn a_configured_admin_is_made_once_and_can_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let gateway =
        empty(&folder, &[("ONETHREAD_ADMIN_EMAIL", "Hanh@shop.vn"), ("ONETHREAD_ADMIN_PASSWORD", "mật khẩu dài")]).await;
    assert_eq!(first_admin(&gateway).await.unwrap(), None);
    assert_eq!(first_admin(&gateway).await.unwrap(), None);
    let url = format!("http://{}/api/v1/session", onethread::api::serve(&gateway).await.unwrap());
    let answer = onethread_connectors::http::client()
        .unwrap()
        .post(url)
        .json(&json!({ "email": "hanh@shop.vn", "password": "mật khẩu dài" }))
        .send()
        .await;
    assert_eq!(answer.unwrap().status(), 200);
    gateway.close().await;
}
