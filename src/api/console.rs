//! The console, embedded in the binary. Paths that are nobody else's open it, so that its own addresses can be shared.

use super::error::Problem;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use memory_serve::CacheControl;
use tower::ServiceExt;

/// `built`, or `placeholder` where this binary was built without the console.
pub const CONSOLE: &str = env!("ONETHREAD_CONSOLE");

/// Paths that are never a page of the console.
const NOT_PAGES: [&str; 6] = ["/api", "/hooks", "/files", "/healthz", "/readyz", "/metrics"];

/// Files of the console, and its page for every other address.
pub fn fallback() -> Router {
    let files = memory_serve::load!()
        .index_file(Some("/index.html"))
        .html_cache_control(CacheControl::NoCache)
        .cache_control(CacheControl::Custom("public, max-age=3600"))
        .into_router::<()>();
    Router::new().fallback(move |request: Request| serve(files.clone(), request))
}

async fn serve(files: Router, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let is_other =
        NOT_PAGES.iter().any(|other| path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if is_other {
        return Problem::missing("path").into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::wrong_method().into_response();
    }
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let found = call(files.clone(), request).await;
    if found.status().is_success() || found.status().is_redirection() || !is_page {
        return found;
    }
    call(files, Request::get(Uri::from_static("/")).body(Body::empty()).expect("a fixed request is valid")).await
}

async fn call(files: Router, request: Request) -> Response {
    match files.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
