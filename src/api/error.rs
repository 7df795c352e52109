//! What went wrong, as an answer (RFC 9457). The only place that knows status
//! codes. A cause is logged here, once, and never answered.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use onethread_store::StoreError;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::response::{Response as Described, ResponseBuilder};
use utoipa::openapi::{Content, Ref, RefOr};

const PROBLEMS: &str = "https://onethread.dev/problems/";

/// A refusal.
#[derive(Debug, Serialize)]
pub struct Problem(Box<Shape>);

/// A refusal in the shape of RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Shape {
    /// What kind of problem this is, for programs.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// What went wrong here, for people.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// More members that this kind of problem has.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    more: Map<String, Value>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    pub field: String,
    pub detail: String,
}

/// What a route answers.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    fn new(status: StatusCode, slug: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Shape {
            kind: format!("{PROBLEMS}{slug}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            hint: None,
            errors: Vec::new(),
            more: Map::new(),
            retry_after: None,
        }))
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("there is no such {what}"))
    }

    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Not signed in", detail)
    }

    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// A browser sent it from another site's page.
    #[must_use]
    pub fn cross_site() -> Self {
        let detail = "a change with a session cookie must come from this site's own pages";
        Self::new(StatusCode::FORBIDDEN, "cross-site", "Cross-site request", detail)
            .hint("send Sec-Fetch-Site or Origin as browsers do, or use an API token")
    }

    /// The request cannot be read at all.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", detail)
    }

    /// It can be read, and one field is wrong.
    #[must_use]
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldProblem { field: field.to_owned(), detail: detail.into() }])
    }

    #[must_use]
    pub fn invalid_fields(errors: Vec<FieldProblem>) -> Self {
        let said: Vec<String> = errors.iter().map(|error| format!("`{}` {}", error.field, error.detail)).collect();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some values are not valid", said.join("; "));
        problem.0.errors = errors;
        problem
    }

    #[must_use]
    pub fn conflict(slug: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, slug, title, detail)
    }

    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body may have at most {} KiB", limit / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    }

    #[must_use]
    pub fn wrong_media(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type", detail)
    }

    #[must_use]
    pub fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "this path does not take that method",
        )
    }

    /// Come back after so many milliseconds.
    #[must_use]
    pub fn too_many(wait: i64) -> Self {
        let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1);
        let mut problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many tries", format!("try again in {seconds} seconds"));
        problem.0.retry_after = Some(seconds);
        problem
    }

    #[must_use]
    pub fn slow() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "Took too long", "the answer took too long and was given up")
    }

    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now", detail);
        problem.0.retry_after = Some(5);
        problem
    }

    /// Something broke; its cause must have been logged.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", "something went wrong; it has been logged")
    }

    /// Log the cause and hide it.
    pub fn broken(error: &(impl std::fmt::Debug + ?Sized)) -> Self {
        tracing::error!(?error, "a request failed");
        Self::internal()
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.0.retry_after);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(what) => Self::missing(what),
            StoreError::Taken(what) => Self::conflict("taken", "Already taken", format!("{what} exists already")),
            StoreError::Conflict(why) => Self::conflict("conflict", "Does not fit", why),
            StoreError::BadCursor => Self::malformed("`cursor` is not one that this list gave"),
            error => Self::broken(&error),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) => Self::broken(&error),
        }
    }
}

/// Every route may answer with a problem: one line in its documentation.
impl utoipa::IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let problem = ResponseBuilder::new()
            .description("Refused: see `type`, `detail` and `hint`")
            .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
            .build();
        [("default".to_owned(), RefOr::T(problem))].into()
    }
}
