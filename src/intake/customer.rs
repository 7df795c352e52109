//! What customers do, and what it does to their thread.

use super::understand::Event;
use crate::answering::{self, Said as Heard};
use crate::jobs;
use crate::threads;
use onethread_core::channel::{InboundAttachment, Said, What};
use onethread_core::ids::{FileId, IdentityId, MessageId, PlatformMessageId};
use onethread_core::message::{Attachment, Author, ButtonAction, Content, FileKind, FileState, Status};
use onethread_core::phone;
use onethread_core::thread::Move;
use onethread_store::customers::Recognised;
use onethread_store::files::FileRow;
use onethread_store::live::Told;
use onethread_store::messages::{NewMessage, Reaction};
use onethread_store::{StoreError, Tx};
use serde_json::json;

type Done = Result<(), StoreError>;

/// A message: appended, and answered by the bot while it holds the thread.
pub async fn says(event: &mut Event<'_>, said: &Said) -> Done {
    let who = recognise(event).await?;
    let id = MessageId::fresh(event.received_at);
    let attachments = take_attachments(event, &said.attachments, &id).await?;
    let reply_to = match &said.reply_to {
        Some(platform_id) => event.tx.message_by_platform_id(&identity_of(&who), platform_id.as_str()).await?,
        None => None,
    };
    let content = Content { text: said.text.clone(), attachments, ..Content::default() };
    let message = NewMessage { reply_to, unsupported: said.unsupported.clone(), ..incoming(event, &who, id, content) };
    append(event, &who, &message, Some(&said.message)).await?;
    let heard = Heard {
        text: &said.text,
        payload: said.payload.as_deref(),
        attachments: message.content.attachments.iter().filter(|attachment| asks_for_an_answer(attachment)).count(),
        unsupported: said.unsupported.is_some(),
        ahead: event.ahead,
        ..Heard::default()
    };
    answering::answer(event, &who, &message.id, heard).await
}

/// Nobody expects an answer to a sticker.
fn asks_for_an_answer(attachment: &Attachment) -> bool {
    !matches!(attachment, Attachment::File { kind: FileKind::Sticker, .. })
}

/// A button: shown as what it says, understood as what it sends.
pub async fn presses(event: &mut Event<'_>, of: Option<&PlatformMessageId>, payload: &str, label: Option<&str>) -> Done {
    let who = recognise(event).await?;
    let known = match of {
        Some(platform_id) => event.tx.message_by_platform_id(&identity_of(&who), platform_id.as_str()).await?,
        None => None,
    };
    let label = match (label, &known) {
        (Some(label), _) => label.to_owned(),
        (None, Some(id)) => label_of(&event.tx.message(id).await?.content.0, payload),
        (None, None) => payload.to_owned(),
    };
    let id = MessageId::fresh(event.received_at);
    let message = NewMessage { reply_to: known, ..incoming(event, &who, id, Content::text(&label)) };
    append(event, &who, &message, None).await?;
    answering::answer(event, &who, &message.id, Heard { text: &label, payload: Some(payload), ..Heard::default() }).await
}

fn label_of(content: &Content, payload: &str) -> String {
    let pressed = content.buttons.iter().find(|button| matches!(&button.action, ButtonAction::Payload(p) if p == payload));
    pressed.map_or_else(|| payload.to_owned(), |button| button.label.clone())
}

/// A phone number through the platform's own control. Only one that the platform vouches for proves anything.
pub async fn shares_phone(
    event: &mut Event<'_>,
    platform_id: Option<&PlatformMessageId>,
    typed: &str,
    own: bool,
    name: Option<&str>,
) -> Done {
    let who = recognise(event).await?;
    let folded = phone::fold(typed);
    if let (true, Some(folded)) = (own, &folded) {
        event.tx.verify_phone(&identity_of(&who), folded, event.received_at).await?;
    }
    let contact = Attachment::Contact { name: name.map(str::to_owned), phone: folded.unwrap_or_else(|| typed.to_owned()) };
    let content = Content { attachments: vec![contact], ..Content::default() };
    let message = incoming(event, &who, MessageId::fresh(event.received_at), content);
    append(event, &who, &message, platform_id).await?;
    answering::answer(event, &who, &message.id, Heard { shared_phone: Some((typed, own)), ..Heard::default() }).await
}

