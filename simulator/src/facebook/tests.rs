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
    /// Somebody with the Page's token, and a customer whose window is open.
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let world = World::start(([127, 0, 0, 1], 0).into()).await.expect("a world starts");
        let settings = world.facebook.settings(&world.base(world.facebook.as_ref()));
        let user = world.facebook.introduce("Lan");
        let act = Act::Says { text: "chào".into(), reply_to: None };
        let unheard = world.facebook.act(&user, act).await;
        assert_eq!(unheard, Err(ActError::NotTaken(0)), "nobody listens yet");
        Self { world, http: reqwest::Client::builder().build().expect("a client"), user, settings }
    }

    fn url(&self, path: &str) -> String {
        let text = |name: &str| self.settings[name].as_str().expect("a setting").to_owned();
        format!("{}/v25.0/{path}?access_token={}", text("api_url"), text("page_token"))
    }

    /// The status, and `code/subcode` or the answer.
    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.http.post(self.url(path)).json(&body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn send(&self, message: Value) -> (i64, i64) {
        let body = json!({ "recipient": { "id": self.user }, "messaging_type": "RESPONSE", "message": message });
        self.code("me/messages", body).await
    }

    async fn code(&self, path: &str, body: Value) -> (i64, i64) {
        let (_, answer) = self.post(path, body).await;
        let number = |name: &str| answer["error"][name].as_i64().unwrap_or(0);
        (number("code"), number("error_subcode"))
    }
}

const TAKEN: (i64, i64) = (0, 0);

#[tokio::test]
async fn messages_beyond_the_limits_are_refused() {
    let caller = Caller::new().await;
    let reply = |title: &str| json!({ "content_type": "text", "title": title, "payload": "p" });
    let button = |url: &str| json!({ "type": "web_url", "title": "Xem", "url": url });
    let template = |text: &str, buttons: Vec<Value>| {
        let payload = json!({ "template_type": "button", "text": text, "buttons": buttons });
        json!({ "attachment": { "type": "template", "payload": payload } })
    };
    let good = [
        json!({ "text": "đ".repeat(2000), "metadata": "m".repeat(1000) }),
        json!({ "text": "chọn", "quick_replies": vec![reply("12345678901234567890"); 13] }),
        template(&"a".repeat(640), vec![button("https://a.vn"); 3]),
    ];
    for message in good {
        assert_eq!(caller.send(message.clone()).await, TAKEN, "{message}");
    }
    let bad = [
        json!({ "text": "đ".repeat(2001) }),
        json!({ "text": "a", "metadata": "m".repeat(1001) }),
        json!({ "text": " " }),
        json!({}),
        json!({ "text": "a", "attachment": { "type": "image", "payload": { "url": "https://a.vn" } } }),
        json!({ "text": "chọn", "quick_replies": vec![reply("một"); 14] }),
        json!({ "text": "chọn", "quick_replies": [reply("123456789012345678901")] }),
        template(&"a".repeat(641), vec![button("https://a.vn")]),
        template("a", vec![button("https://a.vn"); 4]),
        template("a", vec![button("javascript:alert(1)")]),
        template("a", Vec::new()),
    ];
    for message in bad {
        assert_eq!(caller.send(message.clone()).await, (100, 0), "{message}");
    }
}

#[tokio::test]
async fn people_windows_and_tags_are_checked() {
    let caller = Caller::new().await;
    let send = async |fields: Value| {
        let mut body = json!({ "recipient": { "id": caller.user }, "message": { "text": "a" } });
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        caller.code("me/messages", body).await
    };
    let (response, tagged) =
        (json!({ "messaging_type": "RESPONSE" }), json!({ "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT" }));
    assert_eq!(send(response.clone()).await, TAKEN);
    assert_eq!(send(json!({})).await, (100, 0));
    assert_eq!(send(json!({ "messaging_type": "MESSAGE_TAG", "tag": "POST_PURCHASE_UPDATE" })).await, (100, 0));
    assert_eq!(send(json!({ "messaging_type": "RESPONSE", "recipient": { "id": "2404" } })).await, (100, 2_018_001));
    assert_eq!(send(json!({ "messaging_type": "RESPONSE", "sender_action": "typing_on" })).await, (100, 2_018_014));
    caller.world.facebook.advance(25 * 60 * 60 * 1000);
    assert_eq!(send(response.clone()).await, (10, 2_018_278));
    assert_eq!(send(tagged.clone()).await, TAKEN);
    caller.world.facebook.advance(7 * 24 * 60 * 60 * 1000);
    assert_eq!(send(tagged).await, (10, 2_018_278));
    let stranger = caller.world.facebook.introduce("Người lạ");
    assert_eq!(send(json!({ "messaging_type": "RESPONSE", "recipient": { "id": stranger } })).await, (10, 2_018_278));
}

#[tokio::test]
async fn only_the_pages_own_token_opens_the_page() {
    let caller = Caller::new().await;
    let get = async |url: String| {
        let answer: Value = caller.http.get(url).send().await.expect("an answer").json().await.expect("JSON");
        (answer["error"]["code"].as_i64().unwrap_or(0), answer)
    };
    let (code, page) = get(caller.url("me")).await;
    assert_eq!((code, page["name"].as_str()), (0, Some("Tiệm Mây")));
    assert_eq!(get(caller.url("me").replace("EAAB", "EAAC")).await.0, 190);
    assert_eq!(get(caller.url("me").replace("v25.0", "latest")).await.0, 2500);
    assert_eq!(get(format!("{}&appsecret_proof=00", caller.url("me"))).await.0, 100);
    let other = caller.world.facebook.add_page("Trang khác");
    assert_eq!(get(caller.url(&format!("{other}/subscribed_apps"))).await.0, 100);
    let theirs = caller.world.facebook.introduce_to(&other, "Minh");
    let body = json!({ "recipient": { "id": theirs }, "messaging_type": "RESPONSE", "message": { "text": "a" } });
    assert_eq!(caller.code("me/messages", body).await, (100, 2_018_001), "an id belongs to one Page");
}
