//! What platforms tell of replies that they took: that they are there, that
//! they arrived and were read. That is more than customers say, so it is put
//! aside and seen to together, in a few statements.

use super::ours;
use super::reader::Call;
use super::understand::{After, Event, Meant};
use crate::gateway::Gateway;
use crate::outbox::went_after_all;
use onethread_core::channel::What;
use onethread_core::ids::{IdentityId, PlatformMessageId};
use onethread_core::message::Status;
use onethread_store::live::Told;
use onethread_store::receipts::{Moved, Receipt, ReceiptUntil};
use onethread_store::{StoreError, Tx};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

type Done = Result<(), StoreError>;

/// Events that were put aside, each kind in order.
#[derive(Default)]
pub struct Fates<'a> {
    echoes: Vec<One<'a>>,
    receipts: Vec<One<'a>>,
}

#[derive(Clone, Copy)]
struct One<'a> {
    call: &'a Call<'a>,
    meant: &'a Meant,
}

/// What an event says of our messages: of these, and of all until then.
struct Said<'a> {
    messages: &'a [PlatformMessageId],
    until: Option<i64>,
    to: Status,
}

impl<'a> One<'a> {
    fn place(&self) -> (&'a str, &'a str) {
        (self.meant.live.id.as_str(), self.meant.inbound.from.user.as_str())
    }

    fn echo(&self) -> Option<(&'a PlatformMessageId, Option<&'a str>, Option<&'a str>)> {
        match &self.meant.inbound.what {
            What::EchoedByUs { message, key, text } => Some((message, key.as_deref(), text.as_deref())),
            _ => None,
        }
    }

    fn receipt(&self) -> Option<Said<'a>> {
        match &self.meant.inbound.what {
            What::Delivered { messages, until } => Some(Said { messages, until: *until, to: Status::Delivered }),
            What::Seen { messages, until } => Some(Said { messages, until: *until, to: Status::Read }),
            _ => None,
        }
    }
}

impl<'a> Fates<'a> {
    /// Whether events of this kind are put aside.
    pub fn take_up(meant: &Meant) -> bool {
        matches!(meant.inbound.what, What::EchoedByUs { .. } | What::Delivered { .. } | What::Seen { .. })
    }

    pub fn put_aside(&mut self, call: &'a Call<'a>, meant: &'a Meant) {
        let one = One { call, meant };
        if one.echo().is_some() {
            self.echoes.push(one);
        } else {
            self.receipts.push(one);
        }
    }

    /// Whether what was put aside must be seen to before this event: it may name a message (all but plain words may), or
    /// show one to somebody who had seen all until then, and not this one.
    pub fn concern(&self, meant: &Meant) -> bool {
        if self.echoes.is_empty() && self.receipts.is_empty() {
            return false;
        }
        match &meant.inbound.what {
            What::Said(said) => said.reply_to.is_some(),
            What::Typing | What::Delivered { .. } | What::Seen { .. } => false,
            What::EchoedByUs { .. } => {
                let (inbox, address) = (&meant.live.id, &meant.inbound.from.user);
                let until = |one: &One<'_>| one.receipt().is_some_and(|said| said.until.is_some());
                self.receipts.iter().any(|one| one.place() == (inbox.as_str(), address.as_str()) && until(one))
            }
            _ => true,
        }
    }

    /// See to all of them; then none is aside any more.
    pub async fn see_to(&mut self, gateway: &Arc<Gateway>, tx: &mut Tx, after: &mut After) -> Done {
        let Self { echoes, receipts } = std::mem::take(self);
        if !echoes.is_empty() {
            see_to_echoes(gateway, tx, after, &echoes).await?;
        }
        if !receipts.is_empty() {
            see_to_receipts(gateway, tx, after, &receipts).await?;
        }
        Ok(())
    }
}

fn event<'a>(gateway: &'a Arc<Gateway>, tx: &'a mut Tx, after: &'a mut After, One { call, meant }: One<'a>) -> Event<'a> {
    let (live, inbound) = (&meant.live, &meant.inbound);
    Event { gateway, tx, live, inbound, ahead: None, position: call.position, received_at: call.received_at, after }
}

