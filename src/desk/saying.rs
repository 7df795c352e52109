//! What agents say, and what becomes of messages that did not get through.

use super::{Actor, Barred, DeskError};
use crate::gateway::Gateway;
use crate::inboxes::Live;
use crate::outbox::{self, Way};
use crate::threads;
use onethread_core::Millis;
use onethread_core::channel::Voice;
use onethread_core::clock::HOUR;
use onethread_core::ids::{CustomerId, FileId, IdentityId, MessageId, ThreadId};
use onethread_core::message::{Attachment, Author, Content, FileKind, FileState, Status};
use onethread_core::thread::Move;
use onethread_core::window::{Reach, reach, uses_quota};
use onethread_store::customers::IdentityRow;
use onethread_store::live::Told;
use onethread_store::messages::NewMessage;
use onethread_store::threads::ThreadRow;
use onethread_store::{StoreError, Tx};
use serde_json::json;

const TEXT_MOST: usize = 20_000;
/// For so long "nothing is left" is believed: the owner may have topped it up since.
pub const QUOTA_TRUSTED: Millis = HOUR;

/// What an agent wants to say.
#[derive(Debug, Clone, Default)]
pub struct Saying {
    pub text: String,
    /// Where to; by default where the customer last wrote.
    pub identity_id: Option<IdentityId>,
    /// The same again is the same message.
    pub client_id: Option<String>,
    /// For colleagues only.
    pub note: bool,
    pub attachments: Vec<FileId>,
    pub reply_to: Option<MessageId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub message_id: MessageId,
    /// `false`: this client said it already.
    pub fresh: bool,
}

/// Say it: appended and queued in one transaction. Answering takes the thread; a note never does.
pub async fn say(gateway: &Gateway, thread: &ThreadId, saying: Saying, actor: &Actor) -> Result<Said, DeskError> {
    if saying.text.trim().is_empty() && saying.attachments.is_empty() {
        return Err(DeskError::Empty);
    }
    if saying.text.chars().count() > TEXT_MOST {
        return Err(DeskError::TooLong);
    }
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let row = tx.hold_thread(thread).await?;
    if let Some(client_id) = &saying.client_id
        && let Some(said) = tx.message_by_client_id(thread, client_id).await?
    {
        // Whoever said it the first time may not have waited until it was durable.
        tx.commit(now).await?;
        return Ok(Said { message_id: said.id.into(), fresh: false });
    }
    let id = MessageId::fresh(now);
    let attachments = attach(&mut tx, &saying.attachments, &id).await?;
    let author = Author::Agent { id: Some(actor.id().clone()), name: Some(actor.name().to_owned()) };
    let content = Content { text: saying.text.clone(), attachments, ..Content::default() };
    let status = if saying.note { Status::Received } else { Status::Queued };
    let message = NewMessage {
        note: saying.note,
        client_id: saying.client_id.clone(),
        reply_to: saying.reply_to.clone(),
        ..NewMessage::new(id, author, content, status)
    };
    if saying.note {
        tx.append(thread, &message, now).await?;
    } else {
        answer(gateway, &mut tx, &row, &saying, message.clone(), actor, now).await?;
    }
    tx.tell(Told::Message { thread: thread.0.clone(), message: message.id.0.clone() });
    tx.tell(Told::Thread { thread: thread.0.clone() });
    tx.commit(now).await?;
    gateway.bells.parcels.notify_one();
    Ok(Said { message_id: message.id, fresh: true })
}

async fn answer(
    gateway: &Gateway,
    tx: &mut Tx,
    row: &ThreadRow,
    saying: &Saying,
    message: NewMessage,
    actor: &Actor,
    now: Millis,
) -> Result<(), DeskError> {
    let thread: ThreadId = row.id.as_str().into();
    let to =
        saying.identity_id.as_ref().map(|id| id.0.clone()).or_else(|| row.last_identity_id.clone()).ok_or(DeskError::Nobody)?;
    let identity = tx.identity(&to.into()).await?;
    if identity.customer_id != row.customer_id {
        return Err(DeskError::Stranger);
    }
    let live = refuse_unreachable(gateway, tx, &identity, now).await?;
    refuse_files(&live, &message.content)?;
    if row.assignee_id.as_deref() != Some(actor.id().as_str()) {
        threads::try_advance(tx, row, &Move::Take(actor.id().clone()), now).await??;
        let line = json!({ "type": "taken", "agent": { "id": actor.id(), "name": actor.name() } });
        threads::note_event(tx, &thread, None, line, now).await?;
    }
    let row = tx.thread(&thread).await?;
    threads::advance(tx, &row, &Move::PersonSpoke, now).await?;
    let identity_id: IdentityId = identity.id.as_str().into();
    let message = NewMessage { identity: Some(identity_id.clone()), channel: Some(identity.channel), ..message };
    tx.append(&thread, &message, now).await?;
    let reply_to = match &message.reply_to {
        Some(of) => tx.platform_id_of(&identity_id, of).await?,
        None => None,
    };
    let way = Way { identity: &identity_id, live: &live, words_of: outbox::WordsOf::agent(actor), reply_to };
    outbox::queue(tx, &message, &way, now);
    Ok(())
}

