//! The platform is as strict as the real one: what it must refuse, and with which number.

use crate::{Act, ActError, Platform, World};
use serde_json::{Value, json};

struct Caller {
    world: World,
    http: reqwest::Client,
    user: String,
    settings: Value,
}

impl Caller {
    /// Somebody with the OA's tokens, and a customer who has interacted.
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let world = World::start(([127, 0, 0, 1], 0).into()).await.expect("a world starts");
        let settings = world.zalo.settings(&world.base(world.zalo.as_ref()));
        let user = world.zalo.introduce("Lan");
        let act = Act::Says { text: "chào".into(), reply_to: None };
        let unheard = world.zalo.act(&user, act).await;
        assert_eq!(unheard, Err(ActError::NotTaken(0)), "nobody listens yet");
        Self { world, http: reqwest::Client::builder().build().expect("a client"), user, settings }
    }

    fn text(&self, name: &str) -> &str {
        self.settings[name].as_str().expect("a setting")
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.text("api_url"))).header("access_token", token);
        let answer = request.json(body).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "whatever it says, it says it with 200");
        answer.json().await.expect("JSON")
    }

    async fn send(&self, message: Value) -> i64 {
        let body = json!({ "recipient": { "user_id": self.user }, "message": message });
        self.post("/v3.0/oa/message/cs", self.text("access_token"), &body).await["error"].as_i64().expect("a number")
    }

    async fn refresh(&self, token: &str, key: &str) -> Value {
        let form = [("app_id", self.text("app_id")), ("grant_type", "refresh_token"), ("refresh_token", token)];
        let request = self.http.post(format!("{}/v4/oa/access_token", self.text("oauth_url"))).header("secret_key", key);
        request.form(&form).send().await.expect("an answer").json().await.expect("JSON")
    }
}

#[tokio::test]
async fn messages_beyond_the_limits_are_refused() {
    let caller = Caller::new().await;
    let template = |payload: Value| json!({ "text": "chọn", "attachment": { "type": "template", "payload": payload } });
    let button = |title: &str| json!({ "title": title, "type": "oa.query.hide", "payload": "p" });
    let element = json!({ "title": "Số điện thoại", "subtitle": "Cho shop xin số ạ" });
    let good = [
        json!({ "text": "đ".repeat(2000) }),
        template(json!({ "buttons": vec![button("12345678901234567890"); 5] })),
        template(json!({ "template_type": "request_user_info", "elements": [element] })),
    ];
    for message in good {
        assert_eq!(caller.send(message.clone()).await, 0, "{message}");
    }
    let bad = [
        (-201, json!({ "text": "đ".repeat(2001) })),
        (-201, json!({ "text": " " })),
        (-201, template(json!({ "buttons": vec![button("một"); 6] }))),
        (-201, template(json!({ "buttons": [button("123456789012345678901")] }))),
        (-201, template(json!({ "buttons": [{ "title": "Xem", "type": "oa.open.url", "payload": { "url": "javascript:x" } }] }))),
        (-201, template(json!({ "template_type": "request_user_info", "elements": [element, element] }))),
        (-201, template(json!({ "template_type": "media", "elements": [{ "media_type": "image", "attachment_id": "404" }] }))),
        (-210, template(json!({ "template_type": "list", "elements": [element] }))),
        (-210, json!({ "attachment": { "type": "video", "payload": {} } })),
    ];
    for (code, message) in bad {
        assert_eq!(caller.send(message.clone()).await, code, "{message}");
    }
    let old = caller.post("/v2.0/oa/message", caller.text("access_token"), &json!({ "message": { "text": "a" } })).await;
    assert_eq!(old["error"], -240);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_kills_the_old_access_token() {
    let caller = Caller::new().await;
    let (access, refresh, key) = (caller.text("access_token"), caller.text("refresh_token"), caller.text("app_secret"));
    assert_eq!(caller.refresh(refresh, "wrong").await["error"], -14004);
    assert_eq!(caller.refresh("made up", key).await["error"], -14014);
    let fresh = caller.refresh(refresh, key).await;
    assert_eq!(fresh["expires_in"], "90000", "a text");
    let again = caller.refresh(refresh, key).await;
    assert_eq!((&again["error"], &again["access_token"]), (&json!(-14014), &json!("")));
    let getoa = async |token: &str| {
        let request = caller.http.get(format!("{}/v2.0/oa/getoa", caller.text("api_url"))).header("access_token", token);
        request.send().await.expect("an answer").json::<Value>().await.expect("JSON")["error"].clone()
    };
    assert_eq!(getoa(access).await, -216);
    let token = fresh["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(getoa(&token).await, 0);
    caller.world.zalo.advance(26 * 60 * 60 * 1000);
    assert_eq!(getoa(&token).await, -220);
}

#[tokio::test]
async fn tokens_of_an_earlier_world_are_honoured_in_the_next() {
    let caller = Caller::new().await;
    let refresh = caller.text("refresh_token").to_owned();
    let fresh = caller.refresh(&refresh, caller.text("app_secret")).await;
    let next = Caller::new().await;
    let kept = fresh["refresh_token"].as_str().expect("a token");
    assert!(next.refresh(kept, next.text("app_secret")).await["access_token"].as_str().is_some_and(|token| !token.is_empty()));
    assert_eq!(next.refresh(kept, next.text("app_secret")).await["error"], -14014);
}

#[tokio::test]
async fn the_quota_question_tells_the_last_interaction() {
    let caller = Caller::new().await;
    let answer = caller.post("/v3.0/oa/quota/message", caller.text("access_token"), &json!({ "user_id": caller.user })).await;
    assert!(answer["data"]["last_interaction"].as_i64().is_some_and(|at| at > 0));
    assert_eq!(answer["data"]["cs_reply"]["remain"], 500);
    let stranger = caller.world.zalo.introduce("Người lạ");
    let answer = caller.post("/v3.0/oa/quota/message", caller.text("access_token"), &json!({ "user_id": stranger })).await;
    assert_eq!(answer["error"], -213);
}
