//! The shop's settings and its own order source, asked as a real web service.

use crate::caller::{Caller, gateway};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use onethread::auth::Role;
use onethread::orders::{self, SourceError};
use serde_json::{Value, json};

/// The shop's service: knows DH1, wants its secret, and misbehaves for other codes.
async fn shop() -> String {
    let answer = async |Path(code): Path<String>, headers: HeaderMap| -> Response {
        if headers.get("x-key").is_none_or(|key| key != "hush") {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        match code.as_str() {
            "DH1" => Json(json!({ "data": { "state": "in_transit", "buyer": { "phone": "0912345678" }, "eta": "2026-11-25" } }))
                .into_response(),
            "MOVED" => Redirect::temporary("http://127.0.0.1:1/secret").into_response(),
            "HUGE" => vec![b' '; 300 * 1024].into_response(),
            "ODD" => Json(json!({ "data": { "state": "teleported" } })).into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/orders/{{code}}", listener.local_addr().unwrap());
    let app = Router::new().route("/orders/{code}", get(answer));
    #[expect(clippy::disallowed_methods, reason = "the shop's service lives beside the gateway")]
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn with_source(mut settings: Value, url: &str, secret: Option<&str>) -> Value {
    settings["order_source"] = json!({
        "url_template": url, "header_name": "X-Key",
        "pointers": { "status": "/data/state", "phone": "/data/buyer/phone", "expected_at": "/data/eta" },
    });
    if let Some(secret) = secret {
        settings["order_source"]["header_secret"] = json!(secret);
    }
    settings
}

#[tokio::test]
async fn the_order_source_is_asked_as_the_admin_said_and_distrusted_otherwise() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let url = shop().await;
    let given = with_source(admin.get("/settings").await, &url, Some("hush"));
    let (status, kept) = admin.call("PUT", "/settings", Some(given)).await;
    assert_eq!((status, kept["order_source"]["secret_set"].as_bool()), (200, Some(true)), "{kept}");
    assert!(!kept.to_string().contains("hush"));

    let order = orders::fetch(&gateway.gateway, "dh1").await.unwrap().unwrap();
    assert_eq!((order.code.as_str(), order.status.as_str(), order.phone.as_deref()), ("DH1", "in_transit", Some("0912345678")));
    assert_eq!(order.expected_at, Some(1_795_564_800_000));
    assert_eq!(orders::fetch(&gateway.gateway, "DH404").await.unwrap(), None);
    assert!(matches!(orders::fetch(&gateway.gateway, "MOVED").await, Err(SourceError::Status(307))));
    assert!(matches!(orders::fetch(&gateway.gateway, "HUGE").await, Err(SourceError::TooLarge)));
    assert!(matches!(orders::fetch(&gateway.gateway, "ODD").await, Err(SourceError::Unreadable(_))));
}

#[tokio::test]
async fn a_kept_secret_stays_with_its_host() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let url = shop().await;
    let settings = admin.get("/settings").await;
    admin.call("PUT", "/settings", Some(with_source(settings.clone(), &url, Some("hush")))).await;
    let same =
        admin.call("PUT", "/settings", Some(with_source(settings.clone(), &url.replace("/orders", "/v2/orders"), None))).await.1;
    assert_eq!(same["order_source"]["secret_set"], true);
    let moved = admin.call("PUT", "/settings", Some(with_source(settings, "https://evil.example/{code}", None))).await.1;
    assert_eq!(moved["order_source"]["secret_set"], false, "whoever changes the host must know the secret");
}

#[tokio::test]
async fn wrong_settings_are_refused_field_by_field_and_change_nothing() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let before = admin.get("/settings").await;
    let mut wrong = with_source(before.clone(), "https://{code}.evil.example/", None);
    wrong["shop_name"] = json!(" ");
    wrong["timezone"] = json!("Mars/Olympus");
    wrong["opening_hours"] = json!([{ "days": [0], "from": "8h", "to": "21:30" }]);
    wrong["order_code_patterns"] = json!(["DH\\d+", "(", ".*"]);
    let (status, problem) = admin.call("PUT", "/settings", Some(wrong)).await;
    let fields: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(status, 422);
    assert_eq!(
        fields,
        [
            "shop_name",
            "timezone",
            "opening_hours[0].days",
            "opening_hours[0].from",
            "order_code_patterns[1]",
            "order_code_patterns[2]",
            "order_source.url_template",
        ]
    );
    assert_eq!(admin.get("/settings").await, before);
}