/// Came in by a link or the start button: noted, and greeted.
pub async fn starts(event: &mut Event<'_>, platform_id: Option<&PlatformMessageId>, reference: Option<&str>) -> Done {
    let who = recognise(event).await?;
    let line = json!({ "type": "started", "reference": reference });
    let message = note_down(event, &who, line).await?;
    if let Some(platform_id) = platform_id {
        event.tx.link_platform_id(&identity_of(&who), platform_id.as_str(), &message).await?;
    }
    answering::answer(event, &who, &message, Heard { payload: Some("start"), ..Heard::default() }).await
}

/// Something worth a line in the thread and no answer. Who turns away does not invite an answer.
pub async fn does(event: &mut Event<'_>, what: &str) -> Done {
    let turned_away = event.inbound.what == What::Unfollowed;
    let who = if turned_away { meet(event).await? } else { recognise(event).await? };
    note_down(event, &who, json!({ "type": what })).await?;
    Ok(())
}

pub async fn blocks(event: &mut Event<'_>, blocked: bool) -> Done {
    let who = if blocked { meet(event).await? } else { recognise(event).await? };
    event.tx.set_blocked(&identity_of(&who), blocked.then_some(event.received_at)).await?;
    let what = if blocked { "customer_blocked" } else { "customer_unblocked" };
    note_down(event, &who, json!({ "type": what })).await?;
    Ok(())
}

pub async fn edits(event: &mut Event<'_>, platform_id: &PlatformMessageId, text: &str) -> Done {
    let Some(id) = meant(event, platform_id).await? else { return Ok(()) };
    let row = event.tx.message(&id).await?;
    let at = event.at();
    // Edits may overtake each other.
    let overtaken = row.edited_at.is_some_and(|edited| edited > at);
    if overtaken || row.content.text == text || row.author.0 != Author::Customer {
        return Ok(());
    }
    let content = Content { text: text.to_owned(), ..row.content.0 };
    event.tx.edit_message(&id, &content, at).await?;
    tell_of(event, &id).await
}

pub async fn deletes(event: &mut Event<'_>, platform_id: &PlatformMessageId) -> Done {
    let Some(id) = meant(event, platform_id).await? else { return Ok(()) };
    let at = event.at();
    event.tx.delete_message(&id, at).await?;
    tell_of(event, &id).await
}

pub async fn reacts(event: &mut Event<'_>, platform_id: &PlatformMessageId, emoji: &str, removed: bool) -> Done {
    let Some(id) = meant(event, platform_id).await? else { return Ok(()) };
    let mut reactions = event.tx.message(&id).await?.reactions.0;
    let same = |reaction: &Reaction| reaction.by == "customer" && (emoji.is_empty() || reaction.emoji == emoji);
    reactions.retain(|reaction| !same(reaction));
    if !removed {
        reactions.push(Reaction { emoji: emoji.to_owned(), by: "customer".into() });
        if event.live.capabilities.reaction_opens {
            recognise(event).await?;
        }
    }
    event.tx.set_reactions(&id, &reactions).await?;
    tell_of(event, &id).await
}

pub async fn types(event: &mut Event<'_>) -> Done {
    if let Some(identity) = event.tx.identity_at(&event.live.id, event.inbound.from.user.as_str()).await? {
        let thread = event.tx.thread_of(&identity.customer_id.as_str().into()).await?;
        event.after.typing.push((thread.id.into(), identity.id.into()));
    }
    Ok(())
}

// ------------------------------------------------------------------- the parts

/// Who it is; their window starts anew.
async fn recognise(event: &mut Event<'_>) -> Result<Recognised, StoreError> {
    let who = meet(event).await?;
    let at = event.at();
    event.tx.heard_from(&identity_of(&who), at).await?;
    Ok(who)
}

/// Who it is.
async fn meet(event: &mut Event<'_>) -> Result<Recognised, StoreError> {
    let (inbox, channel) = (event.live.id.clone(), event.live.channel.kind());
    let who = event.tx.recognise(&inbox, channel, &event.inbound.from, event.received_at).await?;
    let identity = identity_of(&who);
    if let (Some(name), true) = (&event.inbound.from.name, who.identity.name != event.inbound.from.name) {
        event.tx.name_identity(&identity, name, event.received_at).await?;
    }
    if who.new && event.live.capabilities.profiles {
        jobs::queue_profile(event.tx, &identity, event.received_at);
        event.after.jobs = true;
    }
    Ok(who)
}