/// What was on its way has gone, whatever the answer to the call will be.
async fn see_to_echoes(gateway: &Arc<Gateway>, tx: &mut Tx, after: &mut After, echoes: &[One<'_>]) -> Done {
    let keys: Vec<&str> = echoes.iter().filter_map(|one| one.echo()?.1).collect();
    let parcels = tx.parcels_of_keys(&keys).await?;
    let parcels: HashMap<&str, _> = parcels.iter().map(|parcel| (parcel.id.as_str(), parcel)).collect();
    let (mut shown, mut others) = (Vec::new(), Vec::new());
    for one in echoes {
        let Some((message, key, text)) = one.echo() else { continue };
        match key.map(|key| parcels.get(key)) {
            Some(Some(parcel)) if matches!(parcel.state.as_str(), "sending" | "sent") => shown.push((*parcel, message.as_str())),
            _ => others.push((one, message, key, text)),
        }
    }
    // In an order that all who lock them have.
    shown.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let now = gateway.clock.now();
    for message in tx.parcels_shown(&shown, now).await? {
        after.parcels |= went_after_all(tx, &message, now).await?;
    }
    for (parcel, _) in shown {
        tell(tx, &parcel.thread_id, &parcel.message_id);
    }
    for (one, message, key, text) in others {
        ours::echoed(&mut event(gateway, tx, after, *one), message, key, text).await?;
    }
    Ok(())
}

async fn see_to_receipts(gateway: &Arc<Gateway>, tx: &mut Tx, after: &mut After, receipts: &[One<'_>]) -> Done {
    let places: BTreeSet<(&str, &str)> = receipts.iter().map(One::place).collect();
    let people = tx.identities_named(&places.into_iter().collect::<Vec<_>>()).await?;
    let mut parts: Vec<(Receipt<'_>, One<'_>)> = Vec::new();
    let mut untils: Vec<(ReceiptUntil<'_>, One<'_>)> = Vec::new();
    for one in receipts {
        let (inbox, address) = one.place();
        let (Some(identity), Some(said)) = (people.get(&(inbox.to_owned(), address.to_owned())), one.receipt()) else {
            continue;
        };
        let to = said.to;
        parts.extend(said.messages.iter().map(|id| (Receipt { identity, platform_id: id.as_str(), to }, *one)));
        untils.extend(said.until.map(|until| (ReceiptUntil { identity, until, to }, *one)));
    }
    // First: a part that is raised by itself would hide those before it.
    let mut moved = see_to_untils(gateway, tx, after, &untils).await?;
    moved.extend(see_to_parts(gateway, tx, after, &parts).await?);
    for Moved { message, thread } in &moved {
        tell(tx, thread.as_str(), message.as_str());
    }
    Ok(())
}

async fn see_to_parts(
    gateway: &Arc<Gateway>,
    tx: &mut Tx,
    after: &mut After,
    parts: &[(Receipt<'_>, One<'_>)],
) -> Result<Vec<Moved>, StoreError> {
    let id = |receipt: &Receipt<'_>| (receipt.identity.as_str().to_owned(), receipt.platform_id.to_owned());
    let ids: BTreeSet<(&str, &str)> = parts.iter().map(|(receipt, _)| (receipt.identity.as_str(), receipt.platform_id)).collect();
    let known = tx.platform_ids_known(&ids.into_iter().collect::<Vec<_>>()).await?;
    // A receipt may overtake the answer to our own call, which is what tells us the id.
    for (receipt, one) in parts.iter().filter(|(receipt, _)| !known.contains(&id(receipt))) {
        event(gateway, tx, after, *one).wait_for(receipt.platform_id).await?;
    }
    tx.raise_statuses(&parts.iter().map(|(receipt, _)| *receipt).collect::<Vec<_>>()).await
}

async fn see_to_untils(
    gateway: &Arc<Gateway>,
    tx: &mut Tx,
    after: &mut After,
    untils: &[(ReceiptUntil<'_>, One<'_>)],
) -> Result<Vec<Moved>, StoreError> {
    let people: BTreeSet<&IdentityId> = untils.iter().map(|(receipt, _)| receipt.identity).collect();
    let people: Vec<&str> = people.into_iter().map(IdentityId::as_str).collect();
    let busy = tx.being_sent_to(&people).await?;
    for (_, one) in untils.iter().filter(|(receipt, _)| busy.contains(receipt.identity.as_str())) {
        event(gateway, tx, after, *one).wait_for("").await?;
    }
    tx.raise_statuses_until(&untils.iter().map(|(receipt, _)| *receipt).collect::<Vec<_>>()).await
}

fn tell(tx: &mut Tx, thread: &str, message: &str) {
    tx.tell(Told::Message { thread: thread.to_owned(), message: message.to_owned() });
    tx.tell(Told::Thread { thread: thread.to_owned() });
}
