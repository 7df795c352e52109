//! Orders that the shop's own web service knows: asked again when they are old, and not blamed on
//! the customer when it is away.

use crate::kit::{Engine, TestGateway};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rstest::rstest;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The shop's service. It knows DH9001, whose phone ends in 5678.
struct Service {
    status: Mutex<&'static str>,
    away: AtomicBool,
    asked: AtomicUsize,
}

impl Service {
    async fn open(gateway: &TestGateway, fresh_minutes: u32) -> Arc<Self> {
        let service = Arc::new(Self { status: Mutex::new("in_transit"), away: false.into(), asked: 0.into() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/orders/{{code}}", listener.local_addr().expect("a bound socket has an address"));
        let app = Router::new().route("/orders/{code}", get(tell)).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let admin = gateway.desk("admin@demo.shop").await;
        let mut settings = admin.get("/settings").await;
        settings["order_source"] = json!({
            "url_template": url, "fresh_minutes": fresh_minutes, "pointers": { "status": "/status", "phone": "/phone" },
        });
        let (status, problem) = admin.call("PUT", "/settings", Some(settings)).await;
        assert_eq!(status, 200, "{problem}");
        service
    }

    fn becomes(&self, status: &'static str) {
        *self.status.lock().expect("nobody panicked") = status;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn tell(State(service): State<Arc<Service>>, Path(code): Path<String>) -> Response {
    service.asked.fetch_add(1, Ordering::SeqCst);
    if service.away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if code != "DH9001" {
        return StatusCode::NOT_FOUND.into_response();
    }
    Json(json!({ "status": *service.status.lock().expect("nobody panicked"), "phone": "0912345678" })).into_response()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_source_told_is_told_again_only_while_it_is_fresh(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let service = Service::open(&gateway, 5).await;
    let lan = gateway.customer("telegram", "Lan");
    for _ in 0..2 {
        lan.says("đơn DH9001 số cuối 5678 tới đâu rồi").await;
        lan.hears("DH9001").await;
    }
    assert_eq!(service.asked(), 1, "five minutes have not passed");

    let service = Service::open(&gateway, 0).await;
    service.becomes("delivered");
    lan.says("đơn DH9001 số cuối 5678 tới đâu rồi").await;
    let told = lan.hears("DH9001").await;
    assert!(told.text.contains("giao thành công") || told.text.contains("đã giao"), "{}", told.text);
    assert_eq!(service.asked(), 1);
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_away_is_said_to_be_and_is_no_wrong_tail(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let service = Service::open(&gateway, 5).await;
    let lan = gateway.customer("telegram", "Lan");
    for tail in ["0001", "0002", "0003", "0004"] {
        lan.says(&format!("đơn DH9001 số cuối {tail}")).await;
        lan.hears("không tìm thấy").await;
    }
    let asked = service.asked();
    service.away.store(true, Ordering::SeqCst);
    lan.says("đơn DH9002 số cuối 5678").await;
    let told = lan.hears("gián đoạn").await;
    assert!(told.text.contains("gặp nhân viên"), "a person is offered: {}", told.text);
    assert_eq!(service.asked(), asked + 2, "asked once more before giving up");

    service.away.store(false, Ordering::SeqCst);
    lan.says("đơn DH9001 số cuối 5678").await;
    lan.hears("DH9001").await;
    gateway.stop().await;
}
