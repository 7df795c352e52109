//! What becomes of our own messages: receipts, echoes, and people who answer
//! in the platform's own inbox.

use super::customer;
use super::understand::Event;
use crate::threads;
use onethread_core::channel::Said;
use onethread_core::ids::{IdentityId, MessageId, PlatformMessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::thread::Move;
use onethread_store::StoreError;
use onethread_store::live::Told;
use onethread_store::messages::NewMessage;
use onethread_store::outbox::End;
use serde_json::json;

type Done = Result<(), StoreError>;

/// These messages, and all until then, arrived or were read.
pub async fn arrived(event: &mut Event<'_>, messages: &[PlatformMessageId], until: Option<i64>, read: bool) -> Done {
    let Some(identity) = event.tx.identity_at(&event.live.id, event.inbound.from.user.as_str()).await? else {
        return Ok(());
    };
    let identity: IdentityId = identity.id.into();
    let status = if read { Status::Read } else { Status::Delivered };
    let mut moved = Vec::new();
    for platform_id in messages {
        moved.extend(event.tx.raise_status(&identity, platform_id.as_str(), status).await?);
    }
    if let Some(until) = until {
        moved.extend(event.tx.raise_status_until(&identity, until, status).await?);
    }
    for id in moved {
        tell_message(event, &id).await?;
    }
    Ok(())
}

/// The platform shows us our own message: it went out, whatever the answer to the call was.
pub async fn echoed(event: &mut Event<'_>, platform_id: &PlatformMessageId, key: Option<&str>) -> Done {
    let Some(key) = key else { return Ok(()) };
    let Ok((message, identity)) = event.tx.parcel(key).await else { return Ok(()) };
    event.tx.link_platform_id(&identity, platform_id.as_str(), &message).await?;
    event.tx.end_parcel(key, End::Sent, Some(platform_id.as_str()), None, event.received_at).await?;
    if event.tx.unsent_parcels_of(&message).await? == 0 {
        event.tx.raise_status(&identity, platform_id.as_str(), Status::Sent).await?;
    }
    tell_message(event, &message).await
}

/// A person of the business answered elsewhere: theirs is the thread now, the bot is silent.
pub async fn answered_elsewhere(event: &mut Event<'_>, said: &Said) -> Done {
    let (inbox, channel) = (event.live.id.clone(), event.live.channel.kind());
    let who = event.tx.recognise(&inbox, channel, &event.inbound.from, event.received_at).await?;
    let identity: IdentityId = who.identity.id.as_str().into();
    if event.tx.message_by_platform_id(&identity, said.message.as_str()).await?.is_some() {
        return Ok(());
    }
    let thread: ThreadId = who.thread.id.as_str().into();
    let id = MessageId::fresh(event.received_at);
    let attachments = customer::take_attachments(event, &said.attachments, &id).await?;
    let content = Content { text: said.text.clone(), attachments, ..Content::default() };
    let message = NewMessage {
        identity: Some(identity.clone()),
        channel: Some(who.identity.channel.clone()),
        platform_at: event.inbound.at,
        unsupported: said.unsupported.clone(),
        ..NewMessage::new(id, Author::Agent { id: None, name: None }, content, Status::Sent)
    };
    event.tx.append(&thread, &message, event.received_at).await?;
    event.tx.link_platform_id(&identity, said.message.as_str(), &message.id).await?;
    if threads::advance(event.tx, &who.thread, &Move::AnsweredElsewhere, event.received_at).await? {
        threads::note_event(event.tx, &thread, Some(&identity), json!({ "type": "answered_elsewhere" }), event.received_at)
            .await?;
    }
    tell_message(event, &message.id).await
}

async fn tell_message(event: &mut Event<'_>, id: &MessageId) -> Done {
    let thread = event.tx.message(id).await?.thread_id;
    event.tx.tell(Told::Message { thread: thread.clone(), message: id.0.clone() });
    event.tx.tell(Told::Thread { thread });
    Ok(())
}
