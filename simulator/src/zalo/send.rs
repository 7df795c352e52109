//! Consultation messages: who may be written to, at which price, and what
//! happens then. The echo and the receipt are on their way before the caller
//! has its answer.

use super::api::{Price, Refused, granted};
use super::message::Shown;
use super::state::{Kept, State, fresh_msg_id};
use crate::courier::cut_the_line;
use crate::fault::Fault;
use crate::phone::{Bubble, BubbleFrom};
use axum::extract::State as Ext;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(super) async fn consult(Ext(state): Ext<Arc<State>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let oa = state.caller(&headers)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Refused(-201, "Params is invalid"))?;
    state.faults.dawdle().await;
    let fault = state.faults.take();
    match fault {
        Some(Fault::ServerError) => return Ok((StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()),
        Some(Fault::TokenRevoked) => {
            // The whole chain is revoked: the refresh that follows is denied, too.
            state.denied_refreshes.fetch_add(1, Ordering::SeqCst);
        }
        _ => {}
    }
    if let Some(refused) = fault.and_then(Refused::of_fault) {
        return Err(refused);
    }
    let user = body["recipient"]["user_id"].as_str().ok_or(Refused(-201, "user_id is invalid"))?;
    let shown = state.check(&oa, &body["message"])?;
    let price = state.admit(&oa, user)?;
    let id = show(&state, &oa, user, shown);
    if fault == Some(Fault::AnswerLost) {
        return Ok(cut_the_line());
    }
    let quota = match price {
        Price::Free => json!({ "quota_type": "reply", "remain": "-1", "total": "-1", "owner_type": "OA", "owner_id": oa }),
        Price::Quota(left) => {
            json!({ "quota_type": "sub_quota", "remain": left, "total": 500, "owner_type": "OA", "owner_id": oa })
        }
    };
    let sent = state.clock.now().to_string();
    Ok(granted(json!({ "message_id": id, "user_id": user, "sent_time": sent, "quota": quota })))
}

/// Reactions of the OA; the rest of the old endpoint is shut.
pub(super) async fn react(Ext(state): Ext<Arc<State>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    state.caller(&headers)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Refused(-201, "Params is invalid"))?;
    let target = body["sender_action"]["react_message_id"].as_str().ok_or(Refused(-240, "API message V2 has been shut down"))?;
    let user = body["recipient"]["user_id"].as_str().unwrap_or_default();
    if state.messages.get(target).is_none_or(|kept| kept.person != user) {
        return Err(Refused(-201, "react_message_id is invalid"));
    }
    Ok(granted(json!({ "message_id": fresh_msg_id(), "user_id": user })))
}

/// On the phone, and on the way back as echo and receipt.
fn show(state: &Arc<State>, oa: &str, user: &str, shown: Shown) -> String {
    let (id, now) = (fresh_msg_id(), state.clock.now());
    state.messages.insert(id.clone(), Kept { person: user.to_owned(), silent: shown.silent });
    if let Some(mut person) = state.people.get_mut(user) {
        person.unseen.push(id.clone());
    }
    let mut message = json!({ "msg_id": id, "text": shown.text });
    if !shown.attachments.is_empty() {
        message["attachments"] = shown.attachments.into();
    }
    let bubble = Bubble {
        files: shown.files,
        buttons: shown.buttons,
        ask_phone: shown.ask_phone,
        ticks: "delivered".into(),
        ..Bubble::new(&id, BubbleFrom::Business, shown.text, now)
    };
    state.phones.show(user, bubble);
    let received = json!({ "msg_id": id, "delivery_time": now.to_string() });
    let (state, oa, user, event) = (state.clone(), oa.to_owned(), user.to_owned(), shown.event);
    #[expect(clippy::disallowed_methods, reason = "the platform does not wait for its own webhooks")]
    tokio::spawn(async move {
        let _ = state.tell_of_oa(event, &oa, None, &user, message).await;
        let _ = state.tell_of_oa("user_received_message", &oa, None, &user, received).await;
    });
    id
}
