//! What becomes of our own messages: receipts, echoes, and people who answer
//! in the platform's own inbox.

use super::customer;
use super::understand::Event;
use crate::threads;
use onethread_core::channel::Said;
use onethread_core::ids::{IdentityId, MessageId, PlatformMessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::parts::Part;
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
        // A receipt may overtake the answer to our own call, which is what tells us the id.
        if event.tx.message_by_platform_id(&identity, platform_id.as_str()).await?.is_none() {
            event.wait_for(platform_id.as_str()).await?;
        }
        moved.extend(event.tx.raise_status(&identity, platform_id.as_str(), status).await?);
    }
    if let Some(until) = until {
        if event.tx.is_sending_to(&identity).await? {
            event.wait_for("").await?;
        }
        moved.extend(event.tx.raise_status_until(&identity, until, status).await?);
    }
    for id in moved {
        tell_message(event, &id).await?;
    }
    Ok(())
}

/// The platform shows us our own message: it went out, whatever the answer to the call was.
pub async fn echoed(event: &mut Event<'_>, platform_id: &PlatformMessageId, key: Option<&str>, text: Option<&str>) -> Done {
    let Some(parcel) = which_parcel(event, platform_id, key, text).await? else { return Ok(()) };
    let (message, identity) = event.tx.parcel(&parcel).await?;
    event.tx.link_platform_id(&identity, platform_id.as_str(), &message).await?;
    let at = event.received_at;
    event.tx.end_parcel(&parcel, End::Sent, Some(platform_id.as_str()), None, at).await?;
    event.after.parcels |= crate::outbox::went_after_all(event.tx, &message, at).await?;
    Ok(())
}

/// Platforms' clocks and ours may differ by so much.
const CLOCKS_DIFFER_BY: i64 = 5_000;

/// By the key where the platform carries it, else the newest of those under way to this person that says the
/// same and had been handed over by then: of two equal ones an older may never have arrived.
async fn which_parcel(
    event: &mut Event<'_>,
    platform_id: &PlatformMessageId,
    key: Option<&str>,
    text: Option<&str>,
) -> Result<Option<String>, StoreError> {
    if let Some(key) = key {
        return Ok(event.tx.parcel(key).await.is_ok().then(|| key.to_owned()));
    }
    let Some(row) = event.tx.identity_at(&event.live.id, event.inbound.from.user.as_str()).await? else {
        return Ok(None);
    };
    let identity: IdentityId = row.id.into();
    let under_way = event.tx.parcels_under_way_to(&identity).await?;
    // Asked last: what is settled in between by others would else be in neither answer, and an older one that says the
    // same, and never arrived, be taken for it.
    if event.tx.message_by_platform_id(&identity, platform_id.as_str()).await?.is_some() {
        return Ok(None);
    }
    let equal: Vec<(String, i64)> =
        under_way.into_iter().filter(|(_, part, _)| says(part, text)).map(|(id, _, since)| (id, since)).collect();
    Ok(shown_at(event.at(), &equal))
}

/// Of equal ones, newest first, with when they were handed over, the one that was shown at this instant. The clocks
/// get the blame only where none was handed over shortly before: a late echo of the older of two must not settle the
/// newer, and neither must one that is early by the clock settle what was given up long ago.
fn shown_at(at: i64, equal: &[(String, i64)]) -> Option<String> {
    let newest = |by: i64| equal.iter().find(|(_, since)| *since <= by);
    let found = match newest(at) {
        Some(before) if before.1 >= at - CLOCKS_DIFFER_BY => Some(before),
        _ => newest(at + CLOCKS_DIFFER_BY),
    };
    found.map(|(id, _)| id.clone())
}

/// Whether a part of ours is what the platform shows: the same text, or a file where there is none.
fn says(part: &Part, shown: Option<&str>) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match (part, shown) {
        (Part::Text { text, .. }, Some(shown)) => squeezed(text) == squeezed(shown),
        (Part::File { caption, .. }, Some(shown)) => caption.as_deref().is_some_and(|text| squeezed(text) == squeezed(shown)),
        (Part::File { .. }, None) => true,
        (Part::Text { .. }, None) => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_without_a_key_is_of_the_message_that_was_handed_over_last_before_it() {
        let given_up = ("given up".to_owned(), 1_000);
        let lost = ("answer lost".to_owned(), 100_000);
        let next = ("next".to_owned(), 100_800);
        let all = [next.clone(), lost.clone(), given_up.clone()];
        assert_eq!(shown_at(100_900, &all).as_deref(), Some("next"));
        assert_eq!(shown_at(100_300, &all).as_deref(), Some("answer lost"), "its echo came late");
        assert_eq!(shown_at(99_700, &[lost.clone(), given_up.clone()]).as_deref(), Some("answer lost"), "their clock is behind");
        assert_eq!(shown_at(99_700, &[lost]).as_deref(), Some("answer lost"));
        assert_eq!(shown_at(90_000, &[next, given_up.clone()]).as_deref(), Some("given up"), "the platform took its time");
        let only = [given_up];
        assert_eq!(shown_at(900, &only).as_deref(), Some("given up"));
        assert_eq!(shown_at(-9_000, &only), None, "it is of none that is under way");
    }
}
