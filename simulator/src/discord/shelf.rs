//! The file host: attachments behind links that are signed and expire.

use bytes::Bytes;
use dashmap::DashMap;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct Shelf {
    files: DashMap<u64, Bytes>,
    stickers: DashMap<u64, Bytes>,
    /// Links of an earlier issue no longer open anything.
    issue: AtomicU64,
}

impl Shelf {
    /// Put a file on the shelf; the answer is its attachment, still without links.
    pub fn put(&self, id: u64, name: &str, mime: &str, bytes: Bytes) -> Value {
        let size = bytes.len();
        self.files.insert(id, bytes);
        json!({"id": id.to_string(), "filename": name, "content_type": mime, "size": size})
    }

    pub fn put_sticker(&self, id: u64, bytes: Bytes) {
        self.stickers.insert(id, bytes);
    }

    pub fn sticker(&self, id: u64) -> Option<Bytes> {
        self.stickers.get(&id).map(|bytes| bytes.clone())
    }

    /// Give every attachment of a message a link that works now.
    pub fn sign(&self, message: &mut Value, base: &str) {
        let issue = self.issue.load(Ordering::SeqCst);
        if message["referenced_message"].is_object() {
            self.sign(&mut message["referenced_message"], base);
        }
        let channel = message["channel_id"].as_str().unwrap_or_default().to_owned();
        for file in message["attachments"].as_array_mut().into_iter().flatten() {
            let (id, name) = (file["id"].as_str().unwrap_or_default(), file["filename"].as_str().unwrap_or_default());
            let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let link = format!("{base}/attachments/{channel}/{id}/{name}?ex=7fffffff&is=0&hm={issue:016x}");
            file["proxy_url"] = json!(link);
            file["url"] = json!(link);
        }
    }

    pub fn open(&self, id: u64, signature: &str) -> Option<Bytes> {
        let valid = signature == format!("{:016x}", self.issue.load(Ordering::SeqCst));
        self.files.get(&id).filter(|_| valid).map(|bytes| bytes.clone())
    }

    pub fn expire_links(&self) {
        self.issue.fetch_add(1, Ordering::SeqCst);
    }
}
