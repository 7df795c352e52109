//! A message becomes parcels, in the transaction that wrote it.

use crate::auth::Actor;
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
    pub words_of: WordsOf,
    /// The platform's id of the message that is answered.
    pub reply_to: Option<String>,
}

/// Who speaks. What platforms reserve for people follows from it, so only an agent's presence makes a person of it:
/// an [`Actor`] exists only where a session or token was shown. Nobody else makes parcels; `tests/house` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordsOf {
    voice: &'static str,
    lease_number: i64,
}

impl WordsOf {
    /// The bot's, under the lease that it has: a person who steps in overtakes it.
    #[must_use]
    pub fn bot(lease_number: i64) -> Self {
        Self { voice: "bot", lease_number }
    }

    /// This agent's. People are never overtaken.
    #[must_use]
    pub fn agent(_present: &Actor) -> Self {
        Self { voice: "person", lease_number: 0 }
    }
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
        voice: way.words_of.voice,
        lease_number: way.words_of.lease_number,
    };
    let parcels: Vec<NewParcel> = parts.into_iter().enumerate().map(parcel).collect();
    tx.queue_parcels(parcels, now);
}
