//! Files in the data directory: what customers and agents send. A type is what
//! the bytes say, never what the sender claims; nothing is served as a page.

use crate::config::Config;
use crate::gateway::Gateway;
use crate::lasting;
use crate::seal::Seal;
use anyhow::Context as _;
use bytes::Bytes;
use onethread_core::Millis;
use onethread_core::channel::KeptFile;
use onethread_core::clock::DAY;
use onethread_core::ids::FileId;
use onethread_core::message::FileKind;
use onethread_store::files::FileRow;
use std::path::PathBuf;

/// Public links live for a day: long enough for any platform to fetch.
const LINK_FOR: Millis = DAY;
/// Types that a browser may show; all others are downloads.
const SHOWN: [&str; 12] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/mpeg",
    "audio/ogg",
    "audio/mp4",
    "audio/x-wav",
    "audio/amr",
    "video/mp4",
    "video/webm",
    "video/quicktime",
];

#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("the file is larger than {most} bytes")]
    TooLarge { most: usize },
    #[error("the file is empty")]
    Empty,
    #[error("the file is not there")]
    Missing,
    #[error("the file could not be written or read")]
    Disk(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] onethread_store::StoreError),
}

/// The file room.
pub struct Media {
    room: PathBuf,
    seal: Seal,
}

impl Media {
    pub fn open(config: &Config, seal: &Seal) -> anyhow::Result<Self> {
        let room = config.data_dir.join("files");
        lasting::make_folder(&room).with_context(|| format!("could not make `{}`", room.display()))?;
        Ok(Self { room, seal: seal.clone() })
    }

    /// Ids are ours, but a path is only made of what an id can hold.
    fn path(&self, id: &FileId) -> Option<PathBuf> {
        let plain = id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let shelf = id.as_str().get(id.as_str().len().checked_sub(2)?..)?;
        plain.then(|| self.room.join(shelf).join(id.as_str()))
    }

    pub async fn read(&self, id: &FileId) -> Result<Bytes, MediaError> {
        let path = self.path(id).ok_or(MediaError::Missing)?;
        match tokio::fs::read(path).await {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(MediaError::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// What a row in the database speaks of must be on the disk before it.
    pub async fn write(&self, id: &FileId, bytes: &Bytes) -> Result<(), MediaError> {
        let (path, bytes) = (self.path(id).ok_or(MediaError::Missing)?, bytes.clone());
        let writing = tokio::task::spawn_blocking(move || lasting::write(&path, &bytes));
        Ok(writing.await.map_err(std::io::Error::other)??)
    }

    /// A signed link that anyone who has it may open, for a day.
    #[must_use]
    pub fn public_link(&self, config: &Config, id: &FileId, now: Millis) -> String {
        // In steps of an hour, so that the same file has the same link for a while.
        let until = (now + LINK_FOR) / 3_600_000 * 3_600_000;
        let signature = self.seal.sign("file", &format!("{id}:{until}"));
        format!("{}/files/{id}?until={until}&sig={signature}", config.public_url)
    }

    #[must_use]
    pub fn may_open(&self, id: &FileId, until: Millis, signature: &str, now: Millis) -> bool {
        until >= now && self.seal.signed("file", &format!("{id}:{until}"), signature)
    }
}

/// Store bytes under a fresh id, typed by what they are.
pub async fn keep(gateway: &Gateway, name: Option<&str>, bytes: Bytes) -> Result<KeptFile, MediaError> {
    let most = gateway.config.limits.file;
    if bytes.len() > most {
        return Err(MediaError::TooLarge { most });
    }
    if bytes.is_empty() {
        return Err(MediaError::Empty);
    }
    let now = gateway.clock.now();
    let id = FileId::fresh(now);
    let (kind, mime) = sniff(&bytes, name);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    gateway.media.write(&id, &bytes).await?;
    let row = FileRow {
        id: id.0.clone(),
        kind: kind_word(kind).to_owned(),
        name: name.map(tidy_name),
        mime: Some(mime.clone()),
        size: Some(size),
        state: "stored".into(),
        inbox_id: None,
        source: None,
        message_id: None,
        created_at: now,
    };
    let mut tx = gateway.db.begin().await?;
    tx.add_file(&row).await?;
    tx.commit(now).await?;
    Ok(KeptFile { id, kind, mime, size })
}

/// What the bytes are. Text-like documents have no mark, so their name may say; never a page or script.
#[must_use]
pub fn sniff(bytes: &[u8], name: Option<&str>) -> (FileKind, String) {
    if let Some(kind) = infer::get(bytes) {
        let mime = kind.mime_type();
        let page = matches!(mime, "text/html" | "application/xhtml+xml" | "image/svg+xml" | "text/xml" | "application/xml");
        let mime = if page { "application/octet-stream" } else { mime };
        return (FileKind::of_mime(mime), mime.to_owned());
    }
    let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension.to_ascii_lowercase());
    let mime = match extension.as_deref() {
        Some("csv") => "text/csv",
        Some("txt") => "text/plain",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    };
    (FileKind::File, mime.to_owned())
}

/// A file name without paths and control characters.
#[must_use]
pub fn tidy_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let clean: String = base.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '<' | '>')).take(120).collect();
    if clean.trim().is_empty() { "file".into() } else { clean }
}

/// May a browser show it in place?
#[must_use]
pub fn is_shown(mime: &str) -> bool {
    SHOWN.contains(&mime)
}

/// The kind as it is stored and given out.
#[must_use]
pub fn kind_word(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Image => "image",
        FileKind::Audio => "audio",
        FileKind::Video => "video",
        FileKind::File => "file",
        FileKind::Sticker => "sticker",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_never_taken_for_a_picture() {
        assert_eq!(sniff(b"<html><script>alert(1)</script>", Some("cute.png")).1, "application/octet-stream");
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n0000", Some("page.html")), (FileKind::Image, "image/png".into()));
    }

    #[test]
    fn names_carry_no_paths() {
        assert_eq!(tidy_name("../../etc/passwd"), "passwd");
        assert_eq!(tidy_name("C:\\hoá đơn\r\n.pdf"), "hoá đơn.pdf");
        assert_eq!(tidy_name("\u{7}"), "file");
    }
}
