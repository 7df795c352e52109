//! The benchmark: a gateway in a process of its own, loaded over the platforms'
//! real wire protocols. This process is every platform at once: it signs and
//! sends webhooks, takes the replies and looks at the clock.
//!
//! `make bench` writes `benches/results/`. Figures are of one machine on one
//! day: compare ratios within a run, not runs of different machines.

#![expect(clippy::disallowed_methods, reason = "a benchmark makes its own clients and tasks")]

mod gateway;
mod load;
mod platforms;
mod report;
mod sink;

use anyhow::Context;
use clap::Parser;
use std::time::Duration;

/// Load a gateway and time what it does.
#[derive(Debug, Parser)]
struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/onethread")]
    binary: std::path::PathBuf,
    /// A database URL; a fresh SQLite file where none is named.
    #[arg(long)]
    database: Option<String>,
    /// Customers who write at the same time when the gateway is saturated.
    #[arg(long, default_value_t = 256)]
    customers: usize,
    /// Seconds of each phase.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Where the results go.
    #[arg(long, default_value = "benches/results")]
    results: std::path::PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options::parse();
    let phase = Duration::from_secs(options.seconds);
    let sink = sink::Sink::open().await.context("the sink could not listen")?;
    let binary = options
        .binary
        .canonicalize()
        .with_context(|| format!("there is no `{}`; build it first: make bench", options.binary.display()))?;
    let gateway = gateway::Gateway::start(&binary, options.database.as_deref()).await?;
    let inboxes = platforms::connect(&gateway, &sink).await?;
    let idle = gateway.memory()?;
    load::saturate(&inboxes, &sink, options.customers, Duration::from_secs(3)).await?;
    let saturated = load::saturate(&inboxes, &sink, options.customers, phase).await?;
    let spent = gateway.processor_time()?;
    let half = load::pace(&inboxes, &sink, saturated.rate() / 2.0, phase).await?;
    let halves_cost = gateway.processor_time()?.saturating_sub(spent);
    let figures = report::Figures { idle_memory: idle, loaded_memory: gateway.peak_memory()?, saturated, half, halves_cost };
    figures.print();
    figures.write(&options.results, options.database.is_some())?;
    gateway.stop().await
}
