//! Where platforms call: `/hooks/{inbox}` and below. What to make of a call is the intake's business.

use super::Api;
use super::extract::{Path, Remote};
use crate::intake;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use onethread_core::channel::{AnswerBody, HookAnswer, RawCall};
use onethread_core::ids::InboxId;
use serde::Deserialize;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Largest body below the hook itself: a visitor's upload.
const HOSTED_LIMIT: usize = 12 * 1024 * 1024;

/// A stranger who sends slower than this holds no memory for ever.
const BODY_WITHIN: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
pub struct Hook {
    inbox: String,
    #[serde(default)]
    path: String,
}

/// Any call at or below an inbox's hook URL.
pub async fn receive(State(api): State<Api>, Path(hook): Path<Hook>, Remote(remote): Remote, request: Request) -> Response {
    let limit = if hook.path.is_empty() { api.gateway.config.limits.body } else { HOSTED_LIMIT };
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return super::error::Problem::too_large(limit).into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let call = RawCall {
        method: parts.method.as_str().to_owned(),
        path: hook.path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(header).collect(),
        body,
    };
    let answer = intake::receive(&api.gateway, &InboxId(hook.inbox), call, remote).await;
    answered(answer, api.gateway.tasks.token())
}

/// An open stream ends with the gateway, which would wait for it otherwise.
fn answered(answer: HookAnswer, stop: CancellationToken) -> Response {
    let body = match answer.body {
        AnswerBody::Bytes(bytes) => Body::from(bytes),
        AnswerBody::Stream(stream) => Body::from_stream(stream.take_until(stop.cancelled_owned())),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
