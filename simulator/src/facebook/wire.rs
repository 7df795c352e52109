//! The webhook: the handshake, the body as it looks on the wire, the signature
//! over those bytes, and a few quick retries.

use super::{APP_SECRET, VERIFY_TOKEN};
use crate::courier::Courier;
use crate::fault::{Stumble, lock};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;

const RETRIES: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1500)];

#[derive(Default)]
pub(super) struct Wire {
    pub(super) courier: Courier,
    hook: Mutex<Option<Arc<Hook>>>,
}

/// Where events go, once whoever is there has shown that it knows the verify token.
struct Hook {
    url: String,
    verified: OnceCell<()>,
}

impl Wire {
    pub(super) fn point_at(&self, url: &str) {
        *lock(&self.hook) = Some(Arc::new(Hook { url: url.to_owned(), verified: OnceCell::new() }));
    }

    /// As the dashboard does when the address is saved. `Err` is the status of the wrong answer.
    pub(super) async fn shake_hands(&self) -> Result<(), u16> {
        self.verified().await.map(drop)
    }

    async fn verified(&self) -> Result<Arc<Hook>, u16> {
        let hook = lock(&self.hook).clone().ok_or(0_u16)?;
        hook.verified.get_or_try_init(|| self.challenge(&hook.url)).await?;
        Ok(hook)
    }

    async fn challenge(&self, url: &str) -> Result<(), u16> {
        let challenge = rand::random::<u32>().to_string();
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", VERIFY_TOKEN), ("hub.challenge", &challenge)];
        let answer = self.courier.http().get(url).query(&query).send().await.map_err(|_| 0_u16)?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(|_| 0_u16)?;
        if status == 200 && body == challenge { Ok(()) } else { Err(status) }
    }

    /// One call with these events, each under its Page.
    pub(super) async fn post(&self, events: Vec<(String, Value)>, now: i64, stumble: Option<Stumble>) -> Result<(), u16> {
        let entry = |(page, event): (String, Value)| json!({ "id": page, "time": now, "messaging": [event] });
        let entries: Vec<Value> = events.into_iter().map(entry).collect();
        self.post_body(escape(&json!({ "object": "page", "entry": entries }).to_string()).into(), stumble).await
    }

    pub(super) async fn post_body(&self, body: Bytes, stumble: Option<Stumble>) -> Result<(), u16> {
        let hook = self.verified().await?;
        let signature = sign(&body);
        let headers = |_| vec![("x-hub-signature-256", signature.clone())];
        self.courier.bring(&hook.url, headers, &body, &RETRIES, stumble).await
    }
}

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Whether this is the proof that belongs to the token.
pub(super) fn proves(proof: &str, token: &str) -> bool {
    sign(token.as_bytes()).strip_prefix("sha256=") == Some(proof)
}

/// JSON as it looks on the wire: nothing but ASCII, and no bare slash.
fn escape(json: &str) -> String {
    let mut wire = String::with_capacity(json.len() + json.len() / 4);
    for sign in json.chars() {
        match sign {
            '/' => wire.push_str(r"\/"),
            sign if sign.is_ascii() => wire.push(sign),
            sign => {
                for unit in sign.encode_utf16(&mut [0; 2]) {
                    let _ = write!(wire, "\\u{unit:04x}");
                }
            }
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_has_ascii_and_escaped_slashes_and_means_the_same() {
        let value = json!({ "text": "Đơn hàng 😀 https://a.vn" });
        let wire = escape(&value.to_string());
        assert_eq!(wire, r#"{"text":"\u0110\u01a1n h\u00e0ng \ud83d\ude00 https:\/\/a.vn"}"#);
        assert_eq!(serde_json::from_str::<Value>(&wire).expect("still JSON"), value);
    }
}
