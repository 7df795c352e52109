//! A demo shop on an origin of its own, with the web chat on it, under a content
//! security policy as strict as a careful shop's: the widget must live with it.

use super::Signs;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use url::Url;

const SHOP: &str = include_str!("shop.html");
/// Where the one tag goes that a shop owner pastes.
const TAG_PLACE: &str = "<!-- web chat -->";

pub fn router(signs: Arc<Signs>) -> Router {
    Router::new()
        .route("/shop", get(shop))
        .route("/shop/shop.css", get(async || super::text("text/css", include_str!("shop.css"))))
        .with_state(signs)
}

async fn shop(State(signs): State<Arc<Signs>>) -> Response {
    let widget = signs.widget().and_then(|url| Url::parse(&url).ok());
    let gateway = widget.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src {gateway}; connect-src {gateway}; img-src 'self' data: blob: {gateway}; style-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (HeaderName::from_static("content-security-policy"), policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, page(widget.as_ref())).into_response()
}

fn page(widget: Option<&Url>) -> String {
    let tag = widget.map(|url| {
        let address = url.as_str().replace('&', "&amp;").replace('"', "&quot;");
        format!("<script src=\"{address}\" async></script>")
    });
    SHOP.replacen(TAG_PLACE, &tag.unwrap_or_default(), 1)
}
