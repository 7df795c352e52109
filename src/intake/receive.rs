//! One webhook request: hosted page, refusal, handshake, or an event to keep.

use super::ledger::keep;
use crate::gateway::Gateway;
use crate::inboxes;
use onethread_core::channel::{Admission, HookAnswer, IntakeError, RawCall, Refusal, Visit};
use onethread_core::ids::InboxId;
use std::sync::Arc;
use std::time::Duration;

/// Largest body of a platform event. Hosted paths (uploads) have their own limit.
pub const EVENT_LIMIT: usize = 1024 * 1024;
/// Platforms give up after two to five seconds: before that they are told to come again. If it
/// is stored all the same, what comes again is a redelivery.
const STORED_WITHIN: Duration = Duration::from_millis(1500);

/// Answer a request at or below an inbox's hook URL. What is kept is durable before this returns.
pub async fn receive(gateway: &Arc<Gateway>, inbox: &InboxId, call: RawCall, remote: String) -> HookAnswer {
    let live = match inboxes::find(gateway, inbox).await {
        Ok(Some(live)) => live,
        Ok(None) => return problem(404, "no such inbox; copy the hook URL from the inbox's page again"),
        Err(error) => {
            tracing::error!(%inbox, %error, "an inbox could not be looked up");
            return problem(503, "could not look up the inbox; send the event again").header("retry-after", "5");
        }
    };
    let visit = Visit { call, remote };
    if let Some(answer) = live.connector.host(&visit).await {
        return answer;
    }
    let Visit { call, .. } = visit;
    if call.body.len() > EVENT_LIMIT {
        return problem(413, "an event may have at most 1 MiB");
    }
    match live.connector.admit(&call) {
        Err(refusal) => {
            metrics::counter!("onethread_calls_refused_total", "inbox" => inbox.to_string()).increment(1);
            tracing::warn!(%inbox, %refusal, "a call was turned away");
            problem(status_of(refusal), &refusal.to_string())
        }
        Ok(Admission::Answer(answer)) => answer,
        Ok(Admission::Keep(answer)) => {
            let call = kept(call, live.connector.kept_headers());
            let stored = tokio::time::timeout(STORED_WITHIN, keep(gateway, inbox, vec![call], None)).await;
            match stored.unwrap_or_else(|_| Err(IntakeError("storing takes too long".into()))) {
                Ok(()) => answer,
                Err(error) => {
                    // The platform comes again when the next gateway is up.
                    match gateway.tasks.is_stopping() {
                        true => tracing::info!(%inbox, %error, "a call could not be stored"),
                        false => tracing::error!(%inbox, %error, "a call could not be stored"),
                    }
                    problem(503, "could not store the event; send it again").header("retry-after", "5")
                }
            }
        }
    }
}

/// The call with no header but those that reading needs: the others may hold secrets.
fn kept(mut call: RawCall, headers: &[&str]) -> RawCall {
    call.headers.retain(|(name, _)| headers.contains(&name.as_str()) || name == "content-type");
    call
}

fn status_of(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::Forged => 401,
        Refusal::Forbidden => 403,
        Refusal::Malformed => 400,
        Refusal::TooMany => 429,
    }
}

fn problem(status: u16, detail: &str) -> HookAnswer {
    let body = serde_json::json!({ "status": status, "detail": detail });
    HookAnswer::with(status, "application/problem+json", body.to_string())
}
