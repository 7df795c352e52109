//! What becomes of our own messages: echoes, and people who answer in the
//! platform's own inbox. Receipts, and echoes that say which parcel they are
//! of, are seen to together, in [`super::fates`].

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
use onethread_store::outbox::{End, Fate, UnderWay};
use serde_json::json;

type Done = Result<(), StoreError>;

/// The platform shows us our own message: it went out, whatever the answer to the call was.
pub(super) async fn echoed(
    event: &mut Event<'_>,
    platform_id: &PlatformMessageId,
    key: Option<&str>,
    text: Option<&str>,
) -> Done {
    let Some(parcel) = which_parcel(event, platform_id, key, text).await? else { return Ok(()) };
    let (message, identity) = event.tx.parcel(&parcel).await?;
    event.tx.link_platform_id(&identity, platform_id.as_str(), &message).await?;
    let at = event.received_at;
    event.tx.end_parcel(&parcel, End::Sent, Some(platform_id.as_str()), None, at).await?;
    event.after.parcels |= crate::outbox::went_after_all(event.tx, &message, at).await?;
    Ok(())
}

/// The clocks of processes that share a database may differ by so much.
const CLOCKS_DIFFER_BY: i64 = 5_000;

/// By the key where the platform carries it, else by what it says: the only one that nobody knows the fate of and that
/// says the same. Whatever else may still become of one that says the same is waited for. Which of two with an unknown
/// fate it is cannot be told, by no clock: they stay as they are, for a person to decide.
async fn which_parcel(
    event: &mut Event<'_>,
    platform_id: &PlatformMessageId,
    key: Option<&str>,
    text: Option<&str>,
) -> Result<Option<String>, StoreError> {
    if let Some(key) = key {
        let Some(parcel) = event.tx.parcels_of_keys(&[key]).await?.pop() else { return Ok(None) };
        // A copy of what was seen to already must not give up or resume once more what follows, unless an agent is having
        // it sent again.
        let open = matches!(parcel.state.as_str(), "queued" | "uncertain");
        let identity = IdentityId(parcel.identity_id);
        let known = !open && event.tx.message_by_platform_id(&identity, platform_id.as_str()).await?.is_some();
        return Ok((!known).then(|| key.to_owned()));
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
    let equal = under_way.into_iter().filter(|one| says(&one.part, text)).collect();
    match meant(equal, event.received_at) {
        Meant::This(parcel) => Ok(Some(parcel)),
        Meant::Later => {
            event.wait_for("").await?;
            Ok(None)
        }
        Meant::Unknown => Ok(None),
    }
}

/// Which parcel an echo shows.
#[derive(Debug, PartialEq, Eq)]
enum Meant {
    This(String),
    /// One has an answer yet to come: it tells the id of that one, or leaves its fate open.
    Later,
    Unknown,
}

/// Of parcels that say what an echo shows, which came at this instant of our own clock.
fn meant(mut equal: Vec<UnderWay>, received_at: i64) -> Meant {
    equal.retain(|one| one.since <= received_at + CLOCKS_DIFFER_BY);
    if equal.iter().any(|one| one.fate == Fate::Open) {
        return Meant::Later;
    }
    match equal.as_slice() {
        [only] => Meant::This(only.id.clone()),
        _ => Meant::Unknown,
    }
}

/// Whether a part of ours is what the platform shows. One without words could be anything that the account sent.
fn says(part: &Part, shown: Option<&str>) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = match part {
        Part::Text { text, .. } => Some(text.as_str()),
        Part::File { caption, .. } => caption.as_deref(),
    };
    said.zip(shown).is_some_and(|(said, shown)| squeezed(said) == squeezed(shown))
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
    use onethread_store::Json;

    fn parcel(id: &str, since: i64, fate: Fate) -> UnderWay {
        UnderWay {
            id: id.into(),
            part: Json(Part::Text { text: "dạ".into(), buttons: Vec::new(), ask_phone: None }),
            since,
            fate,
        }
    }

    #[test]
    fn an_echo_without_a_key_is_of_the_only_one_whose_fate_nobody_knows() {
        let lost = || parcel("answer lost", 100_000, Fate::Unknown);
        assert_eq!(meant(vec![lost()], 100_300), Meant::This("answer lost".into()));
        assert_eq!(meant(vec![lost()], 96_000), Meant::This("answer lost".into()), "another process' clock");
        assert_eq!(meant(vec![lost()], 90_000), Meant::Unknown, "it came before that was handed over");
        assert_eq!(meant(vec![], 100_000), Meant::Unknown);
        let later = parcel("later", 110_000, Fate::Unknown);
        assert_eq!(meant(vec![later, lost()], 100_300), Meant::This("answer lost".into()));
    }

    #[test]
    fn it_waits_for_what_is_still_open_and_never_guesses() {
        let killed = |id, since| parcel(id, since, Fate::Unknown);
        let both = vec![killed("never handed over", 102_000), killed("slowly taken", 100_000)];
        assert_eq!(meant(both, 106_000), Meant::Unknown, "no clock tells which of them arrived");
        let next = parcel("next", 100_800, Fate::Open);
        assert_eq!(meant(vec![next.clone(), killed("answer lost", 100_000)], 100_900), Meant::Later);
        assert_eq!(meant(vec![next], 100_900), Meant::Later, "its own answer says more");
    }
}
