//! The processes of one part of a run, started and ended together, and what
//! each phase of load cost them.

use crate::gateway::{Gateway, Setup};
use crate::load::{Outcome, People, Phase, Plan};
use crate::process::{Role, Usage};
use crate::report::{self, Audit, GatewayFigures};
use crate::run::{Loaded, Measured, Options};
use anyhow::Context;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A gateway with all platforms around it.
pub struct Stage {
    pub gateway: Gateway,
    pub house: House,
    sink: Role,
    log: PathBuf,
    idle_memory: f64,
}

impl Stage {
    /// Start everything on this data directory, which is empty or an earlier gateway's.
    pub async fn set(options: &Options, folder: &Path, people: People) -> anyhow::Result<Self> {
        let folder = folder.canonicalize()?;
        let missing = || format!("there is no `{}`; build it first: make bench", options.binary.display());
        let (binary, log) = (options.binary.canonicalize().with_context(missing)?, folder.join("gateway.log"));
        let mut load = Role::start(&["load"])?;
        let mut sink = Role::start(&["sink", &said(&mut load, "socket").await?])?;
        let address = said(&mut sink, "address").await?;
        let setup = Setup { binary: &binary, database: options.database.as_deref(), folder: &folder, log: log.clone() };
        let gateway = Gateway::start(&setup).await?;
        let hooks = gateway.connect(&options.channels, &address).await?;
        // Threads that started the gateway give their memory back, and Discord identifies.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let idle_memory = gateway.usage().memory()?;
        let Options { connections, visitors, receipts, .. } = *options;
        let plan = Plan { gateway: gateway.address.clone(), sink: Some(address), hooks, connections, people, visitors, receipts };
        load.tell(&plan).await?;
        load.hear::<Value>().await?;
        gateway.usage().forget_peak()?;
        let house = House { load, others: vec![("gateway", gateway.usage()), ("sink", sink.usage())], sent: 0 };
        Ok(Self { gateway, house, sink, log, idle_memory })
    }

    /// End everything; `loaded` is what was measured meanwhile.
    pub async fn strike(self, loaded: Loaded) -> anyhow::Result<GatewayFigures> {
        let peak_memory = self.gateway.usage().peak_memory()?;
        let audit = Audit::of(&self.gateway, &self.log).await?;
        let idle_memory = self.idle_memory;
        self.close().await?;
        Ok(GatewayFigures { loaded, idle_memory, peak_memory, audit })
    }

    /// The gateway first, so that it can finish what it has begun.
    pub async fn close(self) -> anyhow::Result<()> {
        self.gateway.stop().await?;
        self.house.load.stop().await?;
        self.sink.stop().await
    }
}

/// A word that a process says first.
pub async fn said(role: &mut Role, name: &str) -> anyhow::Result<String> {
    let words: Value = role.hear().await?;
    Ok(words[name].as_str().with_context(|| format!("no `{name}` in {words}"))?.to_owned())
}

/// The processes of one part of the run. What is measured stands first among the others.
pub struct House {
    pub load: Role,
    pub others: Vec<(&'static str, Usage)>,
    /// Messages that were acknowledged so far.
    pub sent: usize,
}

impl House {
    pub async fn load(&mut self, options: &Options) -> anyhow::Result<Loaded> {
        let (at_once, seconds) = (options.customers, f64::from(options.seconds));
        self.phase(Phase::Introduce { rounds: 1, at_once, within: seconds }).await?;
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

    pub async fn phase(&mut self, phase: Phase) -> anyhow::Result<Measured> {
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
