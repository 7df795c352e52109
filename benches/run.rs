//! One run: the floor, then the gateway, each under the same load generator:
//! as much as goes, then half of it by the clock.

use crate::channels::Channel;
use crate::gateway::{Gateway, Setup};
use crate::load::{Outcome, Phase, Plan};
use crate::process::{Role, Usage};
use crate::report::{self, Audit, Figures, GatewayFigures};
use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, clap::Args, Serialize)]
pub struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/onethread")]
    pub binary: PathBuf,
    /// A database URL; a fresh SQLite file where none is named.
    #[arg(long)]
    #[serde(skip)]
    pub database: Option<String>,
    /// The channels that customers write on, in equal shares; web chat has its visitors besides.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Channel::ALL)]
    pub channels: Vec<Channel>,
    /// Customers whose messages are under way at the same time when the gateway is saturated.
    #[arg(long, default_value_t = 512)]
    pub customers: usize,
    /// Customers in all, who take turns.
    #[arg(long, default_value_t = 4096)]
    pub crowd: u32,
    /// Connections that carry webhooks.
    #[arg(long, default_value_t = 128)]
    pub connections: usize,
    /// Visitors of the web chat, each with an open stream and at most one message a second.
    #[arg(long, default_value_t = 32)]
    pub visitors: u32,
    /// Seconds of each phase.
    #[arg(long, default_value_t = 15)]
    pub seconds: u32,
    /// Minutes at half load, to see whether memory grows.
    #[arg(long, default_value_t = 0)]
    pub soak: u32,
    /// Where databases are made: on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    pub work: PathBuf,
    /// Leave the gateway's data directory and log in place.
    #[arg(long)]
    pub keep: bool,
    /// Where the results go.
    #[arg(long, default_value = "benches/results")]
    pub results: PathBuf,
}

/// What a phase measured, and what it cost.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    pub outcome: Outcome,
    /// Milliseconds of processor time per answered message, by process.
    pub processor_ms: BTreeMap<&'static str, f64>,
    /// Memory of what was measured, over time: seconds and MiB.
    pub memory: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Loaded {
    pub saturated: Measured,
    pub half: Measured,
    pub soak: Option<Measured>,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.work)?;
    let floor = run_floor(options).await.context("the floor")?;
    let gateway = run_gateway(options).await.context("the gateway")?;
    let figures = Figures { settings: options.clone(), floor, gateway };
    figures.print();
    let engine = if options.database.is_some() { "postgres" } else { "sqlite" };
    report::write(&options.results, &format!("end-to-end-{engine}"), &figures.json())
}

async fn run_floor(options: &Options) -> anyhow::Result<Loaded> {
    let folder = tempfile::tempdir_in(&options.work)?;
    let mut floor = Role::start(&["floor", &folder.path().display().to_string()])?;
    let address = said(&mut floor, "address").await?;
    let mut load = Role::start(&["load"])?;
    said(&mut load, "socket").await?;
    let hooks = BTreeMap::from([(Channel::Facebook, "/hook".to_owned())]);
    let (connections, crowd) = (options.connections, options.crowd);
    load.tell(&Plan { gateway: address.clone(), sink: None, hooks, connections, crowd, visitors: 0 }).await?;
    load.hear::<Value>().await?;
    let mut house = House { load, others: vec![("floor", floor.usage())], sent: 0 };
    let loaded = house.load(&Options { soak: 0, ..options.clone() }).await?;
    let rows: usize = reqwest::get(format!("http://{address}/rows")).await?.text().await?.parse()?;
    ensure!(rows >= house.sent, "the floor acknowledged {} calls and holds {rows}", house.sent);
    floor.stop().await?;
    Ok(loaded)
}