fn identity_of(who: &Recognised) -> IdentityId {
    who.identity.id.as_str().into()
}

fn incoming(event: &Event<'_>, who: &Recognised, id: MessageId, content: Content) -> NewMessage {
    NewMessage {
        identity: Some(identity_of(who)),
        channel: Some(who.identity.channel.clone()),
        platform_at: event.inbound.at,
        ..NewMessage::new(id, Author::Customer, content, Status::Received)
    }
}

async fn append(event: &mut Event<'_>, who: &Recognised, message: &NewMessage, platform_id: Option<&PlatformMessageId>) -> Done {
    let thread = who.thread.id.as_str().into();
    event.tx.append(&thread, message, event.received_at).await?;
    if let Some(platform_id) = platform_id {
        event.tx.link_platform_id(&identity_of(who), platform_id.as_str(), &message.id).await?;
    }
    event.tx.note_identity(&thread, &identity_of(who)).await?;
    threads::advance(event.tx, &who.thread, &Move::CustomerSpoke, event.received_at).await?;
    tell(event.tx, &who.thread.id, message.id.as_str());
    Ok(())
}

async fn note_down(event: &mut Event<'_>, who: &Recognised, line: serde_json::Value) -> Result<MessageId, StoreError> {
    let thread = who.thread.id.as_str().into();
    threads::note_event(event.tx, &thread, Some(&identity_of(who)), line, event.received_at).await
}

/// The message of ours or theirs that a platform's id means. `None`: it has not come yet, and the event waits for it.
async fn meant(event: &mut Event<'_>, platform_id: &PlatformMessageId) -> Result<Option<MessageId>, StoreError> {
    if let Some(row) = event.tx.identity_at(&event.live.id, event.inbound.from.user.as_str()).await? {
        let found = event.tx.message_by_platform_id(&row.id.into(), platform_id.as_str()).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    event.wait_for(platform_id.as_str()).await?;
    Ok(None)
}

async fn tell_of(event: &mut Event<'_>, id: &MessageId) -> Done {
    let thread = event.tx.message(id).await?.thread_id;
    tell(event.tx, &thread, id.as_str());
    Ok(())
}

fn tell(tx: &mut Tx, thread: &str, message: &str) {
    tx.tell(Told::Message { thread: thread.to_owned(), message: message.to_owned() });
    tx.tell(Told::Thread { thread: thread.to_owned() });
}

/// What came with a message, whoever sent it; files are fetched before the platform's links expire.
pub(super) async fn take_attachments(
    event: &mut Event<'_>,
    came: &[InboundAttachment],
    message: &MessageId,
) -> Result<Vec<Attachment>, StoreError> {
    let mut taken = Vec::with_capacity(came.len());
    for attachment in came {
        taken.push(match attachment {
            InboundAttachment::File { .. } => take_file(event, attachment, message).await?,
            InboundAttachment::Location { latitude, longitude, title } => {
                Attachment::Location { latitude: *latitude, longitude: *longitude, title: title.clone() }
            }
            InboundAttachment::Contact { name, phone } => Attachment::Contact { name: name.clone(), phone: phone.clone() },
            InboundAttachment::Link { url, title } => Attachment::Link { url: url.clone(), title: title.clone() },
        });
    }
    Ok(taken)
}

/// The platform's link expires: the file is fetched right after this transaction.
async fn take_file(event: &mut Event<'_>, came: &InboundAttachment, message: &MessageId) -> Result<Attachment, StoreError> {
    let InboundAttachment::File { kind, source, name, mime, size } = came else {
        return Err(StoreError::Conflict("not a file"));
    };
    let id = FileId::fresh(event.received_at);
    let row = FileRow {
        id: id.0.clone(),
        kind: crate::media::kind_word(*kind).to_owned(),
        name: name.clone(),
        mime: mime.clone(),
        size: *size,
        state: "fetching".into(),
        inbox_id: Some(event.live.id.0.clone()),
        source: Some(source.0.clone()),
        message_id: Some(message.0.clone()),
        created_at: event.received_at,
    };
    event.tx.add_file(&row).await?;
    jobs::queue_fetch(event.tx, &id, event.received_at);
    event.after.jobs = true;
    Ok(Attachment::File { id, kind: *kind, name: name.clone(), mime: mime.clone(), size: *size, state: FileState::Fetching })
}
