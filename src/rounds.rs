//! An embedded database has one writer, and a transaction costs a durable write
//! whatever is in it. So here one worker writes all that passes through: what
//! came is stored and taken in, and what deliveries came to is settled, in one
//! transaction a round. While a round goes on the next one gathers: the busier
//! it is, the more a round carries. What follows a round (an answer to whoever
//! called, a delivery) waits until the disk has it, and the next round does not.
//! Where a server is shared by several processes, the same happens side by side.

use crate::gateway::Gateway;
use crate::intake::{self, After, Append, Call, Calls, Came};
use crate::outbox::{self, Settlement, Settlements, Slot};
use futures::FutureExt;
use onethread_core::Millis;
use onethread_core::channel::IntakeError;
use onethread_core::ids::InboxId;
use onethread_store::ledger::Entry;
use onethread_store::outbox::ClaimedParcel;
use onethread_store::{Committed, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Where more calls wait than that, they are stored first and taken in later: platforms do not wait for long.
const CALLS_MOST: usize = intake::TOGETHER_MOST;
/// Of those, in one round.
const STORED_MOST: usize = 4 * CALLS_MOST;
/// How often it looks for calls that it was not told of.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Pages (of 4 KiB) that wait in the database's log, from which they are folded into the file. The more wait, the more
/// often a page that is written again and again is folded only once; and the longer does a look for a page take, and do
/// commits wait for the disk meanwhile.
const FOLD_FROM: i64 = 1_000;
/// Pages in all (64 MiB) from which the log begins anew. The writer waits for that, so it is not done often; but all of
/// the log stays on the disk, and is read again after a crash.
const LOG_LONG: i64 = 16_000;
/// How often it is seen how many pages wait, while anything is written.
const FOLD_EVERY: Duration = Duration::from_millis(30);
/// After stored calls could not be read or taken in for another reason than what they say, or the log not be folded;
/// storing and settling go on.
const REST: Duration = Duration::from_secs(1);
/// What has come is not kept waiting longer while others read.
const LOOKED_WITHIN: Duration = Duration::from_millis(500);
/// Of older calls that cannot be taken in together, so many are taken in alone in a round.
const ALONE_MOST: usize = 32;

/// Rounds that are committed and wait for the one before to be followed.
const UNFOLLOWED_MOST: usize = 1;

/// What one round carries.
#[derive(Default)]
struct Load {
    /// Calls that nobody has stored yet.
    came: Vec<Append>,
    /// Stored before, and waiting to be taken in. Then what came waits behind them.
    older: Vec<Entry>,
    /// Deliveries that are over.
    over: Vec<Settlement>,
}

impl Load {
    fn is_empty(&self) -> bool {
        self.came.is_empty() && self.older.is_empty() && self.over.is_empty()
    }
}

/// Go round until the gateway stops; deliveries under way are waited for.
pub async fn go(gateway: Arc<Gateway>, mut calls: Calls, mut settlements: Settlements) {
    let stop = gateway.tasks.token();
    let (committed, rounds) = mpsc::channel(UNFOLLOWED_MOST);
    gateway.tasks.spawn("following", follow(gateway.clone(), rounds));
    // What an earlier process stored and did not take in any more.
    let mut behind = true;
    // When to look for it, where looking failed.
    let mut look_from = Instant::now();
    loop {
        let mut load = Load::default();
        let stopping = stop.is_cancelled();
        if stopping {
            // What has come is stored; whoever comes now is told that we are stopping.
            calls.close();
            if calls.is_empty() && gateway.outbox.lanes.close_if_idle() && settlements.is_empty() {
                return;
            }
        }
        if stopping || !behind || look_from > Instant::now() {
            tokio::select! {
                Some(append) = calls.recv() => load.came.push(append),
                Some(settlement) = settlements.recv() => {
                    load.over.push(settlement);
                    if calls.is_empty() {
                        tokio::time::sleep(outbox::GATHER).await;
                    }
                }
                () = gateway.db.reopened() => behind = true,
                () = gateway.bells.calls.notified() => behind = true,
                () = stop.cancelled(), if !stopping => continue,
                () = tokio::time::sleep(outbox::STOPPED_YET), if stopping => continue,
                () = tokio::time::sleep(LOOK_EVERY), if !stopping => behind = true,
                () = tokio::time::sleep_until(look_from), if behind && !stopping => {}
            }
        }
        behind |= gateway.db.reopened().now_or_never().is_some();
        outbox::gather(&mut settlements, &mut load.over, outbox::TOGETHER_MOST);
        gather(&mut calls, &mut load.came, CALLS_MOST);
        let crowded = calls.len() > CALLS_MOST;
        if crowded {
            gather(&mut calls, &mut load.came, STORED_MOST);
        }
        let looks = behind && !stopping && look_from <= Instant::now();
        let stored_only = stopping || crowded || (behind && !looks);
        behind = match round(&gateway, &committed, load, looks, stored_only).await {
            Ok(still_behind) => still_behind || (behind && !looks),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "stored calls could not be taken in; trying again");
                look_from = Instant::now() + REST;
                true
            }
        };
    }
}

/// What else has come by now, until there are so many calls.
fn gather(calls: &mut Calls, came: &mut Vec<Append>, most: usize) {
    let mut count: usize = came.iter().map(|append| append.calls.len()).sum();
    while count < most
        && let Ok(append) = calls.try_recv()
    {
        count += append.calls.len();
        came.push(append);
    }
}

