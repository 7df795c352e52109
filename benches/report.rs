//! The figures, for people and for files, with the goals beside them.

use crate::gateway::Gateway;
use crate::load::{ChannelOutcome, Spread};
use crate::run::{Loaded, Measured, Options};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

pub struct Figures {
    pub settings: Options,
    pub floor: Loaded,
    pub answering_floor: Loaded,
    pub gateway: GatewayFigures,
}

#[derive(Serialize)]
pub struct GatewayFigures {
    pub loaded: Loaded,
    /// MiB: after the start, and the most under load.
    pub idle_memory: f64,
    pub peak_memory: f64,
    pub audit: Audit,
}

/// What the gateway itself says went wrong.
#[derive(Serialize)]
pub struct Audit {
    pub dead_letters: usize,
    /// Threads that the bot handed to people: none of our questions should.
    pub handed_over: Value,
    pub warnings: usize,
    pub first_warnings: Vec<String>,
}

impl Audit {
    pub async fn of(gateway: &Gateway, log: &Path) -> anyhow::Result<Self> {
        let dead = gateway.get("/dead-letters").await?;
        let waiting = gateway.get("/threads/counts").await?;
        let warnings = warnings_of(log)?;
        Ok(Self {
            dead_letters: dead["items"].as_array().map_or(0, Vec::len),
            handed_over: waiting["waiting"].clone(),
            warnings: warnings.len(),
            first_warnings: warnings.into_iter().take(5).collect(),
        })
    }
}

/// A count to divide by.
pub fn per(count: usize) -> f64 {
    f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX))
}

/// What is aimed at, and what it came to.
#[derive(Serialize)]
pub struct Goal {
    name: &'static str,
    measured: f64,
    goal: String,
    met: bool,
}

impl Goal {
    pub fn at_most(name: &'static str, measured: f64, limit: f64) -> Self {
        Self { name, measured: rounded(measured), goal: format!("<= {limit}"), met: measured <= limit }
    }

    pub fn at_least(name: &'static str, measured: f64, limit: f64) -> Self {
        Self { name, measured: rounded(measured), goal: format!(">= {limit}"), met: measured >= limit }
    }
}

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

impl Figures {
    fn goals(&self) -> Vec<Goal> {
        let (own, floor) = (&self.gateway.loaded, &self.floor.saturated);
        let phases = [&own.saturated, &own.half];
        let count = |of: fn(&Measured) -> usize| per_or_zero(phases.into_iter().map(of).sum());
        let mut goals = vec![
            Goal::at_least("messages/s, saturated", own.saturated.outcome.rate(), 10_000.0),
            Goal::at_least("throughput, of the floor's", own.saturated.outcome.rate() / floor.outcome.rate(), 0.30),
            Goal::at_most("processor, ms a message", own.saturated.processor_ms["gateway"], 0.12),
            Goal::at_most("webhook p99 at half load, ms", own.half.outcome.hook_ms.p99, 20.0),
            Goal::at_most("reply p99 at half load, ms", own.half.outcome.reply_ms.p99, 50.0),
            Goal::at_most("memory idle, MiB", self.gateway.idle_memory, 60.0),
            Goal::at_most("memory at most, MiB", self.gateway.peak_memory, 150.0),
            Goal::at_most("messages lost", count(|phase| phase.outcome.lost), 0.0),
            Goal::at_most("messages answered twice", count(|phase| phase.outcome.doubled), 0.0),
        ];
        goals.extend(own.soak.as_ref().map(|soak| Goal::at_most("memory growth in the soak, MiB", growth(&soak.memory), 5.0)));
        goals
    }

    pub fn json(&self) -> Value {
        let (own, floor) = (&self.gateway.loaded.saturated, &self.floor.saturated);
        json!({
            "settings": self.settings,
            "processors": std::thread::available_parallelism().map_or(0, usize::from),
            "floor": self.floor,
            "answering_floor": self.answering_floor,
            "gateway": self.gateway,
            "of_the_floor": {
                "throughput": rounded(own.outcome.rate() / floor.outcome.rate()),
                "processor_ms": rounded(own.processor_ms["gateway"] / floor.processor_ms["floor"]),
                "webhook_p99_at_half_load":
                    rounded(self.gateway.loaded.half.outcome.hook_ms.p99 / self.floor.half.outcome.hook_ms.p99),
            },
            "of_the_floor_that_answers": {
                "throughput": rounded(own.outcome.rate() / self.answering_floor.saturated.outcome.rate()),
                "processor_ms": rounded(own.processor_ms["gateway"] / self.answering_floor.saturated.processor_ms["floor"]),
            },
            "goals": self.goals(),
        })
    }

