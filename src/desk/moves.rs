//! Who holds a thread.

use super::{Actor, DeskError};
use crate::gateway::Gateway;
use crate::threads;
use onethread_core::channel::Signal;
use onethread_core::ids::{AgentId, IdentityId, ThreadId};
use onethread_core::thread::Move;
use onethread_store::live::Told;
use serde_json::{Value, json};

type Done = Result<(), DeskError>;

fn named(actor: &Actor) -> Value {
    json!({ "id": actor.id(), "name": actor.name() })
}

/// The actor holds the thread from now on. Taking what is theirs already changes nothing.
pub async fn take(gateway: &Gateway, thread: &ThreadId, actor: &Actor) -> Done {
    let line = json!({ "type": "taken", "agent": named(actor) });
    match shift(gateway, thread, &Move::Take(actor.id().clone()), line).await {
        Err(DeskError::CannotMove(onethread_core::thread::CannotMove::AlreadyTheirs)) => Ok(()),
        done => done,
    }
}

/// Give the thread to an agent.
pub async fn assign(gateway: &Gateway, thread: &ThreadId, to: &AgentId, actor: &Actor) -> Done {
    let agent = gateway.db.read().await?.agent(to).await?;
    if agent.disabled {
        return Err(DeskError::AgentDisabled);
    }
    let line = json!({ "type": "assigned", "agent": { "id": agent.id, "name": agent.name }, "by": named(actor) });
    shift(gateway, thread, &Move::Assign(to.clone()), line).await
}

/// Back to the queue.
pub async fn release(gateway: &Gateway, thread: &ThreadId, actor: &Actor) -> Done {
    shift(gateway, thread, &Move::Release, json!({ "type": "released", "agent": named(actor) })).await
}

/// Done: the bot speaks again and remembers nothing from before.
pub async fn resolve(gateway: &Gateway, thread: &ThreadId, actor: &Actor) -> Done {
    shift(gateway, thread, &Move::Resolve, json!({ "type": "resolved", "agent": named(actor) })).await
}

/// Not done, but the bot may go on.
pub async fn return_to_bot(gateway: &Gateway, thread: &ThreadId, actor: &Actor) -> Done {
    shift(gateway, thread, &Move::ReturnToBot, json!({ "type": "returned_to_bot", "agent": named(actor) })).await
}

async fn shift(gateway: &Gateway, thread: &ThreadId, by: &Move, line: Value) -> Done {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let row = tx.hold_thread(thread).await?;
    threads::try_advance(&mut tx, &row, by, now).await??;
    threads::note_event(&mut tx, thread, None, line, now).await?;
    tx.commit(now).await?;
    Ok(())
}

/// The actor has seen the thread up to `seq`; where the channel can, so does the customer see that.
pub async fn seen(gateway: &Gateway, thread: &ThreadId, seq: i64, _actor: &Actor) -> Done {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    if !tx.mark_seen(thread, seq).await? {
        return Ok(());
    }
    let last = match tx.thread(thread).await?.last_identity_id {
        Some(id) => Some(tx.identity(&id.into()).await?),
        None => None,
    };
    tx.tell(Told::Thread { thread: thread.0.clone() });
    tx.commit(now).await?;
    if let Some(identity) = last
        && let Some(live) = gateway.inboxes.get(&identity.inbox_id.as_str().into())
    {
        gateway.tasks.spawn_until_stop("seen", async move {
            live.connector.signal(&identity.address.as_str().into(), Signal::Seen { message: None }).await;
        });
    }
    Ok(())
}

/// Show the customer that somebody is typing, where the channel can.
pub async fn typing(gateway: &Gateway, thread: &ThreadId, identity: Option<&IdentityId>) -> Done {
    let mut conn = gateway.db.read().await?;
    let row = conn.thread(thread).await?;
    let Some(identity) = identity.map(|id| id.0.clone()).or(row.last_identity_id) else { return Ok(()) };
    let identity = conn.identity(&identity.into()).await?;
    if identity.customer_id != row.customer_id {
        return Err(DeskError::Stranger);
    }
    if let Some(live) = gateway.inboxes.get(&identity.inbox_id.as_str().into()).filter(|live| live.capabilities.typing) {
        gateway.tasks.spawn_until_stop("typing", async move {
            live.connector.signal(&identity.address.as_str().into(), Signal::Typing).await;
        });
    }
    Ok(())
}
