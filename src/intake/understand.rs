//! One stored call becomes events, and each event changes a thread, once.

use super::customer;
use super::ours;
use crate::foresight::Ahead;
use crate::gateway::Gateway;
use crate::inboxes::Live;
use onethread_core::Millis;
use onethread_core::channel::{Inbound, RawCall, Signal, What};
use onethread_core::ids::{IdentityId, InboxId, PlatformUserId, ThreadId};
use onethread_store::sights::{Sight, Stands};
use onethread_store::waiting::Waiting;
use onethread_store::{StoreError, Tx, Writer};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What follows once the transaction is committed; all of it may be lost in a crash.
#[derive(Default)]
pub struct After {
    pub signals: Vec<(Arc<Live>, PlatformUserId, Signal)>,
    pub typing: Vec<(ThreadId, IdentityId)>,
    /// When inboxes were heard from, as it is in the database now.
    pub heard: Vec<(InboxId, Millis)>,
    /// Some wait that are not claimed yet.
    pub parcels: bool,
    pub jobs: bool,
}

impl After {
    pub fn follow(self, gateway: &Arc<Gateway>) {
        if self.parcels {
            gateway.bells.parcels.notify_one();
        }
        if self.jobs {
            gateway.bells.jobs.notify_one();
        }
        for (inbox, at) in self.heard {
            if let Some(live) = gateway.inboxes.get(&inbox) {
                live.note_heard(at);
            }
        }
        for (thread, identity) in self.typing {
            gateway.live.typing(&thread, Some(&identity));
        }
        for (live, user, signal) in self.signals {
            gateway.tasks.spawn("signal", async move { live.connector.signal(&user, signal).await });
        }
    }
}

/// What a stored call turned out to say.
pub struct Understood {
    pub events: Vec<Meant>,
    /// Why it stays as a dead letter, although some of its events may count.
    pub buried: Option<String>,
}

/// One event, and the inbox it is meant for.
pub struct Meant {
    pub live: Arc<Live>,
    pub inbound: Inbound,
    /// What a message means, as far as that can be known before the customer is.
    pub ahead: Option<Ahead>,
}

impl Meant {
    /// Whoever it is from, if it is of a kind that makes somebody known.
    pub fn writer(&self) -> Option<Writer<'_>> {
        let makes_known = !matches!(
            self.inbound.what,
            What::Edited { .. }
                | What::Deleted { .. }
                | What::Reacted { .. }
                | What::Typing
                | What::Delivered { .. }
                | What::Seen { .. }
                | What::EchoedByUs { .. }
        );
        makes_known.then(|| Writer { inbox: &self.live.id, channel: self.live.channel.kind(), sender: &self.inbound.from })
    }

    /// What it shares with its copies. `None`: to take it in twice changes nothing. `alone`: its call brings nothing else.
    /// Where it brings more, a call that is read once more because one event waited must not take in the others again,
    /// which might have it wait again.
    pub fn sight(&self, alone: bool) -> Option<Sight<'_>> {
        let (inbox, inbound) = (&self.live.id, &self.inbound);
        let message = match &inbound.what {
            What::Typing | What::Delivered { .. } | What::Seen { .. } | What::EchoedByUs { key: Some(_), .. } if alone => {
                return None;
            }
            What::Said(said) => {
                let (address, platform_id) = (inbound.from.user.as_str(), said.message.as_str());
                Some(Stands { address, platform_id, at: inbound.at })
            }
            _ => None,
        };
        Some(Sight { inbox, key: &inbound.key, message })
    }

    /// A message that was read already, and where its writer is: inbox and address.
    pub fn read_ahead(&self) -> Option<(&InboxId, &str, &Ahead)> {
        Some((&self.live.id, self.inbound.from.user.as_str(), self.ahead.as_ref()?))
    }
}

/// Read a call. Nothing is stored yet.
pub async fn understand(gateway: &Arc<Gateway>, inbox: &InboxId, call: &RawCall) -> Result<Understood, StoreError> {
    let buried = |reason: String| Understood { events: Vec::new(), buried: Some(reason) };
    let Some(called) = crate::inboxes::find(gateway, inbox).await? else {
        return Ok(buried("the inbox is disabled; enable it and replay".into()));
    };
    let events = match read(&called, call) {
        Ok(events) => events,
        Err(reason) => return Ok(buried(reason)),
    };
    // Another process may have made the inbox just now.
    if !gateway.db.is_sqlite() && events.iter().any(|event| route(gateway, &called, event).is_err()) {
        Box::pin(crate::inboxes::take_up_changes(gateway)).await?;
    }
    let mut understood = Understood { events: Vec::with_capacity(events.len()), buried: None };
    for inbound in events {
        if let What::Strange { why } = inbound.what {
            understood.buried = Some(why);
            continue;
        }
        // One account that nobody added must not hold up the others of the same call; a replay skips what was taken in.
        match route(gateway, &called, &inbound) {
            Ok(live) => {
                let ahead = read_ahead(gateway, &live, &inbound);
                understood.events.push(Meant { live, inbound, ahead });
            }
            Err(reason) => understood.buried = Some(reason),
        }
    }
    Ok(understood)
}

