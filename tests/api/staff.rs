//! Agents, canned replies and answers: made, changed, refused.

use crate::caller::{Caller, gateway};
use onethread::auth::Role;
use onethread::demo::{ADMIN_EMAIL, PASSWORD};
use serde_json::{Value, json};

#[tokio::test]
async fn a_new_agent_can_sign_in_and_the_last_admin_cannot_go() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let new = json!({ "email": " Nga@Shop.vn ", "name": "Nga", "role": "agent", "password": PASSWORD });
    let (status, agent) = admin.call("POST", "/agents", Some(new.clone())).await;
    assert_eq!((status, agent["email"].as_str(), agent["open_threads"].as_i64()), (201, Some("nga@shop.vn"), Some(0)));
    assert!(!agent.to_string().contains("argon2"));
    assert_eq!(admin.call("POST", "/agents", Some(new)).await.0, 409);
    Caller::browser(&gateway, "nga@shop.vn").await;

    let agents = admin.get("/agents").await;
    let last = agents["items"].as_array().unwrap().iter().find(|agent| agent["email"] == ADMIN_EMAIL).unwrap();
    let path = format!("/agents/{}", last["id"].as_str().unwrap());
    for change in [json!({ "role": "agent" }), json!({ "disabled": true })] {
        let (status, problem) = admin.call("PATCH", &path, Some(change)).await;
        assert_eq!((status, problem["detail"].as_str()), (409, Some("this is the last admin; make another one first")));
    }
}

#[tokio::test]
async fn a_canned_reply_keeps_its_placeholders() {
    let gateway = gateway().await;
    let agent = Caller::program(&gateway, Role::Agent).await;
    let (_, made) =
        agent.call("POST", "/canned-replies", Some(json!({ "shortcut": "/Hen-Gap", "text": "Cảm ơn {customer} ạ" }))).await;
    assert_eq!((made["shortcut"].as_str(), made["text"].as_str()), (Some("hen-gap"), Some("Cảm ơn {customer} ạ")));
    let path = format!("/canned-replies/{}", made["id"].as_str().unwrap());
    assert_eq!(agent.status("PUT", &path, Some(json!({ "shortcut": "tks", "text": "Cảm ơn ạ" }))).await, 200);
    assert_eq!(agent.status("DELETE", &path, None).await, 204);
    assert_eq!(agent.status("DELETE", &path, None).await, 404);
}

#[tokio::test]
async fn the_bot_knows_a_new_answer_at_once_and_forgets_a_removed_one() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let question = "Shop có gói quà sinh nhật hình khủng long không?";
    let best = async || -> Value {
        let reading = admin.call("POST", "/answers/try", Some(json!({ "text": question }))).await.1;
        assert!(reading["intents"].as_array().is_some_and(|intents| !intents.is_empty()), "{reading}");
        assert_eq!(reading["language"], "vi");
        reading["answers"][0]["id"].clone()
    };
    let written = json!({ "title": "Gói quà", "vi": { "text": "Dạ có ạ", "questions": [question, "gói quà khủng long"] } });
    let (status, made) = admin.call("POST", "/answers", Some(written.clone())).await;
    assert_eq!((status, made["enabled"].as_bool()), (201, Some(true)));
    let path = format!("/answers/{}", made["id"].as_str().unwrap());
    assert_eq!(best().await, made["id"]);
    assert_eq!(admin.get(&path).await, made);

    let mut off = written;
    off["enabled"] = json!(false);
    assert_eq!(admin.status("PUT", &path, Some(off)).await, 200);
    assert_ne!(best().await, made["id"], "a disabled answer is not given");
    assert_eq!(admin.status("DELETE", &path, None).await, 204);
    assert_eq!(admin.status("GET", &path, None).await, 404);
}

#[tokio::test]
async fn a_secret_setting_of_an_inbox_goes_in_and_never_out() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let inboxes = admin.get("/inboxes").await;
    let channels = admin.get("/channels").await;
    for inbox in inboxes["items"].as_array().unwrap() {
        let channel = channels["items"].as_array().unwrap().iter().find(|channel| channel["kind"] == inbox["channel"]).unwrap();
        let fields = channel["form"]["fields"].as_array().unwrap();
        for field in fields.iter().filter(|field| field["secret"] == true) {
            assert!(inbox["settings"].get(field["name"].as_str().unwrap()).is_none(), "{inbox}");
        }
        assert!(inbox["hook_url"].as_str().unwrap().starts_with(&gateway.url));
    }
    let telegram = gateway.inbox("telegram").await;
    let path = format!("/inboxes/{telegram}");
    let one = admin.get(&path).await;
    assert!(one["secrets"].as_array().unwrap().contains(&json!("token")), "{one}");
    assert_eq!(admin.call("PATCH", &path, Some(json!({ "paused": true }))).await.1["state"], "paused");
    assert_eq!(admin.call("PATCH", &path, Some(json!({ "paused": false }))).await.1["state"], "active");
    assert_eq!(admin.call("POST", &format!("{path}/probe"), None).await.1["health"]["state"], "healthy");
    assert_eq!(admin.status("DELETE", &path, None).await, 204);
    assert_eq!(admin.get("/inboxes").await["items"].as_array().unwrap().len(), inboxes["items"].as_array().unwrap().len() - 1);
}

#[tokio::test]
async fn the_same_account_is_not_connected_twice_and_half_a_url_is_none() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    for channel in ["telegram", "discord", "facebook", "zalo"] {
        let base = format!("http://{}/{channel}", gateway.world.address);
        let mut settings = gateway.platform(channel).settings(&base);
        let wish = |settings: &Value| Some(json!({ "channel": channel, "name": "Lần hai", "settings": settings }));
        let (status, problem) = admin.call("POST", "/inboxes", wish(&settings)).await;
        assert_eq!(status, 409, "{channel}: {problem}");
        assert!(problem["type"].as_str().unwrap().ends_with("connected-already"), "{channel}: {problem}");

        settings["api_url"] = json!("http://");
        let (status, problem) = admin.call("POST", "/inboxes", wish(&settings)).await;
        assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("settings.api_url")), "{channel}: {problem}");
    }
}

/// Its people and the platform's ids of messages are of one account.
#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_stays_with_its_account_once_it_knows_people() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let path = format!("/inboxes/{}", gateway.inbox("telegram").await);
    let token = |bot: u64| json!({ "settings": { "token": format!("{bot}:AAother-bot") } });
    assert_eq!(admin.status("PATCH", &path, Some(token(7001))).await, 200, "nobody came yet: a slip may be mended");
    let base = format!("http://{}/telegram", gateway.world.address);
    let settings = json!({ "settings": gateway.platform("telegram").settings(&base) });
    assert_eq!(admin.status("PATCH", &path, Some(settings.clone())).await, 200);
    let lan = gateway.customer("telegram", "Lan");
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    let (status, problem) = admin.call("PATCH", &path, Some(token(7001))).await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!(problem["code"], "other_account", "the console says it in its own words: {problem}");
    assert_eq!(admin.status("PATCH", &path, Some(settings)).await, 200, "a new token of the same account is welcome");
}
