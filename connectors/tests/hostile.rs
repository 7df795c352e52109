//! What no honest platform sends: deep nesting, endless strings, halves of
//! signs, numbers beyond counting, and values of the wrong kind in every place
//! of every sample. Whatever it is, a connector answers with events or an
//! error, never with a panic, and never with much more than it was given.

mod kit;

use kit::House;
use onethread_core::channel::{Connector, RawCall};
use rstest::rstest;
use serde_json::Value;
use std::sync::Arc;

/// The ledger takes no body beyond this.
const LARGEST: usize = 1 << 20;
/// Stands where the hostile value goes.
const PLACE: &str = "\"@here@\"";

fn connector(kind: &str) -> Arc<dyn Connector> {
    let settings = match kind {
        "telegram" => serde_json::json!({ "token": "7200000001:AAGs1mulat3dB0tT0kenF0rTestsOnly000", "webhook_secret": "hush" }),
        "discord" => serde_json::json!({ "token": "MTI5MDAwMDAwMDAwMDAwMDAwMQ.GsImUl.ated-bot-token" }),
        "facebook" => serde_json::json!({ "page_id": "1", "page_token": "t", "app_secret": "s", "verify_token": "v" }),
        "zalo" => serde_json::json!({ "oa_id": "1", "app_id": "2", "app_secret": "s", "oa_secret_key": "k",
            "access_token": "a", "refresh_token": "r" }),
        _ => {
            serde_json::json!({ "allowed_origins": ["https://shop.example.vn"], "visitor_key": "0123456789abcdef0123456789abcdef" })
        }
    };
    House::new("https://gateway.example/hooks/inb_test", kit::settings(&settings)).open(kit::channel(kind).as_ref())
}

fn samples(kind: &str) -> Vec<Value> {
    let folder = format!("{}/samples/{kind}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the channel has samples");
    let read = |path| serde_json::from_slice(&std::fs::read(path).expect("a sample")).expect("a sample is JSON");
    files.map(|file| read(file.expect("a file").path())).collect()
}

/// The places of every value below this one, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, value)| places(value, &format!("{at}/{place}"), found)),
        _ => {}
    }
}

/// Read it, and weigh what comes out.
fn read(connector: &dyn Connector, body: &str) {
    assert!(body.len() <= LARGEST + (1 << 16), "the test itself stays within what the ledger takes");
    for mark in ["", "5", "\u{0}ai đó"] {
        let mut call = RawCall::fetched(body.to_owned());
        call.headers = connector.kept_headers().iter().map(|name| ((*name).to_owned(), mark.to_owned())).collect();
        let Ok(events) = connector.read(&call) else { continue };
        let weight: usize = events.iter().map(|event| format!("{event:?}").len()).sum();
        // A debug text writes a sign as up to ten.
        assert!(weight <= 64 * body.len() + 65_536, "{weight} bytes came out of {}", body.len());
    }
}

#[rstest]
fn a_wrong_value_in_any_place_is_no_panic(#[values("telegram", "discord", "facebook", "zalo", "webchat")] kind: &str) {
    let connector = connector(kind);
    let long = format!("\"{}\"", "đ".repeat(4000));
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let hostile = [
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "[[],{}]",
        "-1",
        "1e400",
        "-1e308",
        "0.1",
        "18446744073709551615",
        "-9223372036854775808",
        "99999999999999999999999999999999",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "\"9223372036854775807\"",
        "\"-1\"",
        &long,
        &deep,
    ];
    for sample in samples(kind) {
        let mut found = Vec::new();
        places(&sample, "", &mut found);
        for place in found {
            let mut holed = sample.clone();
            *holed.pointer_mut(&place).expect("the place is there") = Value::String("@here@".into());
            let holed = holed.to_string();
            for value in hostile {
                read(connector.as_ref(), &holed.replacen(PLACE, value, 1));
            }
        }
    }
}

#[rstest]
fn a_mebibyte_of_anything_is_no_panic(#[values("telegram", "discord", "facebook", "zalo", "webchat")] kind: &str) {
    let connector = connector(kind);
    let fill = |part: &str| part.repeat(LARGEST / part.len());
    for body in ["[", "{\"a\":", "9", "\"", "{\"message\":[", " ", "\\ud800", "{}", "null,"] {
        read(connector.as_ref(), &fill(body));
    }
    // In every text of one sample of each kind of event, as long as it may be.
    for sample in samples(kind) {
        let mut found = Vec::new();
        places(&sample, "", &mut found);
        let text = found.into_iter().find(|place| {
            let name = place.rsplit('/').next().unwrap_or_default();
            matches!(name, "text" | "content" | "caption" | "title" | "name")
                && sample.pointer(place).is_some_and(Value::is_string)
        });
        let Some(text) = text else { continue };
        for part in ["a", "😀", "\u{301}", "\\ud83d\\ude00", "\\n"] {
            let mut holed = sample.clone();
            *holed.pointer_mut(&text).expect("the place is there") = Value::String("@here@".into());
            read(connector.as_ref(), &holed.to_string().replacen(PLACE, &format!("\"{}\"", fill(part)), 1));
        }
    }
}

#[rstest]
fn no_strange_header_is_a_signature(#[values("telegram", "discord", "facebook", "zalo", "webchat")] kind: &str) {
    let connector = connector(kind);
    let long = "a".repeat(LARGEST);
    let values = [
        "",
        "=",
        "sha256=",
        "sha256=zz",
        "sha256=00",
        "mac=",
        "mac = 0",
        "đ",
        "\u{0}",
        "Bearer ",
        "Bearer .",
        "Bearer a.b.c",
        &long,
    ];
    let names = [
        "x-hub-signature-256",
        "x-zevent-signature",
        "x-zevent-timestamp",
        "x-telegram-bot-api-secret-token",
        "authorization",
        "x-onethread-visitor",
        "origin",
        "content-type",
    ];
    for sample in samples(kind) {
        for value in values {
            for (method, path) in [("POST", ""), ("POST", "messages"), ("GET", ""), ("FETCHED", ""), ("", "đ")] {
                let headers = names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect();
                let body = sample.to_string().into();
                let call = RawCall { method: method.into(), path: path.into(), query: value.into(), headers, body };
                assert!(connector.admit(&call).is_err(), "{method} {path} with {:?} is let in", value.get(..20).unwrap_or(value));
            }
        }
    }
}

#[test]
fn no_http_request_can_pass_for_what_we_fetched() {
    let fetched = RawCall::fetched("{}");
    assert!(fetched.is_fetched());
    assert!(axum::http::Method::from_bytes(fetched.method.as_bytes()).is_err(), "HTTP has no such method");
}
