//! Reading ahead. What a message means takes longest to find out of all that
//! the bot does with it, and needs no transaction: it is read before one
//! begins, with what the bot remembered of the customer when they were last
//! heard. A guess: where the thread remembers otherwise, it is read again.

use crate::brain::{Brain, Mind};
use onethread_core::ids::{InboxId, PlatformUserId};
use onethread_intents::{Context, Reading};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Some hundred bytes each; beyond it all are forgotten.
const REMEMBERED_MOST: usize = 8192;

/// What the bot knew before it read somebody's next message; `None` while people hold the thread.
#[derive(Default)]
pub struct Foresight(Mutex<HashMap<(InboxId, PlatformUserId), Option<Context>>>);

/// A message that was read ahead: by which mind, knowing what.
pub struct Ahead {
    mind: Arc<Mind>,
    context: Context,
    reading: Reading,
}

impl Foresight {
    /// What will be known before this customer's next message.
    pub fn remember(&self, inbox: &InboxId, user: &PlatformUserId, context: Option<Context>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == REMEMBERED_MOST {
            known.clear();
        }
        known.insert((inbox.clone(), user.clone()), context);
    }

    /// Read a message of this customer. `None`: the bot will not be asked.
    pub fn read(&self, brain: &Brain, inbox: &InboxId, user: &PlatformUserId, text: &str) -> Option<Ahead> {
        let known = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&(inbox.clone(), user.clone())).cloned()
        };
        // Of a stranger nothing is known.
        let context = known.unwrap_or_else(|| Some(Context::default()))?;
        let mind = brain.mind();
        let reading = mind.read(text, &context);
        Some(Ahead { mind, context, reading })
    }
}

impl Ahead {
    /// What it was taken for, whether that still holds or not.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The reading, if this mind would read the same, knowing this.
    #[must_use]
    pub fn holds(&self, mind: &Arc<Mind>, context: &Context) -> Option<&Reading> {
        (Arc::ptr_eq(&self.mind, mind) && self.context == *context).then_some(&self.reading)
    }
}
