//! What one phase measured, per channel and in all.

use crate::channels::Channel;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of all the times of one kind, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Spread {
    pub count: usize,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub seconds: f64,
    /// Messages that customers sent.
    pub sent: usize,
    /// Answered in all, and while the phase lasted.
    pub answered: usize,
    pub answered_in_time: usize,
    /// Without an answer long after the phase.
    pub lost: usize,
    /// Answers that nobody waited for: one message was answered twice.
    pub doubled: usize,
    /// Answers to messages that were given up before.
    pub late: usize,
    /// Hooks that did not take the message; by status, 0 for a broken connection.
    pub refused: BTreeMap<u16, usize>,
    /// Messages that were due and not sent, because every customer waited for an answer.
    pub held_back: usize,
    /// From the customer's word to the hook's 2xx, where the platform calls us.
    pub hook_ms: Spread,
    /// From the customer's word to the reply at the platform.
    pub reply_ms: Spread,
    pub channels: BTreeMap<Channel, ChannelOutcome>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ChannelOutcome {
    pub lost: usize,
    pub doubled: usize,
    pub hook_ms: Spread,
    pub reply_ms: Spread,
}

impl Outcome {
    /// Messages answered a second.
    pub fn rate(&self) -> f64 {
        float(self.answered_in_time) / self.seconds
    }
}

pub fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The figures of a phase while it lasts. Times are in microseconds.
#[derive(Default)]
pub struct Tally {
    pub sent: usize,
    pub late: usize,
    pub held_back: usize,
    pub refused: BTreeMap<u16, usize>,
    channels: BTreeMap<Channel, ChannelTally>,
    /// When each answer came.
    answered: Vec<u64>,
}

#[derive(Default)]
struct ChannelTally {
    hooks: Vec<u32>,
    replies: Vec<u32>,
    lost: usize,
    doubled: usize,
}

impl Tally {
    fn of(&mut self, channel: Channel) -> &mut ChannelTally {
        self.channels.entry(channel).or_default()
    }

    pub fn hook(&mut self, channel: Channel, nanos: u64) {
        self.of(channel).hooks.push(micros(nanos));
    }

    pub fn reply(&mut self, channel: Channel, nanos: u64, at: u64) {
        self.of(channel).replies.push(micros(nanos));
        self.answered.push(at);
    }

    pub fn lost(&mut self, channel: Channel) {
        self.of(channel).lost += 1;
    }

    pub fn doubled(&mut self, channel: Channel) {
        self.of(channel).doubled += 1;
    }

    pub fn outcome(self, began: u64, ended: u64) -> Outcome {
        let all = |times: fn(&ChannelTally) -> &Vec<u32>| spread(self.channels.values().flat_map(times).copied().collect());
        let sum = |count: fn(&ChannelTally) -> usize| self.channels.values().map(count).sum();
        Outcome {
            seconds: std::time::Duration::from_nanos(ended.saturating_sub(began)).as_secs_f64(),
            sent: self.sent,
            answered: self.answered.len(),
            answered_in_time: self.answered.iter().filter(|at| **at <= ended).count(),
            lost: sum(|tally| tally.lost),
            doubled: sum(|tally| tally.doubled),
            late: self.late,
            held_back: self.held_back,
            hook_ms: all(|tally| &tally.hooks),
            reply_ms: all(|tally| &tally.replies),
            refused: self.refused,
            channels: self.channels.into_iter().map(|(channel, tally)| (channel, tally.outcome())).collect(),
        }
    }
}

impl ChannelTally {
    fn outcome(self) -> ChannelOutcome {
        ChannelOutcome { lost: self.lost, doubled: self.doubled, hook_ms: spread(self.hooks), reply_ms: spread(self.replies) }
    }
}

fn micros(nanos: u64) -> u32 {
    u32::try_from(nanos / 1000).unwrap_or(u32::MAX)
}

/// The given microseconds in milliseconds.
pub fn spread(mut times: Vec<u32>) -> Spread {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let at =
        |percent: usize| times.get((times.len() * percent / 100).min(last)).map_or(0.0, |micros| f64::from(*micros) / 1000.0);
    Spread { count: times.len(), p50: at(50), p99: at(99), max: at(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_names_the_middle_and_the_ends() {
        let times = spread((1..=1000).rev().map(|millis| millis * 1000).collect());
        assert_eq!((times.count, times.p50, times.p99, times.max), (1000, 501.0, 991.0, 1000.0));
        assert_eq!(spread(Vec::new()).count, 0);
    }
}