    #[expect(clippy::print_stdout, reason = "what the benchmark is for")]
    pub fn print(&self) {
        let own = &self.gateway.loaded;
        head();
        line("floor, saturated", &self.floor.saturated);
        line("floor, half load", &self.floor.half);
        line("answers, saturated", &self.answering_floor.saturated);
        line("answers, half load", &self.answering_floor.half);
        line("gateway, saturated", &own.saturated);
        line("gateway, half load", &own.half);
        if let Some(soak) = &own.soak {
            line("gateway, soak", soak);
            println!("memory over the soak, MiB: {}", soak.memory.iter().map(|(_, mib)| format!("{mib} ")).collect::<String>());
        }
        println!("\nby channel, half load");
        by_channel(&own.half.outcome.channels);
        println!();
        print_goals(&self.goals());
        self.gateway.print_trouble();
    }
}

impl GatewayFigures {
    #[expect(clippy::print_stdout, reason = "what the benchmark is for")]
    pub fn print_trouble(&self) {
        let Audit { dead_letters, handed_over, warnings, first_warnings } = &self.audit;
        println!("\ndead letters {dead_letters}, threads handed over {handed_over}, warnings in the log {warnings}");
        first_warnings.iter().for_each(|line| println!("  {line}"));
        for (name, phase) in [("saturated", &self.loaded.saturated), ("half load", &self.loaded.half)] {
            let outcome = &phase.outcome;
            if outcome.lost + outcome.doubled + outcome.late + outcome.held_back > 0 || !outcome.refused.is_empty() {
                println!(
                    "{name}: lost {}, doubled {}, late {}, held back {}, refused by status {:?}",
                    outcome.lost, outcome.doubled, outcome.late, outcome.held_back, outcome.refused
                );
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "what the benchmark is for")]
pub fn print_goals(goals: &[Goal]) {
    println!("{:<32}{:>12}{:>12}", "", "measured", "goal");
    for goal in goals {
        println!("{:<32}{:>12}{:>12}   {}", goal.name, goal.measured, goal.goal, if goal.met { "met" } else { "NOT MET" });
    }
}

#[expect(clippy::print_stdout, reason = "what the benchmark is for")]
pub fn head() {
    let (hook, reply) = ("webhook p50/p99 ms", "reply p50/p99 ms");
    println!("{:<22}{:>12}{hook:>20}{reply:>20}    processor ms a message", "", "messages/s");
}

fn per_or_zero(count: usize) -> f64 {
    if count == 0 { 0.0 } else { per(count) }
}

#[expect(clippy::print_stdout, reason = "what the benchmark is for")]
pub fn line(name: &str, phase: &Measured) {
    let outcome = &phase.outcome;
    let spent: Vec<String> = phase.processor_ms.iter().map(|(name, spent)| format!("{name} {spent:.3}")).collect();
    println!(
        "{name:<22}{:>12.0}{:>20}{:>20}    {}",
        outcome.rate(),
        both(&outcome.hook_ms),
        both(&outcome.reply_ms),
        spent.join(", ")
    );
}

pub fn both(times: &Spread) -> String {
    if times.count == 0 {
        return "-".to_owned();
    }
    format!("{:.1} / {:.1}", times.p50, times.p99)
}

#[expect(clippy::print_stdout, reason = "what the benchmark is for")]
fn by_channel(channels: &BTreeMap<crate::channels::Channel, ChannelOutcome>) {
    for (channel, outcome) in channels {
        let replies = &outcome.reply_ms;
        let wrong = if outcome.lost + outcome.doubled == 0 {
            String::new()
        } else {
            format!("    lost {}, doubled {}", outcome.lost, outcome.doubled)
        };
        println!("  {:<20}{:>12}{:>20}{:>20}{wrong}", channel.name(), replies.count, both(&outcome.hook_ms), both(replies));
    }
}

pub fn write(folder: &Path, name: &str, figures: &Value) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    Ok(std::fs::write(folder.join(format!("{name}.json")), serde_json::to_string_pretty(figures)? + "\n")?)
}

/// How much more the last quarter of the samples shows than the second, when all is warm.
fn growth(memory: &[(f64, f64)]) -> f64 {
    let quarter = (memory.len() / 4).max(1);
    let mean = |samples: &[(f64, f64)]| samples.iter().map(|(_, mib)| mib).sum::<f64>() / per(samples.len());
    let second = memory.get(quarter..quarter * 2).unwrap_or_default();
    mean(&memory[memory.len().saturating_sub(quarter)..]) - mean(second)
}

/// The lines of a log that warn.
fn warnings_of(log: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(log)?;
    let wrong = |line: &&str| line.contains("WARN") || line.contains("ERROR") || line.contains("panicked");
    Ok(text.lines().filter(wrong).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_fills_once_is_no_growth_and_memory_that_creeps_is() {
        let samples = |of: fn(u32) -> f64| -> Vec<(f64, f64)> { (0..100).map(|at| (f64::from(at), of(at))).collect() };
        assert!(growth(&samples(|at| f64::from(at.min(20)))).abs() < 0.5);
        assert!((growth(&samples(f64::from)) - 50.0).abs() < 0.5);
        assert!(growth(&[]).abs() < 0.5);
    }
}
