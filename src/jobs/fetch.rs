//! What is fetched from elsewhere after a message came in.

use super::{Tried, avatar};
use crate::answering::{Pending, Said, TurnAt};
use crate::gateway::Gateway;
use crate::media;
use crate::orders::SourceError;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use onethread_core::channel::{ByteStream, FetchError, FileRef};
use onethread_core::ids::{FileId, IdentityId, MessageId};
use onethread_core::message::{Attachment, FileState};
use onethread_core::order::Order;
use onethread_store::Result;
use onethread_store::jobs::JobRow;
use onethread_store::live::Told;
use std::sync::Arc;
use std::time::Duration;

/// Platform links live for minutes: after this many tries the file stays visible as lost.
const FILE_TRIES: i64 = 8;
/// A customer waits for this answer: once more, and then they hear that it is not possible now.
const ORDER_TRIES: i64 = 2;
const FETCH_WITHIN: Duration = Duration::from_secs(60);

/// One file of a customer.
pub(super) async fn file(gateway: &Arc<Gateway>, id: &FileId, attempts: i64) -> Result<Tried> {
    let row = gateway.db.read().await?.file(id).await?;
    let (Some(inbox), Some(source)) = (row.inbox_id, row.source) else { return Ok(Tried::Done) };
    let Some(live) = gateway.inboxes.get(&inbox.as_str().into()) else {
        if attempts < FILE_TRIES {
            return Ok(Tried::Again { why: "the inbox is disabled".into(), most: FILE_TRIES });
        }
        tracing::warn!(file = %id, "a customer's file was given up: its inbox is disabled");
        note_file(gateway, id, row.message_id, None).await?;
        return Ok(Tried::Done);
    };
    let most = gateway.config.limits.file;
    let fetching = async { read_all(live.connector.fetch(&FileRef(source)).await?, most).await };
    let fetched =
        tokio::time::timeout(FETCH_WITHIN, fetching).await.unwrap_or(Err(FetchError::Unreachable("no answer in time".into())));
    let written = match fetched {
        Ok(bytes) => {
            gateway.media.write(id, &bytes).await.map(|()| bytes).map_err(|error| FetchError::Unreachable(error.to_string()))
        }
        Err(error) => Err(error),
    };
    match written {
        Ok(bytes) => {
            let (kind, mime) = media::sniff(&bytes, row.name.as_deref());
            // A sticker stays one, whatever picture it is made of.
            let kind = if row.kind == "sticker" { "sticker" } else { media::kind_word(kind) };
            note_file(gateway, id, row.message_id, Some((kind, &mime, bytes.len()))).await?;
            Ok(Tried::Done)
        }
        Err(FetchError::Unreachable(why)) if attempts < FILE_TRIES => Ok(Tried::Again { why, most: FILE_TRIES }),
        Err(error) => {
            tracing::warn!(file = %id, %error, "a customer's file could not be fetched");
            note_file(gateway, id, row.message_id, None).await?;
            Ok(Tried::Done)
        }
    }
}

pub(super) async fn read_all(mut stream: ByteStream, most: usize) -> std::result::Result<Bytes, FetchError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| FetchError::Unreachable(error.to_string()))?;
        if bytes.len() + chunk.len() > most {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// The file's row and the message that shows it, in step.
async fn note_file(gateway: &Gateway, id: &FileId, message: Option<String>, stored: Option<(&str, &str, usize)>) -> Result<()> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let became = stored.map(|(kind, mime, size)| (kind, mime, i64::try_from(size).unwrap_or(i64::MAX)));
    match became {
        Some((kind, mime, size)) => tx.file_stored(id, kind, mime, size).await?,
        None => tx.file_failed(id).await?,
    }
    if let Some(message) = message {
        let message: MessageId = message.into();
        // Held, or two files of one message that arrive together would each forget the other.
        let thread = tx.message(&message).await?.thread_id;
        tx.hold_thread(&thread.into()).await?;
        let row = tx.message(&message).await?;
        let mut content = row.content.0;
        for attachment in &mut content.attachments {
            let Attachment::File { id: file, mime, size, state, .. } = attachment else { continue };
            if file == id {
                *state = if became.is_some() { FileState::Stored } else { FileState::Failed };
                if let Some((_, sniffed, length)) = became {
                    (*mime, *size) = (Some(sniffed.to_owned()), Some(length));
                }
            }
        }
        tx.set_content(&message, &content).await?;
        tx.tell(Told::Message { thread: row.thread_id, message: message.0 });
    }
    tx.commit(now).await
}

