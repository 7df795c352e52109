//! Files: typed by their bytes, never served as a page.

use crate::caller::{Caller, gateway};
use onethread::auth::Role;
use onethread_core::ids::FileId;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89";

async fn upload(caller: &Caller, field: &'static str, name: &'static str, bytes: Vec<u8>) -> (u16, Value) {
    let form = Form::new().part(field, Part::bytes(bytes).file_name(name));
    let answer = caller.request("POST", "/files").multipart(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_picture_is_shown_and_a_page_is_a_download() {
    let gateway = gateway().await;
    let agent = Caller::program(&gateway, Role::Agent).await;
    let (status, picture) = upload(&agent, "file", "áo.png", PNG.to_vec()).await;
    assert_eq!((status, picture["kind"].as_str(), picture["mime"].as_str()), (201, Some("image"), Some("image/png")));
    let shown = agent.send("GET", &format!("/files/{}", picture["id"].as_str().unwrap()), None).await;
    let header = |name: &str| shown.headers()[name].to_str().unwrap();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/png", "nosniff"));
    assert!(
        header("content-disposition").starts_with("inline; filename*=UTF-8''%C3%A1o.png"),
        "{}",
        header("content-disposition")
    );
    assert!(header("content-security-policy").contains("sandbox"));
    assert_eq!(shown.bytes().await.unwrap(), PNG);

    let (_, page) = upload(&agent, "file", "cute.png", b"<html><script>alert(1)</script></html>".to_vec()).await;
    let download = agent.send("GET", &format!("/files/{}", page["id"].as_str().unwrap()), None).await;
    assert_eq!(download.headers()["content-type"], "application/octet-stream");
    assert!(download.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
}

#[tokio::test]
async fn an_upload_that_is_no_file_or_too_large_is_refused() {
    let gateway = gateway().await;
    let agent = Caller::program(&gateway, Role::Agent).await;
    assert_eq!(upload(&agent, "picture", "a.png", PNG.to_vec()).await.0, 422);
    assert_eq!(upload(&agent, "file", "a.png", Vec::new()).await.0, 422);
    let (status, problem) = agent.call("POST", "/files", Some(serde_json::json!({}))).await;
    assert_eq!((status, problem["status"].as_u64()), (415, Some(415)), "{problem}");
    let (status, problem) = upload(&agent, "file", "a.bin", vec![1; 25 * 1024 * 1024 + 1]).await;
    assert_eq!((status, problem["type"].as_str()), (413, Some("https://onethread.dev/problems/too-large")));
}

#[tokio::test]
async fn a_signed_link_opens_its_own_file_and_no_other() {
    let gateway = gateway().await;
    let agent = Caller::program(&gateway, Role::Agent).await;
    let (_, one) = upload(&agent, "file", "a.png", PNG.to_vec()).await;
    let (_, two) = upload(&agent, "file", "b.png", PNG.to_vec()).await;
    let (one, two) = (one["id"].as_str().unwrap(), two["id"].as_str().unwrap());
    let house = &gateway.gateway;
    let link = house.media.public_link(&house.config, &FileId::from(one), house.clock.now());
    let open = async |url: String| gateway.http.get(url).send().await.unwrap().status().as_u16();
    assert_eq!(open(link.clone()).await, 200);
    assert_eq!(open(link.replace(one, two)).await, 403);
    assert_eq!(open(link.replace("until=", "until=9")).await, 403);
    assert_eq!(open(format!("{}/files/{one}", gateway.url)).await, 400);
    assert_eq!(Caller::stranger(&gateway).status("GET", &format!("/files/{one}"), None).await, 401);
}
