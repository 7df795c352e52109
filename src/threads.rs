//! What changes in a thread, whoever changes it: the lease moves by the pure
//! rules, episodes open and close with it, and lines are written down.

use crate::bot::BotContext;
use onethread_core::Millis;
use onethread_core::ids::{HandoffId, IdentityId, MessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::thread::{self, CannotMove, Effect, Move, Speaker};
use onethread_store::live::Told;
use onethread_store::messages::NewMessage;
use onethread_store::threads::{ThreadRow, Unread};
use onethread_store::{Result, Tx};
use serde_json::Value;

/// Move the lease. Answers whether the speaker changed; a move that does not fit changes nothing.
pub async fn advance(tx: &mut Tx, row: &ThreadRow, by: &Move, now: Millis) -> Result<bool> {
    Ok(try_advance(tx, row, by, now).await?.unwrap_or(false))
}

/// The same, telling why a move does not fit.
pub async fn try_advance(tx: &mut Tx, row: &ThreadRow, by: &Move, now: Millis) -> Result<std::result::Result<bool, CannotMove>> {
    let before = row.lease()?;
    let (after, effects) = match thread::advance(&before, by, now) {
        Ok(next) => next,
        Err(cannot) => return Ok(Err(cannot)),
    };
    if after == before {
        return Ok(Ok(false));
    }
    let id: ThreadId = row.id.as_str().into();
    let mut reason = if after.speaker == Speaker::Bot { None } else { row.handoff_reason.clone() };
    for effect in effects {
        match effect {
            Effect::OpenHandoff(why) => {
                tx.open_handoff(&HandoffId::fresh(now), &id, why.as_str(), now).await?;
                reason = Some(why.as_str().to_owned());
            }
            Effect::AssignHandoff(agent) => tx.assign_handoff(&id, &agent, now).await?,
            Effect::CloseHandoff => tx.close_handoff(&id, now).await?,
            Effect::ForgetContext => {
                let context = Unread::new(&BotContext::after_people());
                tx.set_bot_context(&id, context, None).await?;
            }
        }
    }
    tx.set_lease(&id, &after, reason.as_deref()).await?;
    tx.tell(Told::Thread { thread: id.0 });
    Ok(Ok(after.number != before.number))
}

/// Write a line of the system into the thread: what happened, in data; the console words it.
pub async fn note_event(
    tx: &mut Tx,
    thread: &ThreadId,
    identity: Option<&IdentityId>,
    event: Value,
    now: Millis,
) -> Result<MessageId> {
    note_event_as(tx, MessageId::fresh(now), thread, identity, event, now).await
}

/// The same under an id of the caller's.
pub async fn note_event_as(
    tx: &mut Tx,
    id: MessageId,
    thread: &ThreadId,
    identity: Option<&IdentityId>,
    event: Value,
    now: Millis,
) -> Result<MessageId> {
    let message = NewMessage {
        identity: identity.cloned(),
        event: Some(event),
        ..NewMessage::new(id.clone(), Author::System, Content::default(), Status::Received)
    };
    tx.append(thread, &message, now).await?;
    tx.tell(Told::Message { thread: thread.0.clone(), message: id.0.clone() });
    tx.tell(Told::Thread { thread: thread.0.clone() });
    Ok(id)
}
