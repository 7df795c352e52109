//! The webhook: one event a call, signed over the raw bytes, tried again with
//! growing pauses (seconds here, minutes and hours in truth).

use super::{APP_ID, OA_SECRET_KEY};
use crate::courier::{Courier, Headers};
use crate::fault::{Stumble, lock};
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Stand for 30 s, 5 min, 15 min, 30 min and 1 h.
const RETRIES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(2000),
    Duration::from_millis(4000),
];

#[derive(Default)]
pub(super) struct Wire {
    courier: Courier,
    hook: Mutex<Option<Arc<Hook>>>,
}

/// Where events go, once the address has answered.
struct Hook {
    url: String,
    answered: OnceCell<()>,
}

impl Wire {
    pub(super) fn point_at(&self, url: &str) {
        *lock(&self.hook) = Some(Arc::new(Hook { url: url.to_owned(), answered: OnceCell::new() }));
    }

    /// As the console does when the address is saved: an empty, unsigned call that wants a 200.
    pub(super) async fn try_address(&self) -> Result<(), u16> {
        self.answering().await.map(drop)
    }

    async fn answering(&self) -> Result<Arc<Hook>, u16> {
        let hook = lock(&self.hook).clone().ok_or(0_u16)?;
        let empty = Bytes::from_static(b"{}");
        hook.answered.get_or_try_init(|| self.courier.post(&hook.url, |_| Headers::new(), &empty, &[])).await?;
        Ok(hook)
    }

    /// Bring one event. `parts` are its fields beside the common ones.
    pub(super) async fn post(&self, event: &str, parts: Value, now: i64, stumble: Option<Stumble>) -> Result<(), u16> {
        let stamp = now.to_string();
        let mut body = json!({ "app_id": APP_ID, "event_name": event, "timestamp": stamp });
        if let (Some(body), Value::Object(parts)) = (body.as_object_mut(), parts) {
            body.extend(parts);
        }
        self.post_body(body.to_string().into(), &stamp, false, stumble).await
    }

    pub(super) async fn post_body(
        &self,
        body: Bytes,
        stamp: &str,
        stamp_in_header: bool,
        stumble: Option<Stumble>,
    ) -> Result<(), u16> {
        let hook = self.answering().await?;
        let signature = format!("mac={}", mac(&body, stamp));
        let headers = |tries: usize| {
            let mut headers: Headers = vec![("x-zevent-signature", signature.clone())];
            if stamp_in_header {
                headers.push(("x-zevent-timestamp", stamp.to_owned()));
            }
            if tries > 0 {
                headers.push(("num_retry", tries.to_string()));
            }
            headers
        };
        self.courier.bring(&hook.url, headers, &body, &RETRIES, stumble).await
    }
}

/// Plain SHA-256 over app id, body, timestamp and the OA's key.
fn mac(body: &[u8], stamp: &str) -> String {
    let mut hash = Sha256::new();
    for part in [APP_ID.as_bytes(), body, stamp.as_bytes(), OA_SECRET_KEY.as_bytes()] {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