/// What the platform calls the person, and their picture.
pub(super) async fn profile(gateway: &Arc<Gateway>, id: &IdentityId) -> Result<Tried> {
    let row = gateway.db.read().await?.identity(id).await?;
    let Some(live) = gateway.inboxes.get(&row.inbox_id.as_str().into()) else { return Ok(Tried::Done) };
    match live.connector.profile(&row.address.as_str().into()).await {
        Ok(Some(profile)) => {
            let picture = match &profile.avatar {
                Some(source) => avatar::fetch(gateway, &live, source).await,
                None => None,
            };
            let now = gateway.clock.now();
            let mut tx = gateway.db.begin().await?;
            if let Some(name) = profile.name {
                tx.name_identity(id, &name, now).await?;
            }
            if let Some(picture) = picture {
                tx.add_file(&picture).await?;
                tx.set_avatar(id, &picture.id.as_str().into()).await?;
            }
            let thread = tx.thread_of(&row.customer_id.as_str().into()).await?.id;
            tx.tell(Told::Thread { thread });
            tx.commit(now).await?;
            Ok(Tried::Done)
        }
        Ok(None) | Err(FetchError::Gone | FetchError::TooLarge) => Ok(Tried::Done),
        Err(FetchError::Unreachable(why)) => Ok(Tried::Again { why, most: 5 }),
    }
}

/// Ask the order source; then the bot answers the message that asked, if it still may.
pub(super) async fn order(gateway: &Arc<Gateway>, job: &JobRow) -> Result<Tried> {
    let Ok(pending) = serde_json::from_value::<Pending>(job.payload.0.clone()) else { return Ok(Tried::Done) };
    match crate::orders::fetch(gateway, &pending.code).await {
        Ok(found) => answer(gateway, &pending, Ok(found), &job.id).await.map(|()| Tried::Done),
        Err(error) if error.is_passing() && job.attempts < ORDER_TRIES => {
            Ok(Tried::Again { why: error.to_string(), most: ORDER_TRIES })
        }
        Err(error) => {
            tracing::warn!(code = pending.code, %error, "the order source did not answer");
            answer(gateway, &pending, Err(error), &job.id).await.map(|()| Tried::Done)
        }
    }
}

/// The job ends in the same transaction: a crash after it must not answer twice.
async fn answer(
    gateway: &Arc<Gateway>,
    pending: &Pending,
    found: std::result::Result<Option<Order>, SourceError>,
    job: &str,
) -> Result<()> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    if let Ok(Some(order)) = &found {
        tx.keep_fetched_order(order, now).await?;
    }
    tx.finish_job(job).await?;
    let id: IdentityId = pending.identity.as_str().into();
    let customer = tx.identity(&id).await?.customer_id;
    let thread = tx.thread_of(&customer.into()).await?.id;
    // Held, or an agent could take it between the look at the lease and the answer.
    let thread = tx.hold_thread(&thread.into()).await?;
    let identity = tx.identity(&id).await?;
    let may_speak = thread.lease_number == pending.lease_number && identity.customer_id == thread.customer_id;
    let live = gateway.inboxes.get(&identity.inbox_id.as_str().into());
    if let (Some(live), true) = (live, may_speak) {
        let mut turn = TurnAt {
            gateway,
            tx: &mut tx,
            live: &live,
            thread: thread.id.as_str().into(),
            identity: identity.id.as_str().into(),
            message: pending.message.as_str().into(),
            now,
            looked_up: [pending.code.clone()].into(),
            unanswered: found.is_err().then(|| pending.code.clone()).into_iter().collect(),
        };
        let said = Said {
            text: &pending.text,
            payload: pending.payload.as_deref(),
            shared_phone: pending.shared_phone.as_ref().map(|(phone, own)| (phone.as_str(), *own)),
            attachments: pending.attachments,
            unsupported: false,
            ahead: None,
        };
        turn.take(said).await?;
    }
    tx.commit(now).await?;
    gateway.bells.parcels.notify_one();
    Ok(())
}
