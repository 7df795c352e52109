//! Messages of one direct channel that the gateway cannot replay any more.

use super::rest::{Failure, Rest, is_id};
use serde_json::Value;
use std::time::Duration;

const PAGE: usize = 100;

/// One page, oldest first.
pub struct Page {
    pub messages: Vec<Value>,
    /// Where the next page starts; `None` when this was the last.
    pub rest: Option<String>,
}

/// The messages after `after`. A channel that is gone has none; a pause that the platform
/// asks for is kept.
pub async fn page(rest: &Rest, channel: &str, after: &str) -> Result<Page, Failure> {
    let nothing = Page { messages: Vec::new(), rest: None };
    if !is_id(channel) || !is_id(after) {
        return Ok(nothing);
    }
    loop {
        match rest.get(&format!("channels/{channel}/messages?after={after}&limit={PAGE}")).await {
            Ok(found) => return Ok(read(found)),
            Err(Failure::Answered { status: 429, retry_after, .. }) => {
                let pause = retry_after.and_then(|pause| u64::try_from(pause).ok()).unwrap_or(1000);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            Err(Failure::Answered { status: 403 | 404, .. }) => return Ok(nothing),
            Err(failure) => return Err(failure),
        }
    }
}

fn read(found: Value) -> Page {
    let Value::Array(mut messages) = found else { return Page { messages: Vec::new(), rest: None } };
    let number = |message: &Value| message["id"].as_str().and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
    messages.sort_by_key(number);
    let newest = messages.last().map(number).filter(|_| messages.len() >= PAGE);
    Page { messages, rest: newest.map(|id| id.to_string()) }
}