fn read_ahead(gateway: &Gateway, live: &Live, inbound: &Inbound) -> Option<Ahead> {
    let What::Said(said) = &inbound.what else { return None };
    gateway.foresight.read(&gateway.brain, &live.id, &inbound.from.user, &said.text)
}

/// A connector that panics on some body must not take the gateway with it.
fn read(live: &Live, call: &RawCall) -> Result<Vec<Inbound>, String> {
    match catch_unwind(AssertUnwindSafe(|| live.connector.read(call))) {
        Ok(Ok(events)) => Ok(events.into_iter().map(Inbound::without_nul).collect()),
        Ok(Err(unreadable)) => Err(unreadable.to_string().replace('\0', "")),
        Err(_) => Err("the connector failed on this body; this is a bug worth reporting".into()),
    }
}

/// The inbox that the event is meant for: the one that was called, or another of the same app.
fn route(gateway: &Gateway, called: &Arc<Live>, event: &Inbound) -> Result<Arc<Live>, String> {
    let (Some(named), Some(own)) = (&event.account, called.connector.account()) else {
        return Ok(called.clone());
    };
    if *named == own.id {
        return Ok(called.clone());
    }
    gateway.inboxes.of_account(called.channel.kind(), named, &own.app).ok_or_else(|| {
        format!("the event is for the account `{named}`, which no inbox of this app is; add that inbox and replay")
    })
}

/// One event on its way into a thread.
pub struct Event<'a> {
    pub gateway: &'a Arc<Gateway>,
    pub tx: &'a mut Tx,
    /// The inbox it is meant for.
    pub live: &'a Arc<Live>,
    pub inbound: &'a Inbound,
    pub ahead: Option<&'a Ahead>,
    /// The call that brought it.
    pub position: i64,
    pub received_at: i64,
    pub after: &'a mut After,
}

impl Event<'_> {
    /// It came before the message it is about (empty: any that goes out): it is read once more when that comes.
    pub async fn wait_for(&mut self, platform_id: &str) -> Result<(), StoreError> {
        let address = self.inbound.from.user.as_str();
        let (inbox, position, key) = (&self.live.id, self.position, self.inbound.key.as_str());
        self.tx.let_wait(&Waiting { inbox, address, platform_id, position, key }, self.gateway.clock.now()).await
    }

    /// The platform's clock where it is plausible, else ours.
    pub fn at(&self) -> i64 {
        self.inbound.at.filter(|at| *at > 0 && *at <= self.received_at).unwrap_or(self.received_at)
    }
}

/// What the event does to its thread.
pub async fn take_in(event: &mut Event<'_>) -> Result<(), StoreError> {
    match &event.inbound.what {
        What::Said(said) => customer::says(event, said).await,
        What::Pressed { message, payload, label, acknowledge } => {
            if let Some(token) = acknowledge {
                let signal = Signal::Acknowledge { token: token.clone() };
                event.after.signals.push((event.live.clone(), event.inbound.from.user.clone(), signal));
            }
            customer::presses(event, message.as_ref(), payload, label.as_deref()).await
        }
        What::Shared { message, phone, own, name } => {
            customer::shares_phone(event, message.as_ref(), phone, *own, name.as_deref()).await
        }
        What::Started { message, reference } => customer::starts(event, message.as_ref(), reference.as_deref()).await,
        What::Followed => customer::does(event, "followed").await,
        What::Unfollowed => customer::does(event, "unfollowed").await,
        What::Blocked => customer::blocks(event, true).await,
        What::Unblocked => customer::blocks(event, false).await,
        What::Edited { message, text } => customer::edits(event, message, text).await,
        What::Deleted { message } => customer::deletes(event, message).await,
        What::Reacted { message, emoji, removed } => customer::reacts(event, message, emoji, *removed).await,
        What::Typing => customer::types(event).await,
        What::EchoedByHuman(said) => ours::answered_elsewhere(event, said).await,
        // Was put aside, to be seen to with others like it.
        What::Delivered { .. } | What::Seen { .. } | What::EchoedByUs { .. } => Ok(()),
        // Was sorted out before: nobody did it.
        What::Strange { .. } => Ok(()),
    }
}
