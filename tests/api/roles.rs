//! Who may do what: asked of every operation that the document names.

use crate::caller::{Caller, gateway};
use onethread::auth::Role;
use onethread::demo::AGENT_EMAIL;
use serde_json::{Value, json};

/// Operations that need no sign-in.
const OPEN: [&str; 3] = ["sign_in", "look_at_setup", "set_up"];
/// Operations of admins only.
const ADMINS: [&str; 21] = [
    "create_inbox",
    "change_inbox",
    "probe_inbox",
    "disable_inbox",
    "replay_dead_letter",
    "replay_dead_letters",
    "put_order",
    "remove_order",
    "import_orders",
    "add_answer",
    "change_answer",
    "remove_answer",
    "add_agent",
    "change_agent",
    "list_tokens",
    "create_token",
    "remove_token",
    "change_settings",
    "discard_draft",
    "publish_version",
    "restore_version",
];

/// Every operation: method, path with a made-up id, its name.
fn operations() -> Vec<(String, String, String)> {
    let document = serde_json::to_value(onethread::api::document()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path.trim_start_matches("/api/v1").replace("{id}", "nothing").replace("{code}", "NOTHING");
            operations.push((method.to_uppercase(), path, operation["operationId"].as_str().unwrap().to_owned()));
        }
    }
    operations
}

#[tokio::test]
async fn a_stranger_gets_nothing_anywhere() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    let forger = stranger.with("authorization", "Bearer ot_forged").with("cookie", "onethread_session=forged");
    let mut asked = 0;
    for (method, path, name) in operations() {
        if OPEN.contains(&name.as_str()) {
            continue;
        }
        for caller in [&stranger, &forger] {
            assert_eq!(caller.status(&method, &path, Some(json!({}))).await, 401, "{method} {path}");
        }
        asked += 1;
    }
    assert!(asked > 50, "only {asked} operations were asked");
}

#[tokio::test]
async fn an_agent_may_do_all_but_what_admins_do() {
    let gateway = gateway().await;
    let agent = Caller::program(&gateway, Role::Agent).await;
    for (method, path, name) in operations() {
        if OPEN.contains(&name.as_str()) || matches!(name.as_str(), "watch_live" | "sign_out") {
            continue;
        }
        let (status, problem) = agent.call(&method, &path, Some(json!({}))).await;
        let only_admins = problem["detail"] == "only an admin may do this";
        assert_eq!(only_admins, ADMINS.contains(&name.as_str()), "{method} {path}: {status} {problem}");
        assert!(status < 500, "{method} {path}: {status} {problem}");
    }
}

#[tokio::test]
async fn a_disabled_agent_is_out_at_once() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let browser = Caller::browser(&gateway, AGENT_EMAIL).await;
    let agents = admin.get("/agents").await;
    let agent = agents["items"].as_array().unwrap().iter().find(|agent| agent["email"] == AGENT_EMAIL).cloned().unwrap();
    let path = format!("/agents/{}", agent["id"].as_str().unwrap());
    let disabled: Value = admin.call("PATCH", &path, Some(json!({ "disabled": true }))).await.1;
    assert_eq!(disabled["disabled"], true);
    assert_eq!(browser.status("GET", "/threads", None).await, 401);
}
