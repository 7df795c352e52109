//! The document that describes the API, and its browsable page.

use super::error::{FieldProblem, Shape};
use super::router;
use crate::shapes::Event;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "onethread",
        version = "1",
        description = "One thread per customer. Instants are unix milliseconds; lists answer `{items, next}` and take `limit` and `cursor`; refusals are `application/problem+json` (RFC 9457). A change with a session cookie must come from the console's own pages.",
    ),
    components(schemas(Shape, FieldProblem, Event)),
    modifiers(&Security),
    security(("session" = []), ("token" = [])),
)]
pub struct Described;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::new(super::extract::COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The OpenAPI document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    router::routes().into_openapi()
}
