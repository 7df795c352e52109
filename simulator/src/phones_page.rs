//! The phones page: every simulated phone side by side, driven by hand.
//!
//! `/` is the page, `/phones/…` its small API, `/shop` a demo shop that carries
//! the web chat. For a local demo: whoever reaches this page may do anything a
//! simulated customer can, and nothing else.

mod shop;
mod signs;

use crate::platform::{Act, ActError, Platform};
use crate::{Fault, Phone, Stumble};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream::{Stream, StreamExt, select_all};
use serde::Deserialize;
use serde_json::{Value, json};
pub use signs::Signs;
use std::convert::Infallible;
use std::sync::Arc;
use tokio_stream::wrappers::BroadcastStream;

/// Bubbles that a screen shows: a phone that was load-tested stays usable.
const SCREEN: usize = 120;
const POLICY: &str =
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";

struct Page {
    platforms: Vec<Arc<dyn Platform>>,
    signs: Arc<Signs>,
}

/// The page at `/` and its small API below `/phones`.
pub fn router(platforms: &[Arc<dyn Platform>], signs: Arc<Signs>) -> Router {
    let page = Arc::new(Page { platforms: platforms.to_vec(), signs: signs.clone() });
    Router::new()
        .route("/", get(async || text("text/html", include_str!("phones_page/page.html"))))
        .route("/phones/page.css", get(async || text("text/css", include_str!("phones_page/page.css"))))
        .route("/phones/page.js", get(async || text("text/javascript", include_str!("phones_page/page.js"))))
        .route("/phones/things.js", get(async || text("text/javascript", include_str!("phones_page/things.js"))))
        .route("/phones/words.js", get(async || text("text/javascript", include_str!("phones_page/words.js"))))
        .route("/phones/state", get(state))
        .route("/phones/live", get(live))
        .route("/phones/act", post(act))
        .route("/phones/fault", post(fault))
        .route("/phones/customer", post(customer))
        .with_state(page)
        .merge(shop::router(signs))
}

fn text(mime: &'static str, body: &'static str) -> Response {
    let typed = (header::CONTENT_TYPE, format!("{mime}; charset=utf-8"));
    let policy = (HeaderName::from_static("content-security-policy"), POLICY.to_owned());
    ([typed, policy, (header::CACHE_CONTROL, "no-store".to_owned())], body).into_response()
}

impl Page {
    fn platform(&self, kind: &str) -> Result<&Arc<dyn Platform>, Refused> {
        let known = self.platforms.iter().find(|platform| platform.kind() == kind);
        known.ok_or_else(|| Refused(StatusCode::NOT_FOUND, format!("there is no platform `{kind}` here")))
    }
}

/// Why the page's wish was not done, in words for whoever plays with it.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<ActError> for Refused {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotHere => Self(StatusCode::UNPROCESSABLE_ENTITY, "this platform has no such thing".into()),
            ActError::NotTaken(0) => Self(StatusCode::BAD_GATEWAY, "the gateway did not answer: is an inbox connected?".into()),
            ActError::NotTaken(status) => {
                Self(StatusCode::BAD_GATEWAY, format!("the gateway did not take it: it answered {status}"))
            }
        }
    }
}

fn shown(mut phone: Phone) -> Phone {
    let surplus = phone.bubbles.len().saturating_sub(SCREEN);
    phone.bubbles.drain(..surplus);
    phone
}

async fn state(State(page): State<Arc<Page>>) -> Json<Value> {
    let describe = |platform: &Arc<dyn Platform>| {
        let phones: Vec<Phone> = platform.phones().all().into_iter().map(shown).collect();
        json!({ "kind": platform.kind(), "phones": phones, "fault": platform.faults().standing() })
    };
    let platforms: Vec<Value> = page.platforms.iter().map(describe).collect();
    Json(json!({ "platforms": platforms, "widget": page.signs.widget(), "console": page.signs.console() }))
}

/// Each changed phone as it is now. A watcher that falls behind is told to ask for the whole state.
async fn live(State(page): State<Arc<Page>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = |platform: &Arc<dyn Platform>| {
        let platform = platform.clone();
        let changes = BroadcastStream::new(platform.phones().watch());
        changes.map(move |user| match user {
            Ok(user) => json!({ "kind": platform.kind(), "phone": shown(platform.phones().of(&user)) }),
            Err(_) => json!({ "behind": true }),
        })
    };
    let changes = select_all(page.platforms.iter().map(watch).collect::<Vec<_>>());
    let events = changes.map(|change| Ok(Event::default().data(change.to_string())));
    Sse::new(events).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
struct Wish {
    platform: String,
    user: String,
    act: Act,
    /// Typing and having seen are told where a platform wants to know; elsewhere nobody minds.
    #[serde(default)]
    courtesy: bool,
}

async fn act(State(page): State<Arc<Page>>, Json(wish): Json<Wish>) -> Result<Json<Value>, Refused> {
    match page.platform(&wish.platform)?.act(&wish.user, wish.act).await {
        Ok(message) => Ok(Json(json!({ "message": message }))),
        Err(_) if wish.courtesy => Ok(Json(json!({ "message": null }))),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct BadDay {
    platform: String,
    fault: Option<Fault>,
    /// Of the next event.
    stumble: Option<Stumble>,
    #[serde(default)]
    once: bool,
}

async fn fault(State(page): State<Arc<Page>>, Json(day): Json<BadDay>) -> Result<Json<Value>, Refused> {
    let platform = page.platform(&day.platform)?;
    if let Some(stumble) = day.stumble {
        platform.faults().trip(stumble);
        return Ok(Json(json!({ "stumble": stumble })));
    }
    match day.fault {
        Some(fault) if day.once => platform.faults().next(fault),
        fault => platform.faults().stand(fault),
    }
    Ok(Json(json!({ "fault": platform.faults().standing() })))
}

#[derive(Deserialize)]
struct Newcomer {
    platform: String,
    name: String,
}

async fn customer(State(page): State<Arc<Page>>, Json(newcomer): Json<Newcomer>) -> Result<Json<Value>, Refused> {
    let name = newcomer.name.trim();
    if name.is_empty() || name.chars().count() > 60 {
        return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, "a name has 1 to 60 characters".into()));
    }
    let platform = page.platform(&newcomer.platform)?;
    let user = platform.introduce(name);
    // So that the phone is there before the first word.
    platform.phones().change(&user, |phone| name.clone_into(&mut phone.name));
    Ok(Json(json!({ "user": user })))
}

#[cfg(test)]
mod tests;
