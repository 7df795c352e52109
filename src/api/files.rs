//! Files: uploads of agents, and what customers sent. Nothing is ever served as a page of ours.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Asked, Path};
use crate::auth::Signed;
use crate::media::{self, MediaError};
use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use onethread_core::ids::FileId;
use onethread_store::files::FileRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
pub struct Uploaded {
    id: String,
    /// `image`, `audio`, `video` or `file`.
    kind: &'static str,
    name: String,
    mime: String,
    size: i64,
}

/// Documents the form of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a multipart form")]
pub struct Upload {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Signature {
    until: i64,
    sig: String,
}

/// Upload a file to attach to a message. Its type is what its bytes say.
#[utoipa::path(post, path = "/api/v1/files", tag = "files", operation_id = "upload_file",
    request_body(content = Upload, content_type = "multipart/form-data"), responses((status = 201, body = Uploaded), Problem))]
pub async fn upload(
    State(api): State<Api>,
    _signed: Signed,
    form: Result<Multipart, MultipartRejection>,
) -> Answer<(StatusCode, Json<Uploaded>)> {
    let mut form = form.map_err(|error| Problem::wrong_media(error.body_text()))?;
    let limit = api.gateway.config.limits.file;
    let unreadable = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(limit),
        _ => Problem::malformed(error.body_text()),
    };
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().map(media::tidy_name);
        let bytes = field.bytes().await.map_err(unreadable)?;
        let kept = media::keep(&api.gateway, name.as_deref(), bytes).await?;
        let kind = media::kind_word(kept.kind);
        let name = name.unwrap_or_else(|| "file".to_owned());
        return Ok((StatusCode::CREATED, Json(Uploaded { id: kept.id.0, kind, name, mime: kept.mime, size: kept.size })));
    }
    Err(Problem::invalid("file", "is missing: send a form with one field named `file`"))
}

/// The bytes of a file.
#[utoipa::path(get, path = "/api/v1/files/{id}", tag = "files", operation_id = "get_file",
    params(("id" = String, Path)), responses((status = 200, content_type = "*/*"), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<Response> {
    open(&api, FileId(id), "private, max-age=86400, immutable").await
}

/// The same by a signed link, for platforms and web chat visitors.
pub async fn get_public(State(api): State<Api>, Path(id): Path<String>, Asked(signature): Asked<Signature>) -> Answer<Response> {
    let id = FileId(id);
    if !api.gateway.media.may_open(&id, signature.until, &signature.sig, api.gateway.clock.now()) {
        return Err(Problem::forbidden("this link is not valid, or not any more"));
    }
    open(&api, id, "private, max-age=3600").await
}

async fn open(api: &Api, id: FileId, cache: &'static str) -> Answer<Response> {
    let row = api.gateway.db.read().await?.file(&id).await?;
    if row.state != "stored" {
        return Err(Problem::missing("file"));
    }
    let bytes = api.gateway.media.read(&id).await?;
    let mime = row.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let text = |text: String| HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let octets = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&mime).unwrap_or(octets));
    headers.insert(header::CONTENT_DISPOSITION, text(disposition(&row, &mime)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    Ok(response)
}

/// Shown in place only where a browser cannot mistake it for a page; the name in RFC 5987 form.
fn disposition(row: &FileRow, mime: &str) -> String {
    let how = if media::is_shown(mime) { "inline" } else { "attachment" };
    let name: String = row.name.as_deref().unwrap_or("file").bytes().map(encoded).collect();
    format!("{how}; filename*=UTF-8''{name}")
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::TooLarge { most } => Self::too_large(most),
            MediaError::Empty => Self::invalid("file", "is empty"),
            MediaError::Missing => Self::missing("file"),
            MediaError::Store(error) => error.into(),
            error @ MediaError::Disk(_) => Self::broken(&error),
        }
    }
}