/// A file that the channel does not take, or not so large.
fn refuse_files(live: &Live, content: &Content) -> Result<(), DeskError> {
    for attachment in &content.attachments {
        let Attachment::File { name, mime, size, .. } = attachment else { continue };
        let mime = mime.as_deref().unwrap_or("application/octet-stream");
        let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        live.capabilities.takes_file(mime, size).map_err(|reason| {
            let name = name.clone().unwrap_or_else(|| "file".to_owned());
            DeskError::BadFile { name, reason }
        })?;
    }
    Ok(())
}

/// What cannot succeed is refused before it is queued, with the other open ways.
async fn refuse_unreachable(
    gateway: &Gateway,
    tx: &mut Tx,
    identity: &IdentityRow,
    now: Millis,
) -> Result<std::sync::Arc<Live>, DeskError> {
    let spent = match reachable(gateway, identity, now) {
        Ok((live, _)) => quota_spent(tx, &live, identity, now).await?.map_or(Ok(live), Err),
        Err(barred) => Err(barred),
    };
    match spent {
        Ok(live) => Ok(live),
        Err(barred) => {
            let customer: CustomerId = identity.customer_id.as_str().into();
            let others = tx.identities_of(&customer).await?;
            let open = others.into_iter().filter(|other| other.id != identity.id && reachable(gateway, other, now).is_ok());
            Err(DeskError::CannotReach { barred, alternatives: open.map(|other| other.id.into()).collect() })
        }
    }
}

/// Nothing is left of the account's quota, and this message would need some. Why, for agents.
async fn quota_spent(tx: &mut Tx, live: &Live, identity: &IdentityRow, now: Millis) -> Result<Option<Barred>, StoreError> {
    if !uses_quota(&live.capabilities.windows, identity.last_interaction_at, Voice::Person, now) {
        return Ok(None);
    }
    let quota = tx.quota_of(&live.id).await?.filter(|quota| quota.remaining <= 0 && now - quota.noted_at < QUOTA_TRUSTED);
    Ok(quota.map(|_| {
        let why = "the account's message quota is used up, and the free window of this customer is over; \
                   they can be answered once they write again, or an hour after the quota was topped up";
        Barred::new("quota_used_up", why)
    }))
}

/// Can a person write to this identity now? The reason is for agents.
pub fn reachable(gateway: &Gateway, identity: &IdentityRow, now: Millis) -> Result<(std::sync::Arc<Live>, Reach), Barred> {
    let live = gateway.inboxes.get(&identity.inbox_id.as_str().into());
    let live = live.ok_or_else(|| Barred::new("inbox_disabled", "this inbox is disabled; an admin can enable it again"))?;
    if identity.blocked_at.is_some() {
        return Err(Barred::new("blocked", "the customer has blocked this inbox; they can be reached again once they write"));
    }
    match reach(&live.capabilities.windows, identity.last_interaction_at, Voice::Person, now) {
        Reach::Closed { .. } => {
            let why = "too long since the customer last wrote here; the platform's window is closed";
            Err(Barred::new("window_closed", why))
        }
        reach => Ok((live, reach)),
    }
}

async fn attach(tx: &mut Tx, files: &[FileId], message: &MessageId) -> Result<Vec<Attachment>, DeskError> {
    let mut attachments = Vec::with_capacity(files.len());
    for id in files {
        let row = match tx.file(id).await {
            Ok(row) if row.state == "stored" => row,
            Ok(_) | Err(StoreError::Missing(_)) => return Err(DeskError::NoSuchFile(id.0.clone())),
            Err(error) => return Err(error.into()),
        };
        if !tx.attach_file(id, message.as_str()).await? {
            return Err(DeskError::NoSuchFile(id.0.clone()));
        }
        let kind = row.mime.as_deref().map_or(FileKind::File, FileKind::of_mime);
        attachments.push(Attachment::File {
            id: id.clone(),
            kind,
            name: row.name,
            mime: row.mime,
            size: row.size,
            state: FileState::Stored,
        });
    }
    Ok(attachments)
}

/// Send a failed or uncertain message again. Its status tells only what the platform says next.
pub async fn retry(gateway: &Gateway, message: &MessageId, _actor: &Actor) -> Result<(), DeskError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let row = tx.message(message).await?;
    if tx.retry_parcels_of(message, now).await? == 0 {
        return Err(DeskError::NothingToRetry);
    }
    if let Some(identity) = &row.identity_id {
        let id: IdentityId = identity.as_str().into();
        // A block is what a platform said last time; whoever says "again" wants to hear it anew.
        tx.set_blocked(&id, None).await?;
        let identity = tx.identity(&id).await?;
        refuse_unreachable(gateway, &mut tx, &identity, now).await?;
    }
    tx.set_status(message, Status::Queued, None).await?;
    tx.tell(Told::Message { thread: row.thread_id, message: message.0.clone() });
    tx.commit(now).await?;
    gateway.bells.parcels.notify_one();
    Ok(())
}

/// An agent knows that an uncertain message arrived.
pub async fn arrived(gateway: &Gateway, message: &MessageId, _actor: &Actor) -> Result<(), DeskError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    tx.message(message).await?;
    if tx.believe_parcels_of(message, now).await? == 0 {
        return Err(DeskError::NotUncertain);
    }
    crate::outbox::went_after_all(&mut tx, message, now).await?;
    tx.commit(now).await?;
    gateway.bells.parcels.notify_one();
    Ok(())
}
