//! A person's picture, from where their platform keeps it. Nobody waits for it: what is not there, or is no
//! picture, is left out.

use super::fetch::read_all;
use crate::gateway::Gateway;
use crate::inboxes::Live;
use crate::media;
use onethread_core::channel::{FetchError, FileRef};
use onethread_core::ids::FileId;
use onethread_store::files::FileRow;
use std::time::Duration;

/// Far more than a small picture needs.
const LARGEST: usize = 2 << 20;
const FETCH_WITHIN: Duration = Duration::from_secs(20);

/// Fetch and keep it; answers the file, still to be noted.
pub(super) async fn fetch(gateway: &Gateway, live: &Live, source: &FileRef) -> Option<FileRow> {
    let fetching = async { read_all(live.connector.fetch(source).await?, LARGEST).await };
    let fetched = tokio::time::timeout(FETCH_WITHIN, fetching).await;
    let bytes = fetched.unwrap_or(Err(FetchError::Unreachable("no answer in time".into())));
    let bytes = bytes.inspect_err(|error| tracing::debug!(inbox = %live.id, %error, "a picture was left out")).ok()?;
    let mime = picture(&bytes)?;
    let now = gateway.clock.now();
    let id = FileId::fresh(now);
    gateway.media.write(&id, &bytes).await.ok()?;
    Some(FileRow {
        id: id.0,
        kind: "image".into(),
        name: None,
        mime: Some(mime),
        size: i64::try_from(bytes.len()).ok(),
        state: "stored".into(),
        inbox_id: Some(live.id.0.clone()),
        source: None,
        message_id: None,
        created_at: now,
    })
}

/// The type of a picture that a browser may show.
fn picture(bytes: &[u8]) -> Option<String> {
    let (_, mime) = media::sniff(bytes, None);
    (mime.starts_with("image/") && media::is_shown(&mime)).then_some(mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_picture_is_kept() {
        assert_eq!(picture(b"GIF89a and so on").as_deref(), Some("image/gif"));
        for other in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"<html><script>", b"OggS\0\x02 a sound", b""] {
            assert_eq!(picture(other), None, "{}", other.escape_ascii());
        }
    }
}
