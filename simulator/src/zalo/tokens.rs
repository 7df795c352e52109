//! Tokens: a pair per generation, of which only the last is good. They prove
//! themselves, so that a gateway that was connected to an earlier world keeps
//! its place in the chain in this one.

use super::state::{State, TOKEN_LIFETIME};
use super::{APP_ID, APP_SECRET};
use crate::fault::Fault;
use axum::Json;
use axum::extract::{Form, State as Ext};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(super) fn access(oa: &str, generation: u64) -> String {
    token("access", oa, generation)
}

pub(super) fn refresh(oa: &str, generation: u64) -> String {
    token("refresh", oa, generation)
}

fn token(kind: &str, oa: &str, generation: u64) -> String {
    let proof = hex::encode(Sha256::digest(format!("{kind} {oa} {generation} {APP_SECRET}")));
    format!("{}-{oa}-{generation}-{proof}", &kind[..1])
}

/// The OA and the generation that a token proves.
fn proven(kind: &str, given: &str) -> Option<(String, u64)> {
    let mut parts = given.split('-').skip(1);
    let (oa, generation) = (parts.next()?, parts.next()?.parse().ok()?);
    (token(kind, oa, generation) == given).then(|| (oa.to_owned(), generation))
}

/// What is wrong with an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    Invalid,
    Expired,
}

impl State {
    /// The OA that this access token belongs to.
    pub(super) fn holder(&self, given: &str) -> Result<String, Stale> {
        let (id, generation) = proven("access", given).ok_or(Stale::Invalid)?;
        let now = self.clock.now();
        let mut oa = self.oas.get_mut(&id).ok_or(Stale::Invalid)?;
        if generation > oa.generation {
            // From an earlier world.
            oa.generation = generation;
            oa.access_until = now + TOKEN_LIFETIME;
        }
        match generation == oa.generation {
            true if now <= oa.access_until => Ok(id.clone()),
            true => Err(Stale::Expired),
            false => Err(Stale::Invalid),
        }
    }

    pub(super) fn expire(&self, oa: &str) {
        if let Some(mut oa) = self.oas.get_mut(oa) {
            oa.access_until = 0;
        }
    }

    /// The next pair; the old one is dead at once.
    pub(super) fn rotate(&self, oa: &str) -> Option<u64> {
        let mut oa = self.oas.get_mut(oa)?;
        oa.generation += 1;
        oa.access_until = self.clock.now() + TOKEN_LIFETIME;
        Some(oa.generation)
    }

    /// Use up a refresh token: once.
    fn spend(&self, given: &str) -> Option<(String, u64)> {
        let (id, generation) = proven("refresh", given)?;
        let denied = self.denied_refreshes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if denied || self.faults.standing() == Some(Fault::TokenRevoked) {
            return None;
        }
        let mut oa = self.oas.get_mut(&id)?;
        if generation < oa.generation {
            return None;
        }
        oa.generation = generation + 1;
        oa.access_until = self.clock.now() + TOKEN_LIFETIME;
        Some((id.clone(), oa.generation))
    }
}

/// `POST /v4/oa/access_token`.
pub(super) async fn exchange(
    Ext(state): Ext<Arc<State>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("app_id") != APP_ID {
        return refused(-14002, "Invalid app id.");
    }
    if headers.get("secret_key").is_none_or(|key| key.as_bytes() != APP_SECRET.as_bytes()) {
        return refused(-14004, "Invalid secret key.");
    }
    if field("grant_type") != "refresh_token" {
        return refused(-14018, "Invalid grant type.");
    }
    let spent = state.spend(field("refresh_token"));
    state.faults.dawdle().await;
    match spent {
        Some((oa, generation)) => Json(json!({
            "access_token": access(&oa, generation),
            "refresh_token": refresh(&oa, generation),
            "expires_in": (TOKEN_LIFETIME / 1000).to_string(),
        }))
        .into_response(),
        None => refused(-14014, "Invalid refresh token."),
    }
}

/// A refusal, with 200 like everything.
fn refused(error: i64, name: &str) -> Response {
    let body =
        json!({ "error": error, "error_name": name, "error_reason": "", "message": "", "access_token": "", "refresh_token": "" });
    Json(body).into_response()
}
