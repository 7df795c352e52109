//! Signing in and out.

use crate::caller::{Caller, cookie, gateway};
use onethread::auth::Role;
use onethread::demo::{ADMIN_EMAIL, AGENT_EMAIL, PASSWORD};
use serde_json::json;

#[tokio::test]
async fn a_session_is_a_cookie_that_scripts_cannot_read() {
    let gateway = gateway().await;
    let browser = Caller::stranger(&gateway).with("sec-fetch-site", "same-origin");
    let answer =
        browser.send("POST", "/session", Some(json!({ "email": ADMIN_EMAIL.to_uppercase(), "password": PASSWORD }))).await;
    let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
    assert_eq!(answer.headers()["cache-control"], "no-store");

    let me = browser.with("cookie", cookie(&answer)).get("/session").await;
    assert_eq!((me["email"].as_str(), me["role"].as_str()), (Some(ADMIN_EMAIL), Some("admin")));
    assert!(me["shop"]["name"].is_string());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    let wrong = stranger.call("POST", "/session", Some(json!({ "email": ADMIN_EMAIL, "password": "wrong" }))).await;
    let unknown = stranger.call("POST", "/session", Some(json!({ "email": "nobody@demo.shop", "password": "wrong" }))).await;
    assert_eq!(wrong.0, 401);
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_told_for_how_long() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    let guess = json!({ "email": ADMIN_EMAIL, "password": "wrong" });
    for _ in 0..6 {
        assert_eq!(stranger.status("POST", "/session", Some(guess.clone())).await, 401);
    }
    let answer = stranger.send("POST", "/session", Some(guess)).await;
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    // The right password does not get through either, and others are not kept waiting.
    assert_eq!(stranger.status("POST", "/session", Some(json!({ "email": ADMIN_EMAIL, "password": PASSWORD }))).await, 429);
    assert_eq!(stranger.status("POST", "/session", Some(json!({ "email": AGENT_EMAIL, "password": PASSWORD }))).await, 200);
}

#[tokio::test]
async fn another_site_s_page_can_change_nothing() {
    let gateway = gateway().await;
    let browser = Caller::browser(&gateway, ADMIN_EMAIL).await;
    let change = Some(json!({ "language": "en" }));
    for evil in [browser.with("sec-fetch-site", "cross-site"), browser.with("sec-fetch-site", "same-site")] {
        let (status, problem) = evil.call("PATCH", "/session", change.clone()).await;
        assert_eq!((status, problem["type"].as_str()), (403, Some("https://onethread.dev/problems/cross-site")));
        assert_eq!(evil.status("GET", "/session", None).await, 200, "reading is harmless: the answer stays with us");
    }
    let old = Caller::stranger(&gateway).with("cookie", session_of(&gateway).await);
    assert_eq!(old.status("PATCH", "/session", change.clone()).await, 403, "neither header");
    assert_eq!(old.with("origin", "https://evil.example").status("PATCH", "/session", change.clone()).await, 403);
    assert_eq!(old.with("origin", gateway.url.clone()).status("PATCH", "/session", change.clone()).await, 200);
    let foreign = Caller::stranger(&gateway).with("origin", "https://evil.example");
    let sign_in = Some(json!({ "email": ADMIN_EMAIL, "password": PASSWORD }));
    assert_eq!(foreign.status("POST", "/session", sign_in).await, 403, "nor sign anybody in");
    // A token is no ambient authority: it needs no such proof.
    let program = Caller::program(&gateway, Role::Agent).await;
    let canned = Some(json!({ "shortcut": "x1", "text": "x" }));
    assert_eq!(program.with("origin", "https://evil.example").status("POST", "/canned-replies", canned).await, 201);
}

async fn session_of(gateway: &crate::kit::TestGateway) -> String {
    let sign_in = Some(json!({ "email": ADMIN_EMAIL, "password": PASSWORD }));
    cookie(&Caller::stranger(gateway).send("POST", "/session", sign_in).await)
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let gateway = gateway().await;
    let browser = Caller::browser(&gateway, ADMIN_EMAIL).await;
    assert_eq!(browser.status("DELETE", "/session", None).await, 204);
    assert_eq!(browser.status("GET", "/session", None).await, 401);
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let gateway = gateway().await;
    let (here, there) = (Caller::browser(&gateway, AGENT_EMAIL).await, Caller::browser(&gateway, AGENT_EMAIL).await);
    let change = |current: &str, new: &str| Some(json!({ "password": { "current": current, "new": new } }));
    let (status, problem) = here.call("PATCH", "/session", change("wrong", "một mật khẩu mới")).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("password.current")));
    let (status, problem) = here.call("PATCH", "/session", change(PASSWORD, "short")).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("password.new")));

    assert_eq!(here.status("PATCH", "/session", change(PASSWORD, "một mật khẩu mới")).await, 200);
    assert_eq!(here.status("GET", "/session", None).await, 200);
    assert_eq!(there.status("GET", "/session", None).await, 401);
}

#[tokio::test]
async fn a_token_is_nobody_and_a_removed_one_opens_nothing() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    assert_eq!(admin.status("GET", "/session", None).await, 403);
    let (_, made) = admin.call("POST", "/tokens", Some(json!({ "name": "import", "role": "agent" }))).await;
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("ot_"));
    let program = Caller::stranger(&gateway).with("authorization", format!("Bearer {secret}"));
    assert_eq!(program.status("GET", "/orders", None).await, 200);

    let listed = admin.get("/tokens").await;
    assert!(!listed.to_string().contains(secret), "a secret is shown once");
    assert_eq!(admin.status("DELETE", &format!("/tokens/{}", made["id"].as_str().unwrap()), None).await, 204);
    assert_eq!(program.status("GET", "/orders", None).await, 401);
}
