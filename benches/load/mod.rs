//! The load generator, a process of its own on one thread: it plays the
//! customers of every platform, and tells its parent what they saw.
//!
//! Its parent writes one [`Plan`], then one [`Phase`] after the other, each a
//! line of JSON; every phase is answered with an [`Outcome`].

mod crowd;
mod discord;
mod pace;
mod sender;
mod speech;
mod tally;
mod visitors;

pub use tally::{ChannelOutcome, Outcome, Spread, spread};

use crate::channels::Channel;
use crate::{clock, process};
use crowd::Crowd;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

/// Whom to call, as whom, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Host and port of what is under load.
    pub gateway: String,
    /// Host and port of the sink; none where the hook's answer is all there is.
    pub sink: Option<String>,
    /// The path of each channel's hook; where a hook is named, its customers write.
    pub hooks: BTreeMap<Channel, String>,
    /// Connections that carry webhooks.
    pub connections: usize,
    pub people: People,
    /// Visitors on the shop's page, each with an open stream.
    pub visitors: u32,
    /// Whether platforms tell what became of each reply.
    pub receipts: bool,
}

/// The customers of all channels but web chat, in equal shares.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct People {
    pub known: u32,
    /// So many of them write, at even distances.
    pub writing: u32,
}

impl People {
    /// All of them write.
    pub fn all(known: u32) -> Self {
        Self { known, writing: known }
    }

    /// Whether this one does; numbers go round the channels.
    fn writes(self, number: u32, channels: u32) -> bool {
        let distance = (self.known / self.writing.max(1)).max(1);
        let (row, channel) = (number / channels, number % channels);
        row.is_multiple_of(distance) && row / distance * channels + channel < self.writing
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Everybody who writes does so so many times in turn, until all have or the time is over.
    Introduce { rounds: usize, at_once: usize, within: f64 },
    /// So many write at a time, the next one as soon as one is answered.
    Saturate { at_once: usize, seconds: f64 },
    /// So many messages a second, whatever the answers take.
    Pace { rate: f64, seconds: f64 },
}

/// Do what the parent says until it goes away.
pub async fn run() -> anyhow::Result<()> {
    LocalSet::new().run_until(follow()).await
}

async fn follow() -> anyhow::Result<()> {
    let socket = discord::Socket::open().await?;
    process::say(&json!({ "socket": socket.address()? }))?;
    let mut lines = listen();
    let Some(plan) = lines.recv().await else { return Ok(()) };
    let plan: Plan = serde_json::from_str(&plan)?;
    let crowd = Rc::new(Crowd::gather(&plan));
    // Ids of messages are never used twice, not even on a database that outlives the run.
    let speech = Rc::new(speech::Speech::new(&plan.hooks, &plan.gateway, clock::unix_millis() * 10));
    spawn_local(socket.serve(crowd.clone(), speech.clone()));
    for _ in 0..plan.connections {
        spawn_local(sender::send(plan.gateway.clone(), crowd.clone(), speech.clone()));
    }
    if let Some(sink) = &plan.sink {
        spawn_local(sender::watch_arrivals(sink.clone(), crowd.clone()));
        spawn_local(sender::tell_fates(crowd.clone()));
    }
    visitors::arrive(&plan, &crowd).await?;
    process::say(&json!({ "ready": true }))?;
    while let Some(line) = lines.recv().await {
        let outcome = take(&crowd, serde_json::from_str(&line)?).await;
        process::say(&outcome)?;
    }
    Ok(())
}

/// What the parent says, line by line.
fn listen() -> mpsc::UnboundedReceiver<String> {
    let (tell, told) = mpsc::unbounded_channel();
    // It ends with the pipe, or with the process.
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    told
}

async fn take(crowd: &Crowd, phase: Phase) -> Outcome {
    let began = clock::now();
    crowd.begin();
    match phase {
        Phase::Introduce { rounds, at_once, within } => {
            pace::introduce(crowd, rounds, at_once, Duration::from_secs_f64(within)).await
        }
        Phase::Saturate { at_once, seconds } => pace::saturate(crowd, at_once, Duration::from_secs_f64(seconds)).await,
        Phase::Pace { rate, seconds } => pace::keep(crowd, rate, Duration::from_secs_f64(seconds)).await,
    }
    let ended = clock::now();
    pace::drain(crowd).await;
    crowd.outcome(began, ended)
}

#[cfg(test)]
mod tests {
    use super::People;

    #[test]
    fn those_who_write_are_spread_over_all_and_over_the_channels() {
        let some = People { known: 99_000, writing: 4_096 };
        let writing: Vec<u32> = (0..some.known).filter(|number| some.writes(*number, 4)).collect();
        assert_eq!(writing.len(), 4_096);
        assert!((0..4).all(|channel| writing.iter().filter(|number| **number % 4 == channel).count() == 1_024));
        assert!(*writing.last().unwrap() > 90_000);
        assert_eq!((0..10).filter(|number| People::all(10).writes(*number, 4)).count(), 10);
    }
}
