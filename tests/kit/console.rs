//! An agent at the desk, speaking the API that the console speaks.

use super::PATIENCE;
use serde_json::{Value, json};
use std::time::Duration;

pub struct Desk {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

impl Desk {
    pub async fn sign_in(http: &reqwest::Client, url: &str, email: &str, password: &str) -> Self {
        let request = http.post(format!("{url}/api/v1/session")).header("sec-fetch-site", "same-origin");
        let answer = request.json(&json!({ "email": email, "password": password })).send().await.expect("the gateway answers");
        assert_eq!(answer.status(), 200, "{email} may sign in");
        let cookie =
            answer.headers()["set-cookie"].to_str().expect("a cookie is text").split(';').next().expect("a cookie").to_owned();
        Self { http: http.clone(), url: url.to_owned(), cookie }
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        request = request.header("cookie", &self.cookie).header("sec-fetch-site", "same-origin");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the gateway answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("the answer is text");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// What a link of the API leads to, as the console opens it.
    pub async fn open(&self, link: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
        let request = self.http.get(format!("{}{link}", self.url)).header("cookie", &self.cookie);
        let answer = request.send().await.expect("the gateway answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.expect("a body").to_vec())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call("POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    /// The thread of the customer of this name; waits until it is there.
    pub async fn thread_of(&self, name: &str) -> Value {
        self.until(|| async {
            let list = self.get(&format!("/threads?view=all&q={}", name.replace(' ', "%20"))).await;
            list["items"].as_array().and_then(|items| items.first().cloned())
        })
        .await
        .unwrap_or_else(|| panic!("there is no thread of {name}"))
    }

    /// Wait until the thread is in this state.
    pub async fn thread_is(&self, id: &str, status: &str) -> Value {
        self.until(|| async {
            let thread = self.get(&format!("/threads/{id}")).await;
            (thread["status"] == status).then_some(thread)
        })
        .await
        .unwrap_or_else(|| panic!("the thread never became {status}"))
    }

    /// All messages of a thread, oldest first.
    pub async fn messages(&self, thread: &str) -> Vec<Value> {
        let page = self.get(&format!("/threads/{thread}/messages?limit=200")).await;
        page["items"].as_array().cloned().unwrap_or_default()
    }

    /// Wait until the thread has a message for which this holds.
    pub async fn message_where(&self, thread: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.until(|| async { self.messages(thread).await.into_iter().find(|message| holds(message)) }).await.unwrap_or_else(
            || {
                panic!("no message of the thread is as the story wants");
            },
        )
    }

    pub async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> Option<T> {
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.ok()
    }
}
