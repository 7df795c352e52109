//! The same load on a database that is full already, and how long agents wait
//! for their lists there. The gateway itself fills it, by answering: so it is
//! exactly as the product writes it, and is made anew only when it is gone.

use crate::channels::name_of;
use crate::gateway::Gateway;
use crate::load::{People, Phase, Spread, spread};
use crate::report::{self, GatewayFigures};
use crate::run::{self, Measured, Options};
use crate::stage::Stage;
use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The last of the customers: threads of theirs are with people, so that no list is empty, and they
/// do not write any more.
const WITH_PEOPLE: u32 = 1000;
/// Longer than filling takes on any machine that is of use.
const FILLING: f64 = 3600.0;
const LOOKS: usize = 300;
/// Two runs of the same thing differ by so much.
const NOISE: f64 = 0.05;
/// Seconds that all looks take, and a little more.
const LOOKING: f64 = 12.0;

#[derive(Debug, Clone, Copy, clap::Args, Serialize)]
pub struct Stored {
    /// Customers who are stored, in equal shares on all channels but web chat.
    #[arg(long, default_value_t = 100_000)]
    stored_customers: u32,
    /// Messages that are stored: half of them theirs, half the bot's.
    #[arg(long, default_value_t = 1_000_000)]
    stored_messages: u32,
}

pub async fn run(options: &Options, stored: Stored) -> anyhow::Result<()> {
    ensure!(options.database.is_none(), "the large database is an SQLite file: leave out --database");
    ensure!(stored.stored_customers > WITH_PEOPLE, "more customers must be stored than {WITH_PEOPLE}");
    let full = fill(options, stored).await.context("filling a database")?;
    let empty = run::run_gateway(options).await.context("on an empty database")?;
    let known = stored.stored_customers - WITH_PEOPLE;
    let some = People { known, writing: options.crowd.min(known) };
    let (as_many, _) = on_a_copy(options, &full, some, false).await.context("as many writing as on the empty one")?;
    let (all, looks) = on_a_copy(options, &full, People::all(known), true).await.context("all of them writing")?;
    let figures = Figures { settings: options.clone(), stored, empty, as_many, all, looks };
    figures.print();
    report::write(&options.results, "large-sqlite", &figures.json())
}

/// What a copy of the full database makes of these people's messages; and how long looks at it take, if anybody looks.
async fn on_a_copy(options: &Options, full: &Path, people: People, looks: bool) -> anyhow::Result<(GatewayFigures, Looks)> {
    let folder = options.fresh_folder()?;
    copy(full, folder.path()).await?;
    let mut stage = Stage::set(options, folder.path(), people).await?;
    let mut seen = Looks::default();
    if looks {
        seen.quiet = look(&stage.gateway).await?;
    }
    let loaded = stage.house.load(options).await?;
    if looks {
        let (rate, seconds) = (loaded.half.outcome.rate(), LOOKING);
        (seen.half_load, _) = tokio::try_join!(look(&stage.gateway), stage.house.phase(Phase::Pace { rate, seconds }))?;
    }
    Ok((stage.strike(loaded).await?, seen))
}

/// The folder of a full database, made if it is not there.
async fn fill(options: &Options, stored: Stored) -> anyhow::Result<PathBuf> {
    let Stored { stored_customers, stored_messages } = stored;
    let full = options.work.join(format!("large-{stored_customers}-{stored_messages}"));
    if full.exists() {
        return Ok(full);
    }
    let folder = options.fresh_folder()?;
    let writing = Options { visitors: 0, ..options.clone() };
    let mut stage = Stage::set(&writing, folder.path(), People::all(stored_customers)).await?;
    let rounds = (stored_messages / 2).div_ceil(stored_customers) as usize;
    let done = stage.house.phase(Phase::Introduce { rounds, at_once: options.customers, within: FILLING }).await?.outcome;
    ensure!(done.answered == rounds * stored_customers as usize, "not all were answered: {done:?}");
    let newcomers = stored_customers - WITH_PEOPLE..stored_customers;
    give_to_people(&stage.gateway, newcomers).await?;
    stage.close().await?;
    // Only a whole one gets the name.
    let part = options.work.join("large.part");
    copy(folder.path(), &part).await?;
    std::fs::rename(&part, &full)?;
    Ok(full)
}

/// One after the other is assigned to us or waits in the queue.
async fn give_to_people(gateway: &Gateway, customers: std::ops::Range<u32>) -> anyhow::Result<()> {
    let names: Vec<String> = customers.map(name_of).collect();
    let threads = threads(gateway, 20).await?;
    let theirs =
        threads.iter().filter(|thread| thread["customer"]["name"].as_str().is_some_and(|name| names.iter().any(|n| n == name)));
    for (number, thread) in theirs.enumerate() {
        let path = format!("/threads/{}", thread["id"].as_str().context("a thread has an id")?);
        gateway.post(&format!("{path}/take"), &Value::Null).await?;
        if number % 2 == 0 {
            gateway.post(&format!("{path}/release"), &Value::Null).await?;
        }
    }
    Ok(())
}

