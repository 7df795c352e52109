//! Long polling: updates are fetched, stored, and only then confirmed by asking
//! for the next ones.

use super::api::{Api, Failure};
use onethread_core::channel::{ConnectError, Intake, RawCall};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use teloxide::payloads::DeleteWebhook;

/// Seconds that an empty answer may take; the platform allows 50.
const WAIT: u64 = 50;

/// Fetch updates for ever, from the offset in the bookmark.
pub async fn listen(api: &Api, bookmark: Option<Value>, intake: &dyn Intake) -> Result<(), ConnectError> {
    let mut offset = bookmark.and_then(|mark| mark["offset"].as_i64());
    loop {
        let asked = Instant::now();
        let updates = match fetch(api, offset).await {
            Ok(updates) => updates,
            Err(failure) => {
                overcome(api, failure).await?;
                continue;
            }
        };
        intake.line_stands().await;
        if let Some(last) = updates.iter().filter_map(|update| update["update_id"].as_i64()).max() {
            offset = Some(last + 1);
            let calls = updates.iter().map(|update| RawCall::fetched(update.to_string())).collect();
            intake
                .accept(calls, Some(json!({"offset": offset}).into()))
                .await
                .map_err(|error| ConnectError::Lost(error.to_string()))?;
        } else if asked.elapsed() < Duration::from_millis(100) {
            // A server that does not wait must not be asked thousands of times a second.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn fetch(api: &Api, offset: Option<i64>) -> Result<Vec<Value>, Failure> {
    let mut wish = json!({"timeout": WAIT, "limit": 100, "allowed_updates": super::wanted()});
    if let Some(offset) = offset {
        wish["offset"] = json!(offset);
    }
    match api.call_slowly("getUpdates", &wish, Duration::from_secs(WAIT + 15)).await? {
        Value::Array(updates) => Ok(updates),
        _ => Ok(Vec::new()),
    }
}

/// Wait, clear the way, or give up, by what went wrong.
async fn overcome(api: &Api, failure: Failure) -> Result<(), ConnectError> {
    match &failure {
        Failure::Answered { code: 429, retry_after, .. } => {
            let pause = retry_after.and_then(|pause| u64::try_from(pause).ok()).unwrap_or(1000);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Ok(())
        }
        Failure::Answered { code: 409, .. } if failure.words().contains("webhook is active") => {
            api.call(&DeleteWebhook::new()).await.map(drop).map_err(Failure::connecting)
        }
        // The other poller may be the process that this one replaces, so it is worth trying again.
        Failure::Answered { code: 409, .. } => {
            Err(ConnectError::Lost("another program fetches this bot's updates with the same token; stop it".into()))
        }
        _ => Err(failure.connecting()),
    }
}
