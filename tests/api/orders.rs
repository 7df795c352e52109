//! Orders by the API: one, many, and wrong ones.

use crate::caller::{Caller, gateway};
use onethread::auth::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn an_order_is_made_then_written_over_then_gone() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let mut order = json!({
        "status": "in_transit", "phone": "+84 912 345 678", "customer_name": "Lan", "carrier": "GHN", "tracking_code": "GA1",
        "tracking_url": "https://ghn.vn/GA1", "expected_at": 1_795_564_800_000_i64, "items": [{ "name": "Áo", "quantity": 2, "price": 150_000 }],
        "address": "12 Lý Thường Kiệt", "updated_at": 1_795_000_000_000_i64,
    });
    let (status, made) = admin.call("PUT", "/orders/%23zz-7001", Some(order.clone())).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((made["code"].as_str(), made["phone"].as_str()), (Some("ZZ7001"), Some("0912345678")));
    assert_eq!((made["total"].as_i64(), made["currency"].as_str()), (Some(300_000), Some("VND")));
    order["status"] = json!("delivered");
    assert_eq!(admin.call("PUT", "/orders/ZZ7001", Some(order)).await.0, 200);
    assert_eq!(admin.get("/orders/zz7001").await["status"], "delivered");
    assert_eq!(admin.get("/orders?q=zz7001&status=delivered").await["items"][0]["code"], "ZZ7001");
    assert_eq!(admin.status("DELETE", "/orders/ZZ7001", None).await, 204);
    assert_eq!(admin.status("GET", "/orders/ZZ7001", None).await, 404);
}

#[tokio::test]
async fn an_import_writes_the_good_lines_and_reports_the_others() {
    let gateway = gateway().await;
    let admin = Caller::program(&gateway, Role::Admin).await;
    let import = async |kind: &str, body: &str| -> (u16, Value) {
        let answer =
            admin.request("POST", "/orders/import").header("content-type", kind).body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let csv = "code,status,phone,total\nZZ1,placed,0912345678,350000\nZZ2,shipped,,\nZZ3,placed,,1\n";
    let (status, report) = import("text/csv; charset=utf-8", csv).await;
    assert_eq!((status, report["imported"].as_i64(), report["updated"].as_i64()), (200, Some(2), Some(0)));
    assert_eq!((report["errors"][0]["line"].as_i64(), report["errors"].as_array().unwrap().len()), (Some(3), 1));
    assert!(report["errors"][0]["detail"].as_str().unwrap().contains("`shipped` is not an order status"));

    let lines = "{\"code\":\"ZZ1\",\"status\":\"delivered\"}\n{\"code\":\"ZZ4\",\"status\":\"placed\",\"color\":1}\n";
    let (_, report) = import("application/jsonl", lines).await;
    assert_eq!(
        (report["imported"].as_i64(), report["updated"].as_i64(), report["errors"][0]["line"].as_i64()),
        (Some(0), Some(1), Some(2))
    );
    assert_eq!(import("application/pdf", "x").await.0, 415);
}
