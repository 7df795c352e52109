//! Uploads: pictures and files that a later message shows. They live a week.

use super::api::{Refused, granted};
use super::state::{State, Upload};
use axum::extract::{Multipart, Path, State as Ext};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

pub(super) async fn take(
    Ext(state): Ext<Arc<State>>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Response, Refused> {
    let oa = state.caller(&headers)?;
    let (kind, types, limit): (&'static str, &[&str], usize) = match kind.as_str() {
        "image" => ("image", &["image/jpeg", "image/png"], 1 << 20),
        "gif" => ("gif", &["image/gif"], 5 << 20),
        "file" => ("file", &FILES, 5 << 20),
        _ => return Err(Refused(-201, "Params is invalid")),
    };
    let unread = |_| Refused(-201, "file is invalid");
    while let Some(field) = form.next_field().await.map_err(unread)? {
        if field.name() != Some("file") {
            continue;
        }
        let (name, mime) = (field.file_name().unwrap_or("file").to_owned(), field.content_type().unwrap_or_default().to_owned());
        let bytes = field.bytes().await.map_err(unread)?;
        if !types.contains(&mime.as_str()) || bytes.is_empty() || bytes.len() > limit {
            return Err(Refused(-210, "File type or size is not supported"));
        }
        let now = state.clock.now();
        let link = state.shelf.keep(&name, &mime, bytes, now);
        let handle = hex::encode(rand::random::<[u8; 24]>());
        state.uploads.insert(handle.clone(), Upload { oa, kind, name, link, until: now + WEEK });
        let field = if kind == "file" { "token" } else { "attachment_id" };
        return Ok(granted(json!({ field: handle })));
    }
    Err(Refused(-201, "file is required"))
}

const FILES: [&str; 4] = [
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/csv",
];
