//! The Graph API: who is calling, the small questions, and errors as it words them.

use super::state::State;
use super::{APP_ID, send, wire};
use crate::fault::Fault;
use crate::portrait;
use axum::extract::{DefaultBodyLimit, Path, Query, State as Ext};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) type Parameters = HashMap<String, String>;
pub(super) type Answer = Result<Response, GraphError>;

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route(
            "/media/{id}/{name}",
            get(|Ext(state): Ext<Arc<State>>, Path((id, _)): Path<(String, String)>| async move {
                state.shelf.serve(&id, state.clock.now())
            }),
        )
        .route("/{version}/{node}", get(look_up))
        .route("/{version}/{node}/messages", post(send::messages))
        .route("/{version}/{node}/message_attachments", post(send::message_attachments))
        .route("/{version}/{node}/subscribed_apps", get(subscriptions).post(subscribe).delete(unsubscribe))
        .layer(DefaultBodyLimit::max(27 << 20))
        .with_state(state)
}

/// The API's error object.
#[derive(Debug)]
pub(super) struct GraphError {
    pub(super) status: u16,
    code: i64,
    subcode: Option<i64>,
    message: String,
    /// Minutes until the Page may call again.
    regain: Option<u64>,
}

impl GraphError {
    pub(super) fn new(code: i64, subcode: impl Into<Option<i64>>, message: &str) -> Self {
        Self { status: 400, code, subcode: subcode.into(), message: format!("(#{code}) {message}"), regain: None }
    }

    pub(super) fn parameter(message: &str) -> Self {
        Self::new(100, None, message)
    }

    /// The error that a switched-on fault looks like; `None` for one that comes after the fact.
    pub(super) fn of_fault(fault: Fault) -> Option<Self> {
        match fault {
            Fault::Throttled { retry_after } => {
                let error = Self::new(613, 2_534_040, "Calls to this api have exceeded the rate limit.");
                Some(Self { regain: Some(retry_after / 60_000), ..error })
            }
            Fault::ServerError => Some(Self { status: 500, ..Self::new(2, None, "Service temporarily unavailable") }),
            Fault::TokenRevoked => Some(Self::new(190, 467, "Error validating access token: the session has been invalidated.")),
            Fault::Blocked => Some(Self::new(551, 1_545_041, "This person isn't available right now.")),
            Fault::WindowClosed => Some(Self::new(10, 2_018_278, "This message is sent outside of allowed window.")),
            Fault::BadContent => Some(Self::parameter("Invalid parameter")),
            Fault::AnswerLost => None,
        }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let mut error =
            json!({ "message": self.message, "type": "OAuthException", "code": self.code, "fbtrace_id": "AsIm0000000" });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if self.status >= 500 {
            error["is_transient"] = true.into();
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut answer = (status, Json(json!({ "error": error }))).into_response();
        if let Some(minutes) = self.regain {
            let usage = json!({ "104000000000001": [{ "type": "messenger", "call_count": 100, "estimated_time_to_regain_access": minutes }] });
            if let Ok(usage) = usage.to_string().parse() {
                answer.headers_mut().insert("x-business-use-case-usage", usage);
            }
        }
        answer
    }
}

impl State {
    /// The Page whose token this is. `node` must be it, or `me`.
    pub(super) fn caller(&self, version: &str, query: &Parameters) -> Result<String, GraphError> {
        let number = version.strip_prefix('v').and_then(|version| version.split_once('.'));
        if !number.is_some_and(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok()) {
            return Err(GraphError::new(2500, None, "Unknown path components"));
        }
        if self.faults.standing() == Some(Fault::TokenRevoked) {
            return Err(GraphError::of_fault(Fault::TokenRevoked).unwrap_or_else(|| GraphError::parameter("")));
        }
        let token =
            query.get("access_token").ok_or_else(|| GraphError::new(2500, None, "An active access token must be used"))?;
        let page = self.tokens.get(token).map(|page| page.clone());
        let page = page.ok_or_else(|| GraphError::new(190, None, &format!("Malformed access token {token}")))?;
        match query.get("appsecret_proof") {
            Some(proof) if !wire::proves(proof, token) => {
                Err(GraphError::parameter("Invalid appsecret_proof provided in the API argument"))
            }
            _ => Ok(page),
        }
    }

