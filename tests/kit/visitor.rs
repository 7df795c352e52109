//! Somebody on the shop's page, speaking what the widget speaks.

use super::PATIENCE;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub struct Visitor {
    http: reqwest::Client,
    hook: String,
    origin: String,
    token: String,
    pub id: String,
    heard: AtomicUsize,
}

impl Visitor {
    /// Opens a page of `origin`, whose chat is below the inbox's hook.
    pub async fn open(http: &reqwest::Client, hook: String, origin: String) -> Self {
        let answer = http.post(format!("{hook}/session")).header("origin", &origin).json(&json!({})).send().await;
        let session: Value = answer.expect("the gateway answers").json().await.expect("a session is JSON");
        let text = |name: &str| session[name].as_str().unwrap_or_else(|| panic!("a session has a {name}: {session}")).to_owned();
        Self { http: http.clone(), hook, origin, token: text("token"), id: text("visitor"), heard: AtomicUsize::new(0) }
    }

    /// Types a message; the same `id` again is what the widget does when it tries again.
    pub async fn says_as(&self, id: &str, text: &str) -> u16 {
        self.tries_to_say(id, text).await.expect("the gateway answers")
    }

    /// `None` while nobody answers.
    pub async fn tries_to_say(&self, id: &str, text: &str) -> Option<u16> {
        let body = json!({ "id": id, "text": text });
        let call = self.http.post(format!("{}/messages", self.hook)).header("origin", &self.origin).bearer_auth(&self.token);
        let answer = call.header("x-onethread-visitor", &self.id).json(&body).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// What no widget sends.
    pub async fn posts(&self, body: &'static str) -> u16 {
        let call = self.http.post(format!("{}/messages", self.hook)).header("origin", &self.origin).bearer_auth(&self.token);
        let call = call.header("x-onethread-visitor", &self.id).header("content-type", "application/json").body(body);
        call.send().await.expect("the gateway answers").status().as_u16()
    }

    /// The page's owner types and has not sent it yet.
    pub async fn types(&self) -> u16 {
        let call = self.http.post(format!("{}/typing", self.hook)).header("origin", &self.origin).bearer_auth(&self.token);
        let call = call.header("x-onethread-visitor", &self.id).json(&json!({ "id": uuid::Uuid::now_v7() }));
        call.send().await.expect("the gateway answers").status().as_u16()
    }

    pub async fn says(&self, text: &str) {
        let status = self.says_as(&uuid::Uuid::now_v7().to_string(), text).await;
        assert!((200..300).contains(&status), "the message is taken: {status}");
    }

    /// The entry was on the screen: what the widget tells of it.
    pub async fn sees(&self, entry: &Value) {
        let body =
            json!({ "id": uuid::Uuid::now_v7(), "type": "seen", "messages": [entry["platform_id"]], "until": entry["at"] });
        let call = self.http.post(format!("{}/messages", self.hook)).header("origin", &self.origin).bearer_auth(&self.token);
        let answer = call.header("x-onethread-visitor", &self.id).json(&body).send().await.expect("the gateway answers");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    pub async fn history(&self) -> Vec<Value> {
        let call = self.http.get(format!("{}/history", self.hook)).header("origin", &self.origin).bearer_auth(&self.token);
        let page: Value = call.send().await.expect("the gateway answers").json().await.expect("the history is JSON");
        page["entries"].as_array().cloned().unwrap_or_default()
    }

    /// Waits for the next message of the shop, which must contain this.
    pub async fn hears(&self, part: &str) -> Value {
        let at = self.heard.fetch_add(1, Ordering::SeqCst);
        let waiting = async {
            loop {
                let said = self.history().await.into_iter().filter(|entry| entry["from"] != "customer").nth(at);
                if let Some(entry) = said {
                    return entry;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        let entry = tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("nobody said {part:?}"));
        let text = entry["text"].as_str().unwrap_or_default();
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "wanted {part:?}, heard {text:?}");
        entry
    }
}
