//! The figures, for people and for files.

use crate::load::Phase;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

pub struct Figures {
    /// KiB.
    pub idle_memory: u64,
    pub loaded_memory: u64,
    pub saturated: Phase,
    pub half: Phase,
    /// Processor time that the gateway spent on the half-load phase.
    pub halves_cost: Duration,
}

fn percentile(times: &[Duration], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of a list"
    )]
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

fn phase(phase: &Phase) -> Value {
    let times = |times: &[Duration]| json!({ "p50": rounded(percentile(times, 0.5)), "p99": rounded(percentile(times, 0.99)) });
    json!({ "messages_per_second": rounded(phase.rate()), "answered": phase.replies.len(), "lost": phase.lost,
        "webhook_ms": times(&phase.hooks), "reply_ms": times(&phase.replies) })
}

impl Figures {
    fn json(&self) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let each = self.halves_cost.as_secs_f64() * 1000.0 / self.half.hooks.len().max(1) as f64;
        json!({
            "saturated": phase(&self.saturated), "half_load": phase(&self.half),
            "processor_ms_per_message": rounded(each),
            "memory_mib": { "idle": self.idle_memory / 1024, "peak": self.loaded_memory / 1024 },
        })
    }

    #[expect(clippy::print_stdout, reason = "what the benchmark is for")]
    pub fn print(&self) {
        let figures = self.json();
        for (name, title) in [("saturated", "saturated"), ("half_load", "half load")] {
            let phase = &figures[name];
            println!(
                "{title:<10} {:>8} messages/s   webhook p50 {} ms, p99 {} ms   reply p50 {} ms, p99 {} ms   lost {}",
                phase["messages_per_second"],
                phase["webhook_ms"]["p50"],
                phase["webhook_ms"]["p99"],
                phase["reply_ms"]["p50"],
                phase["reply_ms"]["p99"],
                phase["lost"]
            );
        }
        let (memory, cost) = (&figures["memory_mib"], &figures["processor_ms_per_message"]);
        println!("processor  {cost} ms a message   memory {} MiB idle, {} MiB at most", memory["idle"], memory["peak"]);
    }

    pub fn write(&self, folder: &Path, postgres: bool) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        let name = if postgres { "end-to-end-postgres.json" } else { "end-to-end-sqlite.json" };
        let text = serde_json::to_string_pretty(&self.json())?;
        Ok(std::fs::write(folder.join(name), text + "\n")?)
    }
}
