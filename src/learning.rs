//! Learning from the shop: what people file teaches a draft, what admins publish teaches the bot.
//!
//! The draft is the table of phrases; a version is a copy of it that never changes, and the newest is
//! live. Training runs beside the runtime and is swapped in whole ([`crate::brain`]), so that no
//! customer waits for it. Nothing a customer wrote reaches the bot before an admin has published it.

mod filing;
mod lessons;
mod missed;
mod publishing;
mod rehearsal;
mod target;

pub use filing::{Filed, Filing, dismiss, file, remove};
pub use lessons::{Lessons, Taught, has_words, key};
pub use missed::{Example, Group, Missed, Suggestion, missed};
pub use publishing::{Standing, Waiting, discard, publish, restore, standing, waiting};
pub use rehearsal::{Change, Does, Figures, Outcome, Rehearsal, rehearse};
pub use target::Target;

use crate::gateway::Gateway;
use onethread_core::Millis;
use onethread_core::clock::DAY;
use onethread_store::StoreError;
use std::sync::Arc;

/// So many days back unless asked otherwise, and at most.
pub const DAYS: u32 = 14;
pub const MOST_DAYS: u32 = 90;
/// Phrases of a draft: they are trained and kept whole with each version.
pub const MOST_PHRASES: usize = 5_000;
/// A longer text is learnt by its beginning.
pub const LONGEST_PHRASE: usize = 300;

/// Why something cannot be learnt.
#[derive(Debug, thiserror::Error)]
pub enum LearningError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no such answer")]
    NoSuchAnswer,
    #[error("none of these messages has words to learn from")]
    NothingToLearn,
    #[error("the draft has {MOST_PHRASES} phrases already; remove some first")]
    Full,
    #[error("the draft changed since it was looked at")]
    DraftChanged,
    #[error("the draft is what is live already")]
    NothingNew,
    #[error("the bot could not be trained")]
    Training(#[source] anyhow::Error),
}

/// The instant so many days ago, within bounds.
fn since(gateway: &Gateway, days: u32) -> Millis {
    gateway.clock.now() - Millis::from(days.clamp(1, MOST_DAYS)) * DAY
}

/// Train on the draft in the background, so that its rehearsal need not wait.
fn train_ahead(gateway: &Arc<Gateway>) {
    let learner = gateway.clone();
    gateway.tasks.spawn_until_stop("learning", async move {
        if let Err(error) = learner.brain.draft(&learner.db).await {
            tracing::warn!(%error, "the bot could not be trained on the draft");
        }
    });
}
