//! Two kinds of load: as much as goes (each customer writes again once
//! answered), and a steady rate whatever the answers take.

use crate::platforms::{Inbox, QUESTIONS};
use crate::sink::Sink;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(30);

/// What one phase measured.
#[derive(Debug, Default)]
pub struct Phase {
    pub elapsed: Duration,
    /// From sending the webhook to its 200.
    pub hooks: Vec<Duration>,
    /// From sending the webhook to the reply's arrival at the platform.
    pub replies: Vec<Duration>,
    /// Messages without a reply in time.
    pub lost: usize,
}

impl Phase {
    /// Messages answered a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let answered = self.replies.len() as f64;
        answered / self.elapsed.as_secs_f64()
    }
}

/// One message and its reply.
async fn exchange(inbox: &Inbox, sink: &Sink, customer: &str, turn: usize) -> anyhow::Result<(Duration, Option<Duration>)> {
    let reply = sink.reply_to(customer);
    let started = Instant::now();
    inbox.say(customer, QUESTIONS[turn % QUESTIONS.len()]).await?;
    let hook = started.elapsed();
    let replied = tokio::time::timeout(PATIENCE, reply).await;
    Ok((hook, replied.ok().and_then(Result::ok).map(|at| at - started)))
}

/// So many customers write as fast as they are answered.
pub async fn saturate(inboxes: &[Arc<Inbox>], sink: &Sink, customers: usize, lasts: Duration) -> anyhow::Result<Phase> {
    let started = Instant::now();
    let mut writing = JoinSet::new();
    for number in 0..customers {
        let (inbox, sink) = (inboxes[number % inboxes.len()].clone(), sink.clone());
        writing.spawn(async move {
            let customer = inbox.customer(number);
            let mut exchanges = Vec::new();
            while started.elapsed() < lasts {
                exchanges.push(exchange(&inbox, &sink, &customer, number + exchanges.len()).await?);
            }
            anyhow::Ok(exchanges)
        });
    }
    let mut phase = Phase::default();
    while let Some(exchanges) = writing.join_next().await {
        exchanges??.into_iter().for_each(|exchange| phase.note(exchange));
    }
    phase.elapsed = started.elapsed();
    Ok(phase)
}

/// So many messages a second, each from the customer who has been quiet longest.
pub async fn pace(inboxes: &[Arc<Inbox>], sink: &Sink, rate: f64, lasts: Duration) -> anyhow::Result<Phase> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate.max(1.0)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut writing = JoinSet::new();
    let mut phase = Phase::default();
    let mut number = 0;
    while started.elapsed() < lasts {
        ticks.tick().await;
        // Far more customers than can wait for an answer at once.
        let (inbox, sink, customer) = (inboxes[number % inboxes.len()].clone(), sink.clone(), 100_000 + number % 30_000);
        writing.spawn(async move { exchange(&inbox, &sink, &inbox.customer(customer), number).await });
        number += 1;
        while let Some(done) = writing.try_join_next() {
            phase.note(done??);
        }
    }
    phase.elapsed = started.elapsed();
    while let Some(done) = writing.join_next().await {
        phase.note(done??);
    }
    Ok(phase)
}

impl Phase {
    fn note(&mut self, (hook, reply): (Duration, Option<Duration>)) {
        self.hooks.push(hook);
        match reply {
            Some(reply) => self.replies.push(reply),
            None => self.lost += 1,
        }
    }
}
