//! The document that programs are generated from.

use crate::caller::{Caller, gateway};
use serde_json::{Value, json};

#[test]
fn the_document_names_every_operation() {
    let document = serde_json::to_value(onethread::api::document()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or("NAMELESS");
            assert!(operation["responses"]["default"].is_object(), "{name} says nothing of refusals");
            operations.push(format!("{:6} {path}  {name}", method.to_uppercase()));
        }
    }
    insta::assert_snapshot!(operations.join("\n"));
}

#[test]
fn every_shape_that_the_document_speaks_of_is_in_it() {
    let document = serde_json::to_value(onethread::api::document()).unwrap();
    let mut missing = Vec::new();
    look(&document, &mut |reference| {
        if document.pointer(reference.trim_start_matches('#')).is_none() {
            missing.push(reference.to_owned());
        }
    });
    assert_eq!(missing, Vec::<String>::new());
}

fn look(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                found(reference);
            }
            members.values().for_each(|member| look(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| look(item, found)),
        _ => {}
    }
}

/// The shapes that others rely on.
#[test]
fn the_shapes_stay_as_they_are() {
    let document = serde_json::to_value(onethread::api::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let chosen = ["Thread", "Message", "Attachment", "Customer", "Order", "Inbox", "Event", "Me", "Problem"];
    let shapes: Value =
        chosen.iter().map(|name| ((*name).to_owned(), schemas[name].clone())).collect::<serde_json::Map<_, _>>().into();
    insta::assert_json_snapshot!(shapes);
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    let served = stranger.send("GET", "/raw/api/openapi.json", None).await.json::<Value>().await.unwrap();
    assert_eq!(served["paths"], json!(serde_json::to_value(onethread::api::document()).unwrap()["paths"]));
    let page = stranger.send("GET", "/raw/api/docs/", None).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("swagger-ui"));
}

/// Mend it with: `onethread openapi > console/openapi.json && npm --prefix console run types`.
#[test]
fn the_console_is_typed_by_this_very_document() {
    let committed = include_str!("../../console/openapi.json");
    let now = onethread::api::document().to_pretty_json().unwrap();
    assert!(committed.trim() == now.trim(), "console/openapi.json is stale");
}
