//! How fast customers write: one after the other as they are answered, or by
//! the clock.

use super::crowd::Crowd;
use crate::clock;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// An answer that did not come so long after the last one that did will not come.
const PATIENCE: Duration = Duration::from_secs(15);
/// Doubles come soon after what they repeat.
const AFTERMATH: Duration = Duration::from_millis(500);

/// Everybody who writes does so so many times, in turn. The web chat has its own pace and does not take part.
pub async fn introduce(crowd: &Crowd, rounds: usize, at_once: usize, within: Duration) {
    let deadline = clock::now() + nanos(within);
    let messages = crowd.people().writing as usize * rounds;
    let at_once = at_once.min(messages);
    crowd.set_off(at_once, messages - at_once);
    while crowd.chain_left() > 0 && clock::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
    crowd.break_chain();
}

pub async fn saturate(crowd: &Crowd, at_once: usize, lasts: Duration) {
    crowd.open.set(true);
    crowd.set_off(at_once, usize::MAX);
    sleep(lasts).await;
    crowd.break_chain();
    crowd.open.set(false);
}

/// Messages are due at even distances, and timed from when they were due: what a slow gateway
/// (or a slow load generator) holds up counts as waiting.
pub async fn keep(crowd: &Crowd, rate: f64, lasts: Duration) {
    crowd.open.set(true);
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (began, between) = (clock::now(), Duration::from_secs_f64(1.0 / rate.max(1.0)));
    let (ends, mut due) = (began + nanos(lasts), began);
    while due < ends {
        ticks.tick().await;
        let now = clock::now().min(ends);
        while due < now || (due < ends && now == ends) {
            crowd.let_write(Some(due));
            due += nanos(between);
        }
    }
    crowd.open.set(false);
}

/// Wait for what is still to come.
pub async fn drain(crowd: &Crowd) {
    let (mut waiting, mut changed) = (crowd.waiting(), clock::now());
    while waiting > 0 && clock::now() - changed < nanos(PATIENCE) {
        sleep(Duration::from_millis(20)).await;
        let now = crowd.waiting();
        if now != waiting {
            (waiting, changed) = (now, clock::now());
        }
    }
    sleep(AFTERMATH).await;
    crowd.give_up();
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
