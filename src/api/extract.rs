//! What routes take from a request, each refusal an RFC 9457 body.

use super::Api;
use super::error::Problem;
use crate::auth::{self, Role, Signed};
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{ConnectInfo, FromRef, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::net::SocketAddr;
use utoipa::IntoParams;

/// The session cookie.
pub const COOKIE: &str = "onethread_session";

/// A JSON body. None at all counts as `{}`.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(super::BODY_LIMIT),
            _ => Problem::malformed(error.body_text()),
        })?;
        if !bytes.is_empty() && !is_json {
            return Err(Problem::wrong_media("send application/json"));
        }
        let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
        if has_nul(&bytes) {
            return Err(Problem::invalid("body", "must not contain the NUL character (\\u0000)"));
        }
        match axum::Json::<T>::from_bytes(&bytes) {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => Err(data_problem(&error.body_text())),
            Err(error) => Err(Problem::malformed(error.body_text())),
        }
    }
}

/// No text of people has a NUL, and not every database can keep one.
fn has_nul(body: &[u8]) -> bool {
    let perhaps = body.windows(6).any(|six| six == b"\\u0000");
    perhaps && serde_json::from_slice(body).is_ok_and(|mut value| onethread_core::text::strip_nul(&mut value))
}

/// Words to search for.
pub fn words(typed: &str) -> Result<&str, Problem> {
    if typed.chars().count() > 200 {
        return Err(Problem::malformed("`q` in the query may have at most 200 characters"));
    }
    Ok(typed)
}

/// `Failed to deserialize …: role: unknown variant …` names the field; keep that much.
fn data_problem(text: &str) -> Problem {
    let said = text.split_once(": ").map_or(text, |(_, said)| said);
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let (path, why) = match said.split_once(": ") {
        Some((path, why)) if !path.contains(' ') => (path, why),
        _ => ("", said),
    };
    let named = why.split('`').nth(1).unwrap_or_default();
    if why.starts_with("missing field") {
        let field = if path.is_empty() || path == "." { named.to_owned() } else { format!("{path}.{named}") };
        return Problem::invalid(&field, "is missing");
    }
    if let Some(known) = why.strip_prefix("unknown field ").and_then(|why| why.split_once(", expected ")) {
        let field = if path.is_empty() || path == "." { named } else { path };
        return Problem::invalid(field, format!("is not known here; there is {}", known.1.trim_start_matches("one of ")));
    }
    Problem::invalid(if path.is_empty() || path == "." { "body" } else { path }, format!("is not right: {why}"))
}

/// The same of a query string.
fn query_problem(text: &str) -> Problem {
    let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    match said.split_once(": ") {
        Some((name, why)) => Problem::malformed(format!("`{name}` in the query is not right: {why}")),
        None => Problem::malformed(format!("the query is not right: {said}")),
    }
}

/// The query string.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => Err(query_problem(&error.body_text())),
            Err(error) => Err(Problem::malformed(error.body_text())),
        }
    }
}

/// What the path names.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(error) => Err(Problem::malformed(error.body_text())),
        }
    }
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// At most so many (default 50, at most 200).
    pub limit: Option<i64>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    pub fn limit(&self) -> i64 {
        page_size(self.limit)
    }

    pub fn after(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }
}

/// Between 1 and 200; 50 unless told.
pub fn page_size(limit: Option<i64>) -> i64 {
    limit.unwrap_or(50).clamp(1, 200)
}

/// Whoever calls must be signed in. With a cookie, a change must come from our own pages.
impl FromRequestParts<Api> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if let Some(token) = bearer(&parts.headers) {
            let signed = auth::by_token(&api.gateway, token).await?;
            return signed.ok_or_else(|| Problem::unauthorized("the API token is not known or was removed"));
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(cookie) = jar.get(COOKIE) else {
            return Err(Problem::unauthorized("sign in, or send an API token as `Authorization: Bearer ot_…`"));
        };
        if !is_safe(&parts.method) && !from_our_pages(&parts.headers) {
            return Err(Problem::cross_site());
        }
        let signed = auth::by_session(&api.gateway, cookie.value()).await?;
        signed.ok_or_else(|| Problem::unauthorized("the session is over; sign in again"))
    }
}

/// Whoever calls must be an admin.
pub struct Admin(pub Signed);

impl FromRequestParts<Api> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let signed = Signed::from_request_parts(parts, api).await?;
        if signed.role == Role::Admin { Ok(Self(signed)) } else { Err(Problem::forbidden("only an admin may do this")) }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers say where a request comes from; where they are too old to, they send `Origin`.
pub fn from_our_pages(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => {
            let host = text("host");
            let origin = text("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
            origin.is_some() && origin == host
        }
    }
}

/// A request of another site's page. A program sends neither header, and is none.
pub fn from_other_pages(headers: &HeaderMap) -> bool {
    let says = headers.contains_key("sec-fetch-site") || headers.contains_key("origin");
    says && !from_our_pages(headers)
}

/// The caller's network address.
pub struct Remote(pub String);

impl<S> FromRequestParts<S> for Remote
where
    S: Send + Sync,
    Api: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string());
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let forwarded = forwarded.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next());
        let trusted = Api::from_ref(state).gateway.config.trust_proxy;
        let address = forwarded.filter(|_| trusted).map(|address| address.trim().to_owned()).or(peer);
        Ok(Self(address.unwrap_or_else(|| "unknown".to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_count_as_ours() {
        assert!(from_our_pages(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(from_our_pages(&headers(&[("origin", "https://a.vn"), ("host", "a.vn")])));
        assert!(!from_our_pages(&headers(&[("sec-fetch-site", "same-site"), ("origin", "https://a.vn"), ("host", "a.vn")])));
        assert!(!from_our_pages(&headers(&[("origin", "https://evil.vn"), ("host", "a.vn")])));
        assert!(!from_our_pages(&headers(&[("origin", "null"), ("host", "a.vn")])));
        assert!(!from_our_pages(&headers(&[("host", "a.vn")])));
    }

    #[test]
    fn a_wrong_field_is_named() {
        let body = serde_json::to_value(data_problem("Failed to deserialize the JSON body into the target type: role: unknown variant `boss`, expected `admin` or `agent` at line 1 column 15")).unwrap();
        assert_eq!(body["errors"][0]["field"], "role");
        let body = serde_json::to_value(data_problem(
            "Failed to deserialize the JSON body into the target type: missing field `name` at line 1 column 2",
        ))
        .unwrap();
        assert_eq!(body["errors"][0]["field"], "name");
    }
}
