//! The platforms' receiving side: takes what the gateway sends, at once, and
//! tells whoever waits for that customer's reply.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Json};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Instant>>>>,
    taken: Arc<AtomicU64>,
}

impl Sink {
    pub async fn open() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let sink = Self { address: listener.local_addr()?, waiting: Arc::default(), taken: Arc::default() };
        let router = Router::new().fallback(take).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(sink)
    }

    /// Resolves with the instant at which this customer gets a reply.
    pub fn reply_to(&self, customer: &str) -> oneshot::Receiver<Instant> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(customer.to_owned(), tell);
        told
    }

    fn arrived(&self, customer: &str) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(customer);
        if let Some(tell) = waiting {
            let _ = tell.send(Instant::now());
        }
    }
}

/// One route for all: the path's first word is the platform.
async fn take(State(sink): State<Sink>, method: Method, uri: Uri, body: Bytes) -> impl IntoResponse {
    let path = uri.path().to_ascii_lowercase();
    let id = sink.taken.fetch_add(1, Ordering::Relaxed) + 1;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Json(if path.contains("/bot") {
        telegram(&sink, &path, &body, id, text)
    } else if path.contains("/oa/message/cs") {
        sink.arrived(&text(&body["recipient"]["user_id"]));
        json!({ "error": 0, "message": "Success", "data": { "message_id": format!("z{id}"), "user_id": body["recipient"]["user_id"] } })
    } else if path.contains("/oa/") {
        json!({ "error": 0, "message": "Success", "data": { "oa_id": "4000", "name": "Bench", "display_name": "Khách" } })
    } else if method == Method::POST && path.ends_with("/messages") {
        if !body["message"].is_null() {
            sink.arrived(&text(&body["recipient"]["id"]));
        }
        json!({ "recipient_id": body["recipient"]["id"], "message_id": format!("m_{id}") })
    } else {
        json!({ "success": true, "id": "3000", "name": "Bench", "data": [] })
    })
}

fn telegram(sink: &Sink, path: &str, body: &Value, id: u64, text: impl Fn(&Value) -> String) -> Value {
    let result = if path.ends_with("/sendmessage") {
        sink.arrived(&text(&body["chat_id"]));
        json!({ "message_id": id, "date": 1_795_000_000, "chat": { "id": body["chat_id"], "type": "private" } })
    } else if path.ends_with("/getme") {
        json!({ "id": 1, "is_bot": true, "first_name": "Bench", "username": "bench_bot" })
    } else {
        json!(true)
    };
    json!({ "ok": true, "result": result })
}
