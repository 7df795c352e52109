//! What wraps every answer: request ids, one log line, security headers, a limit
//! on time, and a panic that becomes a problem.

use super::error::Problem;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tracing::Instrument;

/// Longest until an answer begins: a slow phone uploads a large file in it. A stream has begun at once.
const PATIENCE: Duration = Duration::from_secs(120);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For the console and the API. Components set positions through the style object, which no policy forbids.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'";
/// For the page that shows the API's documentation: Swagger UI writes styles into its markup. It shows
/// nothing that a customer wrote.
const DOCS_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'";

/// Around everything.
pub fn around<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let small = DefaultPredicate::new()
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("audio/"))
        .and(NotForContentType::const_new("video/"));
    router
        .layer(CompressionLayer::new().compress_when(small))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(logged))
}

/// Around what must answer in time.
pub fn in_time<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn(async |request: Request, next: Next| {
        match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::slow().into_response(),
        }
    }))
}

/// Around the page of the API's documentation.
pub fn documentation<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
        response
    }))
}

/// Around what browsers open. A route's own policy stays.
pub fn guarded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "same-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
        ] {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        response
    }))
}

/// Around the API: no path or query holds U+0000, which PostgreSQL cannot compare with.
pub fn storable<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn(async |request: Request, next: Next| {
        if request.uri().path_and_query().is_some_and(|asked| asked.as_str().contains("%00")) {
            return Problem::malformed("the URL holds the character U+0000, which cannot be stored").into_response();
        }
        next.run(request).await
    }))
}

/// Around the API: an answer is nobody else's to keep.
pub fn not_kept<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }))
}

/// One line a request. Never a query string: it may hold a signature or a token.
async fn logged(request: Request, next: Next) -> Response {
    let id = onethread_core::ids::fresh("req", onethread_core::Clock::now(&onethread_core::SystemClock));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(console)", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let span = tracing::info_span!("request", %id, %method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    span.in_scope(|| tracing::debug!(status, millis = took.as_millis(), "answered"));
    let labels = [("method", known(&method)), ("route", route), ("status", status.to_string())];
    metrics::histogram!("onethread_http_seconds", &labels).record(took.as_secs_f64());
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A stranger may call with a method of their own making, and each would be measured for ever.
fn known(method: &Method) -> String {
    let usual = [&Method::GET, &Method::POST, &Method::PUT, &Method::PATCH, &Method::DELETE, &Method::HEAD, &Method::OPTIONS];
    if usual.contains(&method) { method.to_string() } else { "other".to_owned() }
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = said.unwrap_or("(no words)"), "a request panicked");
    Problem::internal().into_response()
}
