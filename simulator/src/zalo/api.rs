//! The OpenAPI: who is calling, the small questions, and answers that are 200
//! whatever they say.

use super::state::State;
use super::tokens::{self, Stale};
use super::{send, uploads};
use crate::fault::Fault;
use crate::portrait;
use axum::extract::{DefaultBodyLimit, Path, Query, State as Ext};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

const HOUR: i64 = 60 * 60 * 1000;

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route(
            "/media/{id}/{name}",
            get(|Ext(state): Ext<Arc<State>>, Path((id, _)): Path<(String, String)>| async move {
                state.shelf.serve(&id, state.clock.now())
            }),
        )
        .route("/v4/oa/access_token", post(tokens::exchange))
        .route("/v3.0/oa/message/cs", post(send::consult))
        .route("/v3.0/oa/quota/message", post(quota))
        .route("/v3.0/oa/user/detail", get(detail))
        .route("/v2.0/oa/getoa", get(oa))
        .route("/v2.0/oa/message", post(send::react))
        .route("/v2.0/oa/upload/{kind}", post(uploads::take))
        .layer(DefaultBodyLimit::max(27 << 20))
        .with_state(state)
}

/// A refusal as Zalo words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) i64, pub(super) &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut answer = Json(json!({ "error": self.0, "message": self.1 })).into_response();
        if self.0 == -32 {
            let headers = answer.headers_mut();
            headers.insert("x-ratelimit-limit", 4000.into());
            headers.insert("x-ratelimit-remain", 0.into());
        }
        answer
    }
}

pub(super) fn granted(data: Value) -> Response {
    Json(json!({ "error": 0, "message": "Success", "data": data })).into_response()
}

impl Refused {
    /// The refusal that a switched-on fault looks like; `None` for what is no refusal.
    pub(super) fn of_fault(fault: Fault) -> Option<Self> {
        match fault {
            Fault::Throttled { .. } => Some(Self(-32, "Your application reached limit call api")),
            Fault::TokenRevoked => Some(Self(-216, "Access token is invalid")),
            Fault::Blocked => Some(Self(-244, "User has restricted receiving messages from the OA")),
            Fault::WindowClosed => Some(Self(-230, "User has not interacted with the OA in the past 7 days")),
            Fault::BadContent => Some(Self(-201, "Params is invalid")),
            Fault::ServerError | Fault::AnswerLost => None,
        }
    }
}

impl State {
    /// The OA whose token the call carries: in a header of its own, and nowhere else.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<String, Refused> {
        if self.faults.standing() == Some(Fault::TokenRevoked) {
            return Err(Refused(-216, "Access token is invalid"));
        }
        let token = headers.get("access_token").and_then(|token| token.to_str().ok()).unwrap_or_default();
        self.holder(token).map_err(|stale| match stale {
            Stale::Invalid => Refused(-216, "Access token is invalid"),
            Stale::Expired => Refused(-220, "Access token has expired"),
        })
    }
}

async fn oa(Ext(state): Ext<Arc<State>>, headers: HeaderMap) -> Result<Response, Refused> {
    let id = state.caller(&headers)?;
    let name = state.oas.get(&id).map(|oa| oa.name.clone()).unwrap_or_default();
    Ok(granted(json!({ "oa_id": id, "name": name, "is_verified": true, "oa_type": 2, "num_follower": state.people.len() })))
}

async fn detail(
    Ext(state): Ext<Arc<State>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refused> {
    let oa = state.caller(&headers)?;
    let asked: Value = query.get("data").and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let id = asked["user_id"].as_str().ok_or(Refused(-201, "user_id is invalid"))?;
    let person = state.people.get(id).filter(|person| person.oa == oa && person.active.is_some());
    let person = person.ok_or(Refused(-213, "User has not followed or interacted with the OA"))?;
    let avatar = state.shelf.keep("avatar.gif", "image/gif", portrait(&person.name), state.clock.now());
    let shared = person.phone.as_ref().map_or_else(|| json!(""), |phone| json!({ "name": person.name, "phone": phone }));
    Ok(granted(json!({
        "user_id": id,
        "user_id_by_app": person.by_app,
        "display_name": person.name,
        "user_alias": "",
        "is_sensitive": false,
        "avatar": avatar,
        "avatars": { "120": avatar, "240": avatar },
        "user_is_follower": person.follows,
        "shared_info": shared,
        "tags_and_notes_info": { "notes": [], "tag_names": [] },
    })))
}

async fn quota(Ext(state): Ext<Arc<State>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let oa = state.caller(&headers)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Refused(-201, "Params is invalid"))?;
    let active = body["user_id"].as_str().and_then(|id| state.people.get(id)).and_then(|person| person.active);
    let active = active.ok_or(Refused(-213, "User has not followed or interacted with the OA"))?;
    let left = state.oas.get(&oa).map_or(0, |oa| oa.quota);
    Ok(granted(json!({ "last_interaction": active, "cs_reply": { "remain": left, "total": 500 } })))
}

/// What a message costs now.
pub(super) enum Price {
    Free,
    /// So many are left after it.
    Quota(u32),
}

impl State {
    /// Whether the OA may write to this person now, and at which price. Takes one from the quota.
    pub(super) fn admit(&self, oa: &str, user: &str) -> Result<Price, Refused> {
        let person = self.people.get(user).filter(|person| person.oa == oa);
        let person = person.ok_or(Refused(-213, "User has not followed or interacted with the OA"))?;
        if person.restricted {
            return Err(Refused(-244, "User has restricted receiving messages from the OA"));
        }
        let active = person.active.ok_or(Refused(-213, "User has not followed or interacted with the OA"))?;
        let age = self.clock.now() - active;
        if age > 7 * 24 * HOUR {
            return Err(Refused(-230, "User has not interacted with the OA in the past 7 days"));
        }
        if age <= 48 * HOUR {
            return Ok(Price::Free);
        }
        let mut account = self.oas.get_mut(oa).ok_or(Refused(-205, "OA is invalid"))?;
        account.quota = account.quota.checked_sub(1).ok_or(Refused(-211, "Out of quota"))?;
        Ok(Price::Quota(account.quota))
    }
}
