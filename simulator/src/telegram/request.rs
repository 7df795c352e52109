//! A method call's parameters, however they came: query, form, JSON or multipart.

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde_json::{Map, Value};

/// Above the largest upload that a bot may make.
const LARGEST: usize = 52 << 20;

#[derive(Default)]
pub struct Parameters {
    fields: Map<String, Value>,
    files: Vec<UploadedFile>,
}

pub struct UploadedFile {
    pub field: String,
    pub name: String,
    pub mime: String,
    pub bytes: Bytes,
}

impl Parameters {
    /// Read them all; `None` for a body that cannot be read.
    pub async fn read(request: Request) -> Option<Self> {
        let mut parameters = Self::default();
        let query = request.uri().query().unwrap_or_default().to_owned();
        parameters.take_pairs(query.as_bytes());
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        if kind.starts_with("multipart/form-data") {
            parameters.take_parts(Multipart::from_request(request, &()).await.ok()?).await?;
            return Some(parameters);
        }
        let body = axum::body::to_bytes(request.into_body(), LARGEST).await.ok()?;
        if kind.starts_with("application/json") {
            if !body.is_empty() {
                parameters.fields.extend(serde_json::from_slice::<Map<String, Value>>(&body).ok()?);
            }
        } else {
            parameters.take_pairs(&body);
        }
        Some(parameters)
    }

    fn take_pairs(&mut self, encoded: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(encoded) {
            self.fields.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    async fn take_parts(&mut self, mut parts: Multipart) -> Option<()> {
        while let Some(part) = parts.next_field().await.ok()? {
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(name) => {
                    let mime = part.content_type().unwrap_or("application/octet-stream").to_owned();
                    self.files.push(UploadedFile { field, name, mime, bytes: part.bytes().await.ok()? });
                }
                None => {
                    self.fields.insert(field, Value::String(part.text().await.ok()?));
                }
            }
        }
        Some(())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// A number, also one written as text.
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.fields.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.fields.get(name), Some(Value::Bool(true)))
            || self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// An object or a list, also one serialised into a text. `Err` for a text that is no JSON.
    pub fn json(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    pub fn file(&self, field: &str) -> Option<&UploadedFile> {
        self.files.iter().find(|file| file.field == field)
    }
}
