//! The run's processes: this program started again in another role, spoken to
//! in lines of JSON; and what the system tells about any of them.

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// One of our roles, running.
pub struct Role {
    child: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Role {
    pub fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("could not start `{}`", arguments.join(" ")))?;
        let (ask, answers) = (child.stdin.take().context("a pipe")?, child.stdout.take().context("a pipe")?);
        Ok(Self { child, ask, answers: BufReader::new(answers).lines() })
    }

    pub async fn tell(&mut self, what: &impl Serialize) -> anyhow::Result<()> {
        let line = serde_json::to_string(what)? + "\n";
        Ok(self.ask.write_all(line.as_bytes()).await?)
    }

    pub async fn hear<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let Some(line) = self.answers.next_line().await? else { bail!("a process of the benchmark ended early") };
        serde_json::from_str(&line).with_context(|| format!("`{line}` was not expected"))
    }

    pub fn usage(&self) -> Usage {
        Usage(self.child.id().unwrap_or_default())
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// One line to the parent.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub fn say(what: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(what)?);
    Ok(())
}

/// What the system knows of a process.
#[derive(Debug, Clone, Copy)]
pub struct Usage(pub u32);

impl Usage {
    /// Processor time so far, user and system.
    pub fn processor(self) -> anyhow::Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).context("the process is gone")?;
        let (_, fields) = text.rsplit_once(')').context("no stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        // Linux counts in hundredths of a second everywhere we run.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory now, in MiB.
    pub fn memory(self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most it was since [`Usage::forget_peak`], in MiB.
    pub fn peak_memory(self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    /// Starting takes memory that serving does not: count the peak from here on.
    pub fn forget_peak(self) -> anyhow::Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.0), "5").context("the peak of memory could not be reset")
    }

    fn status(self, name: &str) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0)).context("the process is gone")?;
        let line = text.lines().find(|line| line.starts_with(name)).context("no such line in /proc")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
        Ok(kib / 1024.0)
    }
}