/// One round. `looks`: for older calls in the ledger; `stored_only`: what came is taken in later. Answers whether stored
/// calls wait to be taken in.
async fn round(
    gateway: &Arc<Gateway>,
    committed: &mpsc::Sender<Done>,
    mut load: Load,
    looks: bool,
    mut stored_only: bool,
) -> Result<bool, StoreError> {
    let mut unread = None;
    if looks {
        let older = tokio::time::timeout(LOOKED_WITHIN, intake::open_calls(gateway)).await;
        match older.unwrap_or(Err(StoreError::Conflict("the ledger takes too long to read"))) {
            Ok(older) => load.older = older,
            // The rest of the load is known nowhere else: it goes on.
            Err(error) => unread = Some(error),
        }
    }
    let more = load.older.len() == intake::TOGETHER_MOST;
    stored_only |= more || unread.is_some();
    if load.is_empty() {
        return unread.map_or(Ok(false), Err);
    }
    match intake::guarded(together(gateway, &mut load, stored_only)).await {
        Ok(round) => {
            let stored = !load.came.is_empty();
            // Whoever receives it ends after us.
            let _ = committed.send(Done { load, round }).await;
            unread.map_or(Ok(more || (stored_only && stored)), Err)
        }
        // Something of it cannot be written: the rest must not suffer for it.
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a round failed; taking its parts one by one");
            outbox::settle_surely(gateway, &load.over).await;
            outbox::settled(gateway, &load.over);
            intake::store_all(gateway, load.came).await;
            // A few at a time: others wait to be stored.
            load.older.truncate(ALONE_MOST);
            intake::read_one_by_one(gateway, &load.older).await?;
            Ok(true)
        }
    }
}

/// A round that is committed, and its load.
struct Done {
    load: Load,
    round: Round,
}

/// What follows a round once the disk has it.
struct Round {
    committed: Committed,
    after: After,
    started: Vec<(ClaimedParcel, Slot)>,
    pauses: Vec<(InboxId, String)>,
}

/// See to what follows each round, in order, until there are no more.
async fn follow(gateway: Arc<Gateway>, mut rounds: mpsc::Receiver<Done>) {
    while let Some(done) = rounds.recv().await {
        // Whoever waits for what a bug of ours left out hears that, and the next round is followed all the same.
        if let Err(error) = intake::guarded(follow_one(&gateway, done)).await {
            tracing::error!(error = &error as &dyn std::error::Error, "what follows a round was not seen to");
        }
    }
}

async fn follow_one(gateway: &Arc<Gateway>, Done { load, round }: Done) -> Result<(), StoreError> {
    let kept = round.committed.kept().await;
    outbox::settled(gateway, &load.over);
    if let Err(error) = kept {
        intake::tell_all(load.came, &Err(IntakeError(error.to_string())));
        return Err(error);
    }
    intake::tell_all(load.came, &Ok(()));
    outbox::start(gateway, round.started);
    round.after.follow(gateway);
    outbox::pause(gateway, round.pauses).await;
    Ok(())
}

/// All of it in one transaction: the older calls, then, unless they are to be stored only, those that came.
async fn together(gateway: &Arc<Gateway>, load: &mut Load, stored_only: bool) -> Result<Round, StoreError> {
    let older = intake::understand_all(gateway, &load.older).await?;
    if !stored_only {
        understand(gateway, &mut load.came).await?;
    }
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin_trusted().await?;
    // First: it frees people for their next parcel.
    let outbox::Settled { pauses, resumed } = match load.over.is_empty() {
        true => outbox::Settled::default(),
        false => outbox::settle_in(gateway, &mut tx, &load.over, now).await?,
    };
    let first = intake::store(&mut tx, &load.came, !stored_only, now).await?;
    let claimed = intake::claim(&mut tx, &load.older, &older, now).await?;
    let mut calls = claimed.ok_or(StoreError::Conflict("others read the ledger"))?;
    if !stored_only {
        calls.extend(brought(&load.came, first, now)?);
    }
    let mut after = intake::take_in_all(gateway, &mut tx, &calls, now).await?;
    let started = outbox::claim_queued(gateway, &mut tx, now).await?;
    after.parcels |= resumed | tx.queued_unclaimed();
    let committed = tx.write(now).await?;
    Ok(Round { committed, after, started, pauses })
}

/// What is not understood yet.
async fn understand(gateway: &Arc<Gateway>, came: &mut [Append]) -> Result<(), StoreError> {
    for Append { inbox, calls, .. } in came {
        for came in calls.iter_mut().filter(|came| came.understood.is_none()) {
            came.understood = Some(intake::understand(gateway, inbox, &came.call).await?);
        }
    }
    Ok(())
}

/// Calls that this round stored, the first of them at this position.
fn brought<'a>(came: &'a [Append], first: i64, now: Millis) -> Result<Vec<Call<'a>>, StoreError> {
    let calls = came.iter().flat_map(|append| append.calls.iter().map(move |came| (&append.inbox, came)));
    let call = |(position, (inbox, came)): (i64, (&'a InboxId, &'a Came))| {
        let understood = came.understood.as_ref().ok_or(StoreError::Conflict("a call was not understood"))?;
        Ok(Call { position, inbox, received_at: now, understood })
    };
    (first..).zip(calls).map(call).collect()
}

/// Keep the database's log short until the gateway stops.
pub async fn fold_log(gateway: Arc<Gateway>) {
    loop {
        gateway.db.written().await;
        tokio::time::sleep(FOLD_EVERY).await;
        if let Err(error) = gateway.db.fold_log(FOLD_FROM, LOG_LONG).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database's log could not be folded into its file");
            tokio::time::sleep(REST).await;
        }
    }
}
