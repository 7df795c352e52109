//! The live stream: server-sent events with `Last-Event-ID` as the cursor.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::Asked;
use crate::auth::{self, Signed};
use crate::live::{Shown, Watch, watch};
use crate::shapes::Event;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event as Line, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use utoipa::IntoParams;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a stream ends after its session or token does.
const ASK_AGAIN: Duration = Duration::from_secs(30);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cursor {
    /// Events after this one; the header `Last-Event-ID` wins.
    after: Option<i64>,
}

/// What happens, as it happens: server-sent events whose `data` is an Event. The first is `hello`.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", operation_id = "watch_live",
    params(Cursor, ("Last-Event-ID" = Option<i64>, Header)),
    responses((status = 200, body = Event, content_type = "text/event-stream"), Problem))]
pub async fn stream(
    State(api): State<Api>,
    signed: Signed,
    headers: HeaderMap,
    Asked(cursor): Asked<Cursor>,
) -> Answer<Response> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let watch = watch(api.gateway.clone(), last.or(cursor.after)).await?;
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    Ok((unbuffered, Sse::new(lines(api, signed, watch)).keep_alive(keep_alive)).into_response())
}

/// Ends when the gateway stops, or when whoever is watching is signed out.
fn lines(api: Api, signed: Signed, watch: Watch) -> impl Stream<Item = Result<Line, Infallible>> {
    let mut ask = tokio::time::interval_at(tokio::time::Instant::now() + ASK_AGAIN, ASK_AGAIN);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = api.gateway.tasks.token();
    futures::stream::unfold((api, signed, watch, ask, stop), |(api, signed, mut watch, mut ask, stop)| async move {
        loop {
            tokio::select! {
                shown = watch.next() => return shown.map(|shown| (Ok(line(&shown)), (api, signed, watch, ask, stop))),
                _ = ask.tick() => {
                    if !auth::still_good(&api.gateway, &signed.proof).await.unwrap_or(false) {
                        return None;
                    }
                }
                () = stop.cancelled() => return None,
            }
        }
    })
}

fn line(shown: &Shown) -> Line {
    let line = Line::default().data(&*shown.data);
    match shown.id {
        Some(id) => line.id(id.to_string()),
        None => line,
    }
}
