//! A message becomes parcels, in the transaction that wrote it.

use crate::inboxes::Live;
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, ParcelId};
use onethread_core::parts;
use onethread_store::Tx;
use onethread_store::messages::NewMessage;
use onethread_store::outbox::NewParcel;

/// How a message goes out.
pub struct Way<'a> {
    pub identity: &'a IdentityId,
    pub live: &'a Live,
    /// `bot` or `person`.
    pub voice: &'static str,
    /// 0 for people, who are never overtaken.
    pub lease_number: i64,
    /// The platform's id of the message that is answered.
    pub reply_to: Option<String>,
}

/// Queue every part of the message. Only the first answers another message.
pub fn queue(tx: &mut Tx, message: &NewMessage, way: &Way<'_>, now: Millis) {
    let parts = parts::plan(&message.content, &way.live.capabilities);
    let parcel = |(place, part)| NewParcel {
        id: ParcelId::fresh(now),
        message: message.id.clone(),
        identity: way.identity.clone(),
        inbox: way.live.id.clone(),
        part,
        reply_to: way.reply_to.clone().filter(|_| place == 0 && way.live.capabilities.reply_to),
        voice: way.voice,
        lease_number: way.lease_number,
    };
    let parcels: Vec<NewParcel> = parts.into_iter().enumerate().map(parcel).collect();
    tx.queue_parcels(parcels, now);
}
