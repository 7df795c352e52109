//! One run: the floor, then the gateway, each under the same load generator:
//! as much as goes, then half of it by the clock.

use crate::channels::Channel;
use crate::load::{Outcome, People, Plan};
use crate::process::Role;
use crate::report::{self, Figures, GatewayFigures};
use crate::stage::{House, Stage, said};
use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Let platforms tell what became of each reply, as they do: Messenger shows it to us, and says when it arrived and
    /// was read, Zalo the last two. Three and two more calls for each reply there.
    #[arg(long)]
    pub receipts: bool,
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

impl Options {
    /// A folder for one gateway, gone with the run unless it is to be kept.
    pub fn fresh_folder(&self) -> anyhow::Result<tempfile::TempDir> {
        std::fs::create_dir_all(&self.work)?;
        let mut folder = tempfile::tempdir_in(&self.work)?;
        folder.disable_cleanup(self.keep);
        Ok(folder)
    }
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let floor = run_floor(options, false).await.context("the floor")?;
    let answering_floor = run_floor(options, true).await.context("the floor that answers")?;
    let gateway = run_gateway(options).await.context("the gateway")?;
    let figures = Figures { settings: options.clone(), floor, answering_floor, gateway };
    figures.print();
    let engine = if options.database.is_some() { "postgres" } else { "sqlite" };
    report::write(&options.results, &format!("end-to-end-{engine}"), &figures.json())
}

async fn run_floor(options: &Options, answers: bool) -> anyhow::Result<Loaded> {
    let folder = options.fresh_folder()?;
    let mut load = Role::start(&["load"])?;
    let socket = said(&mut load, "socket").await?;
    let mut sink = Role::start(&["sink", &socket])?;
    let sink_at = said(&mut sink, "address").await?;
    let place = folder.path().display().to_string();
    let with_sink = ["floor", &place, "--sink", &sink_at];
    let mut floor = Role::start(if answers { &with_sink } else { &with_sink[..2] })?;
    let address = said(&mut floor, "address").await?;
    let hooks = BTreeMap::from([(Channel::Facebook, "/hook".to_owned())]);
    let (connections, people) = (options.connections, People::all(options.crowd));
    let plan = Plan {
        gateway: address.clone(),
        sink: answers.then_some(sink_at),
        hooks,
        connections,
        people,
        visitors: 0,
        receipts: false,
    };
    load.tell(&plan).await?;
    load.hear::<Value>().await?;
    let mut others = vec![("floor", floor.usage())];
    others.extend(answers.then(|| ("sink", sink.usage())));
    let mut house = House { load, others, sent: 0 };
    let loaded = house.load(&Options { soak: 0, ..options.clone() }).await?;
    // The last answers are written after they have arrived.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rows: Value = serde_json::from_str(&reqwest::get(format!("http://{address}/rows")).await?.text().await?)?;
    let least = i64::try_from(house.sent)?;
    ensure!(rows["stored"].as_i64() >= Some(least), "{least} calls were acknowledged; the floor holds {rows}");
    ensure!(!answers || rows["answered"].as_i64() >= Some(least), "{least} answers arrived; the floor knows of {rows}");
    floor.stop().await?;
    house.load.stop().await?;
    sink.stop().await?;
    Ok(loaded)
}

pub async fn run_gateway(options: &Options) -> anyhow::Result<GatewayFigures> {
    let folder = options.fresh_folder()?;
    let mut stage = Stage::set(options, folder.path(), People::all(options.crowd)).await?;
    let loaded = stage.house.load(options).await?;
    stage.strike(loaded).await
}