async fn run_gateway(options: &Options) -> anyhow::Result<GatewayFigures> {
    let mut kept = tempfile::tempdir_in(&options.work)?;
    kept.disable_cleanup(options.keep);
    let folder = kept.path().canonicalize()?;
    let binary = options.binary.canonicalize();
    let binary = binary.with_context(|| format!("there is no `{}`; build it first: make bench", options.binary.display()))?;
    let log = folder.join("gateway.log");
    let mut load = Role::start(&["load"])?;
    let socket = said(&mut load, "socket").await?;
    let mut sink = Role::start(&["sink", &socket])?;
    let address = said(&mut sink, "address").await?;
    let setup = Setup { binary: &binary, database: options.database.as_deref(), folder: &folder, log: log.clone() };
    let gateway = Gateway::start(&setup).await?;
    gateway.stock().await?;
    let hooks = gateway.connect(&options.channels, &address).await?;
    // Threads that started the gateway give their memory back, and Discord identifies.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = gateway.usage().memory()?;
    let plan = Plan {
        gateway: gateway.address.clone(),
        sink: Some(address),
        hooks,
        connections: options.connections,
        crowd: options.crowd,
        visitors: options.visitors,
    };
    load.tell(&plan).await?;
    load.hear::<Value>().await?;
    gateway.usage().forget_peak()?;
    let others = vec![("gateway", gateway.usage()), ("sink", sink.usage())];
    let mut house = House { load, others, sent: 0 };
    let loaded = house.load(options).await?;
    let peak = gateway.usage().peak_memory()?;
    let audit = Audit::of(&gateway, &log).await?;
    house.load.stop().await?;
    gateway.stop().await?;
    sink.stop().await?;
    Ok(GatewayFigures { loaded, idle_memory: idle, peak_memory: peak, audit })
}

/// A word that a process says first.
async fn said(role: &mut Role, name: &str) -> anyhow::Result<String> {
    let words: Value = role.hear().await?;
    Ok(words[name].as_str().with_context(|| format!("no `{name}` in {words}"))?.to_owned())
}

/// The processes of one part of the run. What is measured stands first among the others.
struct House {
    load: Role,
    others: Vec<(&'static str, Usage)>,
    /// Messages that were acknowledged so far.
    sent: usize,
}

impl House {
    async fn load(&mut self, options: &Options) -> anyhow::Result<Loaded> {
        let (at_once, seconds) = (options.customers, f64::from(options.seconds));
        self.phase(Phase::Introduce { at_once, within: seconds }).await?;
        self.phase(Phase::Saturate { at_once, seconds: 2.0 }).await?;
        let saturated = self.phase(Phase::Saturate { at_once, seconds }).await?;
        let rate = saturated.outcome.rate() / 2.0;
        let half = self.phase(Phase::Pace { rate, seconds }).await?;
        let minutes = f64::from(options.soak);
        let soak = match options.soak {
            0 => None,
            _ => Some(self.phase(Phase::Pace { rate, seconds: minutes * 60.0 }).await?),
        };
        Ok(Loaded { saturated, half, soak })
    }

    async fn phase(&mut self, phase: Phase) -> anyhow::Result<Measured> {
        let mut parts = self.others.clone();
        parts.push(("load", self.load.usage()));
        let before = parts.iter().map(|(_, usage)| usage.processor()).collect::<Result<Vec<_>, _>>()?;
        self.load.tell(&phase).await?;
        let (outcome, memory) = self.watch().await?;
        self.sent += outcome.answered;
        let messages = report::per(outcome.answered);
        let spent = parts.iter().zip(before).map(|((name, usage), before)| {
            let spent = usage.processor()?.saturating_sub(before);
            Ok((*name, spent.as_secs_f64() * 1000.0 / messages))
        });
        Ok(Measured { processor_ms: spent.collect::<anyhow::Result<_>>()?, outcome, memory })
    }

    /// Look at the memory every now and then until the load generator is done.
    async fn watch(&mut self) -> anyhow::Result<(Outcome, Vec<(f64, f64)>)> {
        let (began, watched) = (Instant::now(), self.others[0].1);
        let mut memory = Vec::new();
        let mut looks = tokio::time::interval(Duration::from_secs(5));
        let done = self.load.hear();
        tokio::pin!(done);
        loop {
            tokio::select! {
                outcome = &mut done => return Ok((outcome?, memory)),
                _ = looks.tick() => memory.push((began.elapsed().as_secs_f64().round(), watched.memory()?.round())),
            }
        }
    }
}

/// The last lines of a log that warn.
pub fn warnings(log: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(log)?;
    let wrong = |line: &&str| line.contains("WARN") || line.contains("ERROR") || line.contains("panicked");
    Ok(text.lines().filter(wrong).map(str::to_owned).collect())
}
