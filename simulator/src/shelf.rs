//! A platform's clock and its file servers, as the webhook platforms share
//! them: the clock can be set forward, and links to files expire by it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dashmap::DashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// The platform's clock: the machine's, set forward as a test needs it.
#[derive(Debug, Default)]
pub(crate) struct PlatformClock(AtomicI64);

impl PlatformClock {
    pub(crate) fn now(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "a simulated platform has a clock of its own")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX)) + self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
    until: i64,
}

/// Files under links that stop working.
#[derive(Debug)]
pub(crate) struct Shelf {
    base: RwLock<String>,
    /// How long a link works, in milliseconds.
    lifetime: i64,
    files: DashMap<String, Stored>,
}

impl Shelf {
    pub(crate) fn new(lifetime: i64) -> Self {
        Self { base: RwLock::default(), lifetime, files: DashMap::new() }
    }

    /// Where the platform is reached: links begin with it.
    pub(crate) fn stand_at(&self, base: &str) {
        base.trim_end_matches('/').clone_into(&mut self.base.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Keep a file; the answer is its link.
    pub(crate) fn keep(&self, name: &str, mime: &str, bytes: impl Into<Bytes>, now: i64) -> String {
        let id = hex::encode(rand::random::<[u8; 16]>());
        let until = now + self.lifetime;
        let stored = Stored { name: name.to_owned(), mime: mime.to_owned(), bytes: bytes.into(), until };
        self.files.insert(id.clone(), stored);
        let base = self.base.read().unwrap_or_else(PoisonError::into_inner);
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
        format!("{base}/media/{id}/{name}?oe={until:x}")
    }

    /// The file behind a link, or the refusal of a link that is unknown or has expired.
    pub(crate) fn serve(&self, id: &str, now: i64) -> Response {
        match self.files.get(id) {
            Some(file) if now <= file.until => {
                let mime = if file.mime.is_empty() { "application/octet-stream" } else { file.mime.as_str() };
                ([(header::CONTENT_TYPE, mime.to_owned())], file.bytes.clone()).into_response()
            }
            _ => (StatusCode::FORBIDDEN, "URL signature expired").into_response(),
        }
    }

    /// What is kept under this link of ours.
    pub(crate) fn behind(&self, link: &str) -> Option<Stored> {
        let id = link.split("/media/").nth(1)?.split('/').next()?;
        self.files.get(id).map(|file| file.clone())
    }
}