/// The threads on so many pages, latest first.
async fn threads(gateway: &Gateway, pages: usize) -> anyhow::Result<Vec<Value>> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..pages {
        let page = gateway.get(&format!("/threads?view=all&limit=100{cursor}")).await?;
        found.extend(page["items"].as_array().into_iter().flatten().cloned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    Ok(found)
}

async fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    let copied = tokio::process::Command::new("cp").arg("-r").arg(from.join(".")).arg(to).status().await?;
    ensure!(copied.success(), "`{}` could not be copied", from.display());
    Ok(())
}

/// How long lists and threads take, in milliseconds, looked at one after the other.
async fn look(gateway: &Gateway) -> anyhow::Result<BTreeMap<String, Spread>> {
    let known = threads(gateway, 50).await?;
    let mut looks = BTreeMap::new();
    for view in ["waiting", "mine", "bot", "all"] {
        let first = format!("/threads?view={view}");
        let next = gateway.get(&first).await?["next"].as_str().map(|next| format!("{first}&cursor={next}"));
        let paths = [Some(first.clone()), next].into_iter().flatten().cycle().take(LOOKS);
        looks.insert(format!("threads, {view}"), time(gateway, paths).await?);
    }
    let some = known.iter().step_by((known.len() / LOOKS).max(1));
    let pages = some.filter_map(|thread| Some(format!("/threads/{}/messages", thread["id"].as_str()?)));
    looks.insert("a thread's messages".to_owned(), time(gateway, pages).await?);
    Ok(looks)
}

async fn time(gateway: &Gateway, paths: impl Iterator<Item = String>) -> anyhow::Result<Spread> {
    let mut times = Vec::new();
    for path in paths {
        let began = Instant::now();
        gateway.fetch(&path).await?;
        times.push(u32::try_from(began.elapsed().as_micros())?);
        // As a person would look: not as fast as the machine can.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(spread(times))
}

/// What agents wait, while nobody writes and at half load.
#[derive(Default, Serialize)]
struct Looks {
    quiet: BTreeMap<String, Spread>,
    half_load: BTreeMap<String, Spread>,
}

struct Figures {
    settings: Options,
    stored: Stored,
    empty: GatewayFigures,
    /// The full one, where as many customers write as on the empty one, none of them neighbours.
    as_many: GatewayFigures,
    /// The full one, where all customers write in turn.
    all: GatewayFigures,
    looks: Looks,
}

impl Figures {
    fn of_empty(&self, full: &GatewayFigures) -> f64 {
        let rate = |figures: &GatewayFigures| figures.loaded.saturated.outcome.rate();
        rate(full) / rate(&self.empty)
    }

    fn slowest(looks: &BTreeMap<String, Spread>) -> f64 {
        looks.values().map(|look| look.p99).fold(0.0, f64::max)
    }

    fn json(&self) -> Value {
        let of_empty = |full| (self.of_empty(full) * 1000.0).round() / 1000.0;
        json!({
            "settings": self.settings, "stored": self.stored, "empty": self.empty,
            "full_as_many_writing": self.as_many, "full_all_writing": self.all, "looks_ms": self.looks,
            "throughput_of_empty": { "as_many_writing": of_empty(&self.as_many), "all_writing": of_empty(&self.all) },
        })
    }

    #[expect(clippy::print_stdout, reason = "what the benchmark is for")]
    fn print(&self) {
        report::head();
        let phases: [(&str, &Measured); 6] = [
            ("empty, saturated", &self.empty.loaded.saturated),
            ("empty, half load", &self.empty.loaded.half),
            ("full, saturated", &self.as_many.loaded.saturated),
            ("full, half load", &self.as_many.loaded.half),
            ("full, all, saturated", &self.all.loaded.saturated),
            ("full, all, half load", &self.all.loaded.half),
        ];
        phases.iter().for_each(|(name, phase)| report::line(name, phase));
        println!("\n{:<32}{:>20}{:>20}", "an agent's look, p50/p99 ms", "nobody writes", "half load");
        for (name, quiet) in &self.looks.quiet {
            println!(
                "{name:<32}{:>20}{:>20}",
                report::both(quiet),
                self.looks.half_load.get(name).map(report::both).unwrap_or_default()
            );
        }
        println!();
        let memory = self.as_many.peak_memory.max(self.all.peak_memory);
        report::print_goals(&[
            report::Goal::at_least("throughput, of an empty one's", self.of_empty(&self.as_many), 1.0 - NOISE),
            report::Goal::at_least("the same, all writing in turn", self.of_empty(&self.all), 1.0 - NOISE),
            report::Goal::at_most("slowest look, quiet, p99 ms", Self::slowest(&self.looks.quiet), 10.0),
            report::Goal::at_most("slowest look, half load, p99 ms", Self::slowest(&self.looks.half_load), 10.0),
            report::Goal::at_most("memory at most, MiB", memory, 150.0),
        ]);
        self.as_many.print_trouble();
        self.all.print_trouble();
    }
}