    /// As `caller`, for the calls that are made on the Page itself.
    pub(super) fn page(&self, version: &str, node: &str, query: &Parameters) -> Result<String, GraphError> {
        let page = self.caller(version, query)?;
        match node == "me" || node == page {
            true => Ok(page),
            false => Err(GraphError::new(100, 33, "Unsupported request: the object does not exist or cannot be loaded")),
        }
    }
}

/// A Page, or a person who has written to it.
async fn look_up(
    Ext(state): Ext<Arc<State>>,
    Path((version, node)): Path<(String, String)>,
    Query(query): Query<Parameters>,
) -> Answer {
    let page = state.caller(&version, &query)?;
    let wanted = query.get("fields").map_or("id,name", String::as_str);
    if node == "me" || node == page {
        let name = state.pages.get(&page).map(|page| page.name.clone()).unwrap_or_default();
        return Ok(Json(only(wanted, json!({ "id": page, "name": name }))).into_response());
    }
    let person = state.people.get(&node).filter(|person| person.page == page && person.active.is_some());
    let person = person.ok_or_else(|| GraphError::new(100, 33, "Unsupported get request: the object does not exist"))?;
    let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    let picture = state.shelf.keep("picture.gif", "image/gif", portrait(&person.name), state.clock.now());
    let profile = json!({ "first_name": first, "last_name": last, "name": person.name, "profile_pic": picture, "id": node });
    Ok(Json(only(wanted, profile)).into_response())
}

/// The fields that were asked for, and the id.
fn only(wanted: &str, mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| name == "id" || wanted.split(',').any(|field| field.trim() == name));
    }
    value
}

async fn subscriptions(
    Ext(state): Ext<Arc<State>>,
    Path((version, node)): Path<(String, String)>,
    Query(query): Query<Parameters>,
) -> Answer {
    let page = state.page(&version, &node, &query)?;
    let fields = state.pages.get(&page).map(|page| page.fields.clone()).unwrap_or_default();
    let app = json!({ "id": APP_ID.to_string(), "name": "Simulated app", "category": "Business", "subscribed_fields": fields });
    let apps = if fields.is_empty() { Vec::new() } else { vec![app] };
    Ok(Json(json!({ "data": apps })).into_response())
}

async fn subscribe(
    Ext(state): Ext<Arc<State>>,
    Path((version, node)): Path<(String, String)>,
    Query(query): Query<Parameters>,
) -> Answer {
    let page = state.page(&version, &node, &query)?;
    let fields = query.get("subscribed_fields").map(String::as_str);
    let fields = fields.ok_or_else(|| GraphError::parameter("The parameter subscribed_fields is required."))?;
    let fields: Vec<String> = fields.split(',').map(|field| field.trim().to_owned()).filter(|field| !field.is_empty()).collect();
    if let Some(unknown) = fields.iter().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(GraphError::parameter(&format!("Param subscribed_fields must be one of {{…}} - got {unknown:?}")));
    }
    if let Some(mut page) = state.pages.get_mut(&page) {
        page.fields = fields;
    }
    Ok(Json(json!({ "success": true })).into_response())
}

async fn unsubscribe(
    Ext(state): Ext<Arc<State>>,
    Path((version, node)): Path<(String, String)>,
    Query(query): Query<Parameters>,
) -> Answer {
    let page = state.page(&version, &node, &query)?;
    if let Some(mut page) = state.pages.get_mut(&page) {
        page.fields.clear();
    }
    Ok(Json(json!({ "success": true })).into_response())
}

/// The subscriptions that Messenger has.
const FIELDS: [&str; 12] = [
    "messages",
    "messaging_postbacks",
    "message_echoes",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_edits",
    "messaging_referrals",
    "messaging_handovers",
    "messaging_optins",
    "standby",
    "messaging_policy_enforcement",
];
