//! Somebody who calls the API: with a cookie, with a token, or with nothing.

use crate::kit::{Engine, TestGateway};
use onethread::auth::{self, Role};
use onethread::demo;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A seeded gateway on SQLite: the store's own tests ask both engines.
pub async fn gateway() -> TestGateway {
    TestGateway::start(Engine::Sqlite).await
}

#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    url: String,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    /// Who shows nothing.
    pub fn stranger(gateway: &TestGateway) -> Self {
        Self { http: gateway.http.clone(), url: gateway.url.clone(), headers: Vec::new() }
    }

    /// A program with a fresh token.
    pub async fn program(gateway: &TestGateway, role: Role) -> Self {
        let mut tx = gateway.gateway.db.begin().await.unwrap();
        let (_, token) = auth::create_token(&mut tx, "test", role, gateway.gateway.clock.now()).await.unwrap();
        tx.commit(0).await.unwrap();
        Self::stranger(gateway).with("authorization", format!("Bearer {token}"))
    }

    /// A browser of ours, signed in.
    pub async fn browser(gateway: &TestGateway, email: &str) -> Self {
        let browser = Self::stranger(gateway).with("sec-fetch-site", "same-origin");
        let answer = browser.send("POST", "/session", Some(json!({ "email": email, "password": demo::PASSWORD }))).await;
        assert_eq!(answer.status(), 200, "{email} may sign in");
        let cookie = cookie(&answer);
        browser.with("cookie", cookie)
    }

    /// The same caller with one more header.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(present, _)| *present != name);
        other.headers.push((name, value.into()));
        other
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url =
            path.strip_prefix("/raw").map_or_else(|| format!("{}/api/v1{path}", self.url), |path| format!("{}{path}", self.url));
        let request = self.http.request(method.parse::<Method>().unwrap(), url);
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let request = self.request(method, path);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        request.send().await.expect("the gateway answers")
    }

    pub async fn status(&self, method: &str, path: &str, body: Option<Value>) -> u16 {
        self.send(method, path, body).await.status().as_u16()
    }

    /// Status and body.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.send(method, path, body).await;
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("the answer is text");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }
}

/// What a browser would keep of the answer.
pub fn cookie(answer: &Response) -> String {
    let header = answer.headers()["set-cookie"].to_str().expect("a cookie is text");
    header.split(';').next().expect("a cookie has a value").to_owned()
}
